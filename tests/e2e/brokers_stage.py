"""The stage of three brokers: all services on them under load, a trouble meanwhile, and the judgement of everybody.

Charging is judged by what the generator expected and by the reconciler, payments by the provider's book, letters by the
mail server's mailbox (`circle_stage.judge`).
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loadtest.circle.cast import DEMO, Cast
from loadtest.circle.quiet import until_quiet
from loadtest.circle.services import NAMES, circle
from loadtest.drive import by_topic, publish_commands
from loadtest.oracle import compare_outcomes, compare_with_plan, fold_topic
from loadtest.rater_command import now_ms
from tests.e2e.broker import admin
from tests.e2e.charging_books import read_books
from tests.e2e.charging_play import Play
from tests.e2e.charging_stage import flow, reconciled, standstill_s
from tests.e2e.circle_stage import QUIET_S, Played, send, settled
from topics import catalog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from deploy.kafka.cluster import Cluster
    from loadtest.circle.services import Circle

    Trouble = Callable[["Stage"], Awaitable[None]]

ROOT = Path(__file__).resolve().parents[2]
TRANSACTIONS = "__transaction_state"
WHOLE_S = 180.0
SERVING_S = 120.0


@dataclass
class Stage:
    """What runs, and what was done to it."""

    cluster: Cluster
    circle: Circle
    load: asyncio.Future[Any]
    """What publishes; whatever is done is done while it does."""
    moments: list[tuple[str, float, float]] = field(default_factory=list)
    """What, from when, until when; seconds since 1970."""

    @contextmanager
    def moment(self, what: str) -> Iterator[None]:
        """Note when something was done, under load."""
        assert not self.load.done(), f"the load was over: {what}"
        begin = time.time()
        yield
        self.moments.append((what, begin, time.time()))
        self.circle.supervise()

    async def leaders(self, topic: str | None = None) -> list[int]:
        """Return the numbers of the brokers, that which leads most partitions first; None: of all topics."""
        async with admin(self.cluster.bootstrap) as client:
            described = await client.describe_topics([topic] if topic else None)
        counts = Counter(part["leader"] for each in described for part in each["partitions"])
        return [node for node, _ in counts.most_common()]

    async def whole(self) -> None:
        """Wait until every copy of every partition has all that it must."""
        deadline = time.monotonic() + WHOLE_S
        async with admin(self.cluster.bootstrap) as client:
            while behind := _behind(await client.describe_topics()):
                assert time.monotonic() < deadline, f"copies behind: {behind[:5]}"
                await asyncio.sleep(0.2)

    async def kill(self, node: int, away_s: float) -> None:
        """Kill a broker as an operator would who tries it, and start it again after a while."""
        with self.moment(f"broker {node} killed"):
            await asyncio.to_thread(_tool, "kill9", "--instance", f"{self._name}-{node}")
            await asyncio.sleep(away_s)
        with self.moment(f"broker {node} back"):
            await asyncio.to_thread(self.cluster.broker(node).start)
            await self.whole()

    async def roll_brokers(self) -> None:
        """Stop and start each broker in order, the next when all copies are whole."""
        for broker in self.cluster.brokers:
            with self.moment(f"broker {broker.node} restarted"):
                await asyncio.to_thread(broker.restart)
                await self.whole()

    async def roll_services(self) -> None:
        """Stop and start each service in order, the next when it serves."""
        for name in NAMES:
            with self.moment(f"{name} restarted"):
                await asyncio.to_thread(self.circle.restart, name, in_order=True)
                await _serving(self.circle, name)

    @property
    def _name(self) -> str:
        member = self.cluster.brokers[0].member
        assert member is not None
        return member.cluster


@dataclass(frozen=True)
class Size:
    """How much there is to do."""

    tenants: int
    """Whose recharge is asked for."""
    cdrs: int
    acts: int
    parts: int = 5
    """Of an act; one is published every `every_s`."""
    every_s: float = 0.4


async def perform(cluster: Cluster, folder: Path, size: Size, trouble: Trouble) -> Played:
    """Let load run through all services, the trouble come, and the rest of the load come in a hurry; judge charging."""
    bootstrap = cluster.bootstrap
    play, cast = Play.of(size.cdrs, size.acts), Cast(size.tenants, now_ms(), DEMO)
    await asyncio.to_thread(play.set_up, bootstrap)
    with circle(bootstrap, folder) as played:

        async def taken(_topic: str) -> None:
            await until_quiet(bootstrap, timeout_s=QUIET_S, alive=played.supervise)

        await publish_commands(bootstrap, by_topic([*play.commands, *cast.commands()]), taken)
        hurry = asyncio.Event()
        load = asyncio.gather(
            flow(play, bootstrap, size.every_s, size.parts, hurry),
            _cross(cast, bootstrap, size.every_s * 2, hurry),
        )
        stage = Stage(cluster, played, load)
        supervisor = asyncio.create_task(_supervise(played))
        try:
            await asyncio.sleep(1.0)
            await trouble(stage)
            hurry.set()
            await load
        finally:
            load.cancel()
            supervisor.cancel()
        evidence = await settled(played, played.supervise)
    await _judge(play, cast, stage)
    ended = Counter(name for name, _ in played.ended)
    return Played({name: ended[name] for name in NAMES}, evidence)


async def _supervise(played: Circle) -> None:
    """Start anew what ends, as a supervisor does, whatever else is waited for meanwhile."""
    while True:
        played.supervise()
        await asyncio.sleep(0.5)


async def _cross(cast: Cast, bootstrap: str, every_s: float, hurry: asyncio.Event) -> None:
    """Let one tenant after the other fall below its trigger, until in a hurry."""
    for record in cast.calls():
        await send(bootstrap, catalog.CDR_RAW.name, [record])
        if not hurry.is_set():
            await asyncio.sleep(every_s)


async def _judge(play: Play, cast: Cast, stage: Stage) -> None:
    bootstrap = stage.cluster.bootstrap
    books = await read_books(bootstrap)
    for what, begin, end in stage.moments:
        print(
            f"{what}: {end - begin:.1f} s, longest standstill {standstill_s(books, begin, end):.1f} s"
        )
    print(
        f"{books.aborted} records of aborted transactions; ended by themselves: {stage.circle.ended}"
    )
    folds = await fold_topic(bootstrap)
    crossed = {name: folds.pop(name) for name in cast.names()}
    expected = play.expected
    expected.outcomes["rated"] += len(crossed)
    # A producer of CDRs whose broker is gone may have to send again what was taken: duplicates, by their ids.
    found = books.outcomes.copy()
    found["duplicate"] = min(found["duplicate"], expected.outcomes["duplicate"])
    assert compare_outcomes(found, expected) == []
    assert compare_with_plan(folds, expected) == []
    verdict = await reconciled(bootstrap)
    assert not verdict, verdict[:5]


async def _serving(played: Circle, name: str) -> None:
    """Wait until a service that was started last says that it serves."""
    service = played.services[name]
    began = service.log.stat().st_size
    deadline = time.monotonic() + SERVING_S
    while b"serving partitions" not in service.log.read_bytes()[began:]:
        played.supervise()
        assert time.monotonic() < deadline, f"{name} does not serve\n{service.last_lines()}"
        await asyncio.sleep(0.1)


def _behind(described: list[dict[str, object]]) -> list[str]:
    """Name the partitions that are not whole."""
    return [
        f"{topic['topic']} {part['partition']}"
        for topic in described
        for part in topic["partitions"]  # type: ignore[attr-defined]
        if len(part["isr"]) < len(part["replicas"]) or part["leader"] < 0
    ]


def _tool(*words: str) -> None:
    command = [sys.executable, "-B", str(ROOT / "deploy" / "kafka" / "broker.py"), *words]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
