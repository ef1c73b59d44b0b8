"""The play: calls of many tenants and of those who run low, while deeds are done; then everything is judged.

Judged by four that share no rules with what they judge: `rater reconcile`, the load test's own rater, the provider's
book of captures, and the mail server's mailbox.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from aiokafka.errors import KafkaError

from loadtest import oracle, stage
from loadtest.accounts import encode
from loadtest.circle import truth
from loadtest.circle.cast import ROUGH, Cast
from loadtest.circle.quiet import until_quiet
from loadtest.circle.services import NAMES, circle
from loadtest.drive import by_topic, publish, publish_commands
from loadtest.generate import Workload
from loadtest.observe import ports as listening
from loadtest.observe.services import ready
from loadtest.plan import Plan
from loadtest.rater_command import now_ms
from tests.chaos.deeds import SESSION_S, Doer, Done
from tests.e2e.charging_stage import reconciled
from tests.e2e.circle_stage import DELIVERIES, QUIET_S, settled
from topics import catalog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.kafka.broker import Broker
    from loadtest.accounts import Record
    from loadtest.circle.services import Circle
    from tests.chaos.schedule import Deed

LEAPS_S = (3_900, 45_000, 49_000, 60_000, 75_000)
"""How far the clock is set forward in the end: past the retries of a payment, and past the last silence."""
_LEAPS_MIN = 2
_TIMERS_S = 3.0
"""Timers look every second."""
_FED_EVERY_S = 0.25
_DRAINED_EVERY = 16
"""Slices of calls between two moments at which tenants run low again."""
_DRAINED_MICROS = -150_000_000


@dataclass(frozen=True, slots=True)
class Size:
    """How much is played beside the deeds."""

    tenants: int = 60
    """That run low, again and again."""
    load_tenants: int = 50
    cdrs_per_s: int = 200
    """Of tenants that make a load, with plans and users; each account is held against what the generator expects."""
    cdrs: int = 30_000
    """As many at the most; when the last deed is done no more are sent."""


@dataclass(slots=True)
class Played:
    """What was done, and what is wrong."""

    done: Done
    problems: list[str]
    cdrs: int
    captures: int
    mails: int
    entries: int
    restarted: int
    """Services that ended by themselves, such as one that was fenced, and were started anew."""


class _Feeder:
    """Sends calls and lets tenants run low, until it is told to stop."""

    def __init__(self, bootstrap: str, size: Size, cast: Cast, calls: Iterator[Record]) -> None:
        self.sent = 0
        self._bootstrap = bootstrap
        self._size = size
        self._cast = cast
        self._calls = calls
        self._is_ending = asyncio.Event()

    async def run(self) -> None:
        slices = 0
        count = max(int(self._size.cdrs_per_s * _FED_EVERY_S), 1)
        while not self._is_ending.is_set():
            some = list(islice(self._calls, count))
            self.sent += len(some)
            await self._send(catalog.CDR_RAW.name, some)
            if slices % _DRAINED_EVERY == 0:
                orders = list(self._drained(slices // _DRAINED_EVERY))
                await self._send(catalog.ACCOUNT_COMMANDS.name, orders)
            slices += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._is_ending.wait(), _FED_EVERY_S)

    async def _send(self, topic: str, records: list[Record]) -> None:
        """Send records; where the broker is gone, all of them again: what was written before is a duplicate."""
        while True:
            try:
                await publish(self._bootstrap, topic, records, len(records))
            except KafkaError:
                await asyncio.sleep(_FED_EVERY_S)
            else:
                return

    def stop(self) -> None:
        self._is_ending.set()

    def _drained(self, number: int) -> Iterator[Record]:
        """Take from a third of the tenants what they were given: they run low again."""
        for (partition, key, _), name in zip(self._cast.calls(), self._cast.names(), strict=True):
            if int(name[-4:]) % 3 == number % 3:
                order: dict[str, object] = {
                    "type": "adjust",
                    "command_id": f"{name}-drain-{number}",
                    "tenant_id": name,
                    "amount_micros": _DRAINED_MICROS,
                    "currency": "USD",
                    "reason": "spent elsewhere",
                }
                yield partition, key, encode(order)


async def perform(
    broker: Broker, folder: Path, deeds: Sequence[Deed], size: Size, seed: int
) -> Played:
    """Play on a broker that was started and is empty; return what was done and what is wrong."""
    bootstrap = broker.bootstrap
    plan = Plan(
        start_ms=now_ms(),
        seed=seed,
        tenants=size.load_tenants,
        cdrs=size.cdrs,
        plans="drawn",
        users=2,
    )
    stage.create_topics(bootstrap)
    stage.load_deck(bootstrap, plan)
    stage.load_plans(bootstrap, plan)
    cast, workload = Cast(size.tenants, plan.start_ms, ROUGH), Workload(plan, stage.SAMPLE_DECK)
    ports = listening.free(NAMES)
    with circle(bootstrap, folder, session_timeout_s=SESSION_S, metrics_ports=ports) as played:
        await ready(played.services, ports)
        await publish_commands(
            bootstrap,
            by_topic([*cast.commands(), *workload.commands()]),
            lambda _: until_quiet(bootstrap, timeout_s=QUIET_S, alive=played.check),
        )
        feeder = _Feeder(bootstrap, size, cast, workload.cdrs())
        calls = list(cast.calls())
        await publish(bootstrap, catalog.CDR_RAW.name, calls, len(calls))
        doer = Doer(played, broker, ports)
        async with asyncio.TaskGroup() as group:
            group.create_task(feeder.run())
            try:
                for deed in deeds:
                    await doer.do(deed)
            finally:
                feeder.stop()
        evidence = await _ended(played, ports)
        restarted = len(played.ended)
    return await _judged(
        played, workload, Played(doer.done, [], feeder.sent, 0, 0, 0, restarted), evidence
    )


async def _ended(played: Circle, ports: dict[str, int]) -> truth.Evidence:
    """Wake up hours later, again and again, until every payment has its result; not for ever."""
    await until_quiet(played.bootstrap, timeout_s=QUIET_S, alive=played.supervise)
    for number, ahead_s in enumerate(LEAPS_S, 1):
        played.set_clock(ahead_s)
        for name in NAMES:
            played.restart(name, in_order=True)
        await ready(played.services, ports)
        await asyncio.sleep(_TIMERS_S)
        evidence = await settled(played, played.supervise)
        # A leap wakes who was silent: their payments may want another.
        if number >= _LEAPS_MIN and not truth.open_commands(evidence):
            break
    return evidence


async def _judged(
    played: Circle, workload: Workload, found: Played, evidence: truth.Evidence
) -> Played:
    bootstrap = played.bootstrap
    doubtful = (found.done.kills["notifier"] + found.restarted) * DELIVERIES
    problems = truth.problems(evidence, doubtful_mails=doubtful)
    problems += [f"{each}: has no result" for each in truth.open_commands(evidence)]
    folds = await oracle.fold_topic(bootstrap)
    ours = {each.tenant_id for each in workload.population.tenants}
    mine = {name: fold for name, fold in folds.items() if name in ours}
    problems += oracle.compare_with_plan(mine, workload.expected)
    problems += [f"reconciler: {each}" for each in await reconciled(bootstrap)]
    found.problems = problems
    found.captures = len(evidence.captures)
    found.mails = len(evidence.mails)
    found.entries = sum(each.entries for each in folds.values())
    return found
