"""The open loop: CDRs sent by a schedule that nothing holds up, from a process of its own.

`python -m loadtest.open_loop BROKER LOAD` (LOAD: a `Load` as JSON) prints a line when all records
are made and the schedule begins, then one JSON line, a `Sent`.

CDR number i is due `i / rate` after the start, whatever became of those before it. A producer that
cannot keep up sends late what was due, and shifts nothing: a latency counted from when a record was
due shows the queue in front of the producer, too (no coordinated omission). Times are those of the
monotonic clock, which all processes of a machine share.
"""

import asyncio
import gc
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from random import Random

import msgspec
import uvloop

from loadtest import clients
from loadtest.accounts import Record
from loadtest.circle.cast import SIMPLE, Cast
from loadtest.generate import Workload
from loadtest.outlet import BATCH_BYTES, Outlet
from loadtest.plan import Plan
from loadtest.stage import SAMPLE_DECK
from topics.catalog import CDR_RAW
from topics.roles import CALL_PLATFORM

LINGER_S = 0.005
"""What is due is sent so often: a platform's producer lingers, too."""
FUNDED_CDRS = 1_000_000
"""The lots of the tenants that make the load are sized for so many calls."""
BEGUN = "begun"
_START_IN_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is sent, and when: plain calls of many tenants, and each probe's one call.

    A probe is a tenant just above its trigger, whom its call takes below.
    """

    start_ms: int
    """The calls end shortly before this instant; milliseconds since 1970 UTC."""
    rate_per_s: float
    seconds: float
    warm_up_s: float = 5.0
    probes_per_s: float = 20.0
    tenants: int = 1_000
    seed: int = 1
    partitions: int = 8

    @property
    def length_s(self) -> float:
        """How long it sends, warm-up included."""
        return self.warm_up_s + self.seconds

    def workload(self) -> Workload:
        """Return the traffic that makes the load."""
        cdrs = int(self.rate_per_s * self.length_s)
        plan = Plan.clean(start_ms=self.start_ms, seed=self.seed, tenants=self.tenants, cdrs=cdrs)
        return Workload(plan, SAMPLE_DECK, self.partitions)

    def probes(self) -> Cast:
        """Return the tenants that are recharged."""
        count = int(self.probes_per_s * self.length_s)
        return Cast(count, self.start_ms, (SIMPLE,), self.partitions, prefix="probe")

    def probes_due_s(self) -> list[float]:
        """Return when each probe's call is due, in seconds after the start.

        One in each slot of equal length, at a drawn moment: a fixed beat would fall in step with
        the beats of producer, consumers and timers.
        """
        random = Random(f"probes {self.seed}")
        count = int(self.probes_per_s * self.length_s)
        return [(slot + random.random()) / self.probes_per_s for slot in range(count)]


class Probe(msgspec.Struct, frozen=True):
    """A probe's call: when it was due and when it was acknowledged, seconds of the clock."""

    tenant_id: str
    due_s: float
    produced_s: float


class Sent(msgspec.Struct, kw_only=True):
    """What was sent."""

    began_s: float
    records: int = 0
    """Acknowledged in all."""
    measured: int = 0
    """Acknowledged between the end of the warm-up and the end of the schedule."""
    probes: list[Probe] = []


class _Counting:
    """Counts in `sent` what has been acknowledged by all replicas; a note is a probe, and when it was due."""

    def __init__(self, load: Load, sent: Sent) -> None:
        self._measured_from_s = sent.began_s + load.warm_up_s
        self._measured_to_s = sent.began_s + load.length_s
        self._sent = sent

    def took(self, records: int, probes: list[tuple[str, float]]) -> None:
        """Take a batch that was written."""
        now_s = time.monotonic()
        sent = self._sent
        sent.records += records
        if self._measured_from_s <= now_s < self._measured_to_s:
            sent.measured += records
        sent.probes += [Probe(tenant_id, due_s, now_s) for tenant_id, due_s in probes]


async def send(bootstrap: str, load: Load) -> Sent:
    """Make all records, then send them by the schedule; return what was sent."""
    records = list(load.workload().cdrs())
    cast = load.probes()
    probes = list(zip(load.probes_due_s(), cast.names(), cast.calls(), strict=True))
    # Half a million records live until the end: no collector should walk over them meanwhile.
    gc.collect()
    gc.freeze()
    gc.disable()
    producer = clients.producer(bootstrap, CALL_PLATFORM, linger_ms=0, max_batch_size=BATCH_BYTES)
    try:
        await producer.start()
        sent = Sent(began_s=time.monotonic() + _START_IN_S)
        _print(BEGUN)
        # Nothing holds up the schedule.
        took = _Counting(load, sent).took
        outlet = Outlet(producer, CDR_RAW.name, took, underway_max=None)
        await _by_schedule(outlet, sent.began_s, load.rate_per_s, iter(records), iter(probes))
        await outlet.finish()
    finally:
        await producer.stop()
    return sent


async def _by_schedule(
    outlet: Outlet,
    began_s: float,
    rate_per_s: float,
    records: Iterator[Record],
    probes: Iterator[tuple[float, str, Record]],
) -> None:
    """Send what is due, again and again, until nothing is left."""
    sent = 0
    record = next(records, None)
    probe = next(probes, None)
    beat = 0
    while record is not None or probe is not None:
        beat += 1
        await asyncio.sleep(began_s + beat * LINGER_S - time.monotonic())
        elapsed_s = time.monotonic() - began_s
        while record is not None and sent <= elapsed_s * rate_per_s:
            await outlet.add(*record)
            sent += 1
            record = next(records, None)
        while probe is not None and probe[0] <= elapsed_s:
            due_s, tenant_id, call = probe
            await outlet.add(*call, (tenant_id, began_s + due_s))
            probe = next(probes, None)
        await outlet.flush()


def arguments_of(bootstrap: str, load: Load) -> list[str]:
    """Return the command that sends a load from a process of its own."""
    encoded = msgspec.json.encode(asdict(load)).decode()
    return [sys.executable, "-m", "loadtest.open_loop", bootstrap, encoded]


def main(arguments: list[str]) -> int:
    """Send, and print what was sent as JSON; return the exit code."""
    bootstrap, encoded = arguments
    sent = uvloop.run(send(bootstrap, msgspec.json.decode(encoded, type=Load)))
    _print(msgspec.json.encode(sent).decode())
    return 0


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
