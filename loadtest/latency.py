"""The latency benchmark: from a CDR to the payment command that it leads to, at half load.

`python -m loadtest.latency` is what `make bench-latency` runs. It finds how much this machine can
charge with all that the run needs on it: the worker alone on CDRs that are there first, then again
while the generator sends so many (`capacity_per_s`). Half of that is sent by a schedule
(`open_loop`), and tenants are followed whose one call takes them below their trigger (probes).
Three clocks, all from when the call was due:

1. until the broker has acknowledged it: the generator's own health; when it is late, the run is
   not valid, and says so;
2. until its threshold event can be read, committed; its ledger entry is part of the same commit;
3. until its payment command can be read, committed.

The last line is one JSON object. Exit code 0: the run is valid and every probe came, whatever the
latency; `goal_met` tells whether it is good. `cores_used.machine` counts everybody: where it comes
near `cores`, the latencies are those of a machine without idle time.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import msgspec

from loadtest import stage
from loadtest.broker import ROOT, RunningBroker, running_broker
from loadtest.clocks import Timing, judge, timings
from loadtest.drive import by_topic, publish_cdrs, publish_commands
from loadtest.generate import Workload
from loadtest.monitor import Monitor, Sample
from loadtest.open_loop import BEGUN, FUNDED_CDRS, Load, Sent, arguments_of
from loadtest.plan import Plan
from loadtest.progress import say
from loadtest.rater_command import CommandError, now_ms
from loadtest.route import Workers, both_workers
from loadtest.sampling import Group, sample, speed, steady
from loadtest.sightings import seeing
from loadtest.watch import LateError, Watch, watching
from topics.catalog import BALANCE_EVENTS, CDR_RAW
from topics.numerals import decimal_number, whole_number
from topics.roles import RECHARGE_APP

PRELOADED = 400_000
OFFERED_S = 12.0
_LEFT_OUT = 0.2
"""At either end of the time in which it is offered."""
SET_UP_TIMEOUT_S = 120.0
CAPACITY_TIMEOUT_S = 300.0
PROBES_TIMEOUT_S = 30.0

Results = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Measured:
    """The results, what was seen meanwhile, and the clocks of every probe."""

    results: Results
    measured_from_s: float
    """When the warm-up was over, seconds since 1970 UTC."""
    samples: list[Sample]
    timings: list[Timing]


async def measure(load: Load, share: float = 0.5) -> Measured:
    """Measure everything; return what was found. A rate of 0: that share of what the machine can do."""
    with running_broker("latency") as broker:
        say(f"1. {load.tenants:,} accounts that make the load, and the probes'")
        stage.create_topics(broker.bootstrap)
        stage.load_deck(broker.bootstrap, _population(load))
        async with watching(broker.bootstrap) as watch:
            await stage.refuse_used(watch, broker.bootstrap)
            load = replace(load, partitions=len(await watch.ends(CDR_RAW.name)))
            with both_workers(broker) as workers:
                await _open_accounts(broker, load, watch, workers)
                capacity: Results = {}
                if not load.rate_per_s:
                    alone_per_s = await _alone(broker, load, watch, workers)
                    capacity = await _capacity(broker, load, watch, workers, alone_per_s)
                    load = replace(load, rate_per_s=capacity["capacity_per_s"] * share)
                found = await _at_load(broker, load, watch, workers)
                return replace(found, results={**found.results, **capacity})


async def _at_load(broker: RunningBroker, load: Load, watch: Watch, workers: Workers) -> Measured:
    """Send by the schedule, and see when what follows can be read."""
    say(f"4. {load.rate_per_s:,.0f} CDRs/s for {load.length_s:.0f} s, by the schedule")
    pids = workers.pids() | {"broker": broker.pid}
    async with seeing(broker.bootstrap) as sightings, Monitor(watch, pids) as monitor:
        async with _sender(broker, load) as sender:
            before = workers.cpu_s()
            sent = await _sent(sender)
            after = workers.cpu_s()
        workers.check()
        lag = await _lag(watch)
        say(f"   sent; {lag:,} CDRs are not charged yet; waiting for the last probes")
        tenants = [probe.tenant_id for probe in sent.probes]
        await sightings.until(tenants, PROBES_TIMEOUT_S, workers.check)
    used = {name: (after[name] - before[name]) / load.length_s for name in after}
    results = {
        **judge(load, sent, sightings),
        "lag_at_end": lag,
        "cores_used": {name: round(each, 2) for name, each in used.items()},
    }
    from_s = time.time() - time.monotonic() + sent.began_s + load.warm_up_s
    return Measured(results, from_s, monitor.samples, timings(load, sent, sightings))


def _population(load: Load) -> Plan:
    """Return the plan of the accounts that make the load, funded for a long run."""
    return Plan.clean(
        start_ms=load.start_ms, seed=load.seed, tenants=load.tenants, cdrs=FUNDED_CDRS
    )


async def _open_accounts(broker: RunningBroker, load: Load, watch: Watch, workers: Workers) -> None:
    """Open the accounts of load and probes, and wait until recharge knows them."""
    taken = stage.taking(watch, workers.check)
    await publish_commands(broker.bootstrap, by_topic(load.probes().commands()), taken)
    workload = Workload(_population(load), stage.SAMPLE_DECK, load.partitions)
    await stage.open_accounts(broker.bootstrap, workload, watch, workers.charging)
    async with watching(broker.bootstrap, RECHARGE_APP) as recharge:
        await recharge.until_done(
            BALANCE_EVENTS.name, timeout_s=SET_UP_TIMEOUT_S, alive=workers.check
        )


async def _alone(broker: RunningBroker, load: Load, watch: Watch, workers: Workers) -> float:
    """Let the worker charge what is there already; return CDRs per second in steady state."""
    say(f"2. what one worker can do: {PRELOADED:,} CDRs that are there before it starts")
    workers.charging.stop()
    begun = sum((await watch.committed(CDR_RAW.name)).values())
    # Another start: the same calls would be duplicates in the run that follows.
    plan = replace(_population(load), start_ms=load.start_ms - 1_000, cdrs=PRELOADED)
    await publish_cdrs(broker.bootstrap, Workload(plan, stage.SAMPLE_DECK, load.partitions))
    workers.charging.start()
    group = Group([workers.charging], 1, broker.pid)
    samples = await sample(watch, group, CDR_RAW.name, begun=begun, timeout_s=CAPACITY_TIMEOUT_S)
    measured = speed(steady(samples))
    say(f"   {measured.per_s:,.0f} CDRs/s, {measured.cpu_us:.1f} us of CPU each")
    return measured.per_s


async def _capacity(
    broker: RunningBroker, load: Load, watch: Watch, workers: Workers, per_s: float
) -> Results:
    """Offer what the worker did alone, by the generator; return what is charged meanwhile.

    Generator, broker and workers share the machine as they will at half load. What is offered may
    be too much, and what has not been charged in the end is waited for.
    """
    say(f"3. what it can do beside the generator: {per_s:,.0f} CDRs/s offered")
    start_ms = load.start_ms - 2_000
    offered = replace(
        load,
        start_ms=start_ms,
        rate_per_s=per_s,
        warm_up_s=0.0,
        seconds=OFFERED_S,
        probes_per_s=0.0,
    )
    async with _sender(broker, offered) as sender:
        await asyncio.sleep(OFFERED_S * _LEFT_OUT)
        before, begun, began_s = workers.cpu_s(), await _charged(watch), time.monotonic()
        await asyncio.sleep(OFFERED_S * (1 - 2 * _LEFT_OUT))
        after, done, took_s = workers.cpu_s(), await _charged(watch), time.monotonic() - began_s
        await _sent(sender)
    await watch.until_done(CDR_RAW.name, timeout_s=CAPACITY_TIMEOUT_S, alive=workers.charging.check)
    found_per_s = (done - begun) / took_s
    used = {name: round((after[name] - before[name]) / took_s, 2) for name in after}
    say(f"   {found_per_s:,.0f} CDRs/s; cores used: {used}")
    return {
        "alone_per_s": round(per_s),
        "capacity_per_s": round(found_per_s),
        "capacity_cores_used": used,
    }


async def _charged(watch: Watch) -> int:
    """Return how many CDRs the worker has committed."""
    return sum((await watch.committed(CDR_RAW.name)).values())


@asynccontextmanager
async def _sender(broker: RunningBroker, load: Load) -> AsyncIterator[Process]:
    """Give the process that sends the load, once its schedule has begun."""
    sender = await asyncio.create_subprocess_exec(
        *arguments_of(broker.bootstrap, load), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert sender.stdout is not None
        if (await sender.stdout.readline()).decode().strip() != BEGUN:
            raise CommandError(f"the generator ended with exit code {await sender.wait()}")
        yield sender
    finally:
        if sender.returncode is None:
            sender.kill()
            await sender.wait()


async def _sent(sender: Process) -> Sent:
    """Wait until everything is sent; return what that was."""
    said, _ = await sender.communicate()
    if sender.returncode:
        raise CommandError(f"the generator ended with exit code {sender.returncode}")
    return msgspec.json.decode(said, type=Sent)


async def _lag(watch: Watch) -> int:
    """Return how many CDRs are not charged yet; transaction markers count for none."""
    ends = await watch.ends(CDR_RAW.name)
    committed = await watch.committed(CDR_RAW.name)
    return sum(max(end - committed.get(part, 0), 0) for part, end in ends.items())


def _circumstances(load: Load) -> Results:
    return {
        "seconds": load.seconds,
        "warm_up_s": load.warm_up_s,
        "tenants": load.tenants,
        "seed": load.seed,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "faust": version("faust-streaming"),
        "aiokafka": version("aiokafka"),
    }


def _table(results: Results) -> None:
    say()
    for name, value in results.items():
        say(f"{name:<20} {_told(value)}")
    say()


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return "  ".join(f"{name} {number:,}" for name, number in value.items())
    return f"{value:,}" if type(value) in {int, float} else str(value)


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.latency", description=__doc__)
    parser.add_argument(
        "--rate", type=decimal_number, default=0.0, help="CDRs/s; else half the capacity"
    )
    parser.add_argument("--seconds", type=decimal_number, default=30.0)
    parser.add_argument("--warm-up", type=decimal_number, default=10.0, help="seconds before them")
    parser.add_argument("--probes", type=decimal_number, default=20.0, help="probes a second")
    parser.add_argument("--tenants", type=whole_number, default=1_000)
    parser.add_argument("--seed", type=whole_number, default=1)
    asked = parser.parse_args(arguments)
    load = Load(
        start_ms=now_ms(),
        rate_per_s=asked.rate,
        seconds=asked.seconds,
        warm_up_s=asked.warm_up,
        probes_per_s=asked.probes,
        tenants=asked.tenants,
        seed=asked.seed,
    )
    try:
        results = {**asyncio.run(measure(load)).results, **_circumstances(load)}
    except (CommandError, LateError) as error:
        say(f"failed: {error}")
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        say("stopped; nothing is left running")
        return 130
    _table(results)
    say(json.dumps(results))
    return 0 if results["valid"] and not results["missing"] else 1


if __name__ == "__main__":
    sys.exit(main())
