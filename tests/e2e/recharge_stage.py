"""A stage for recharge: a broker, charging and recharge workers, and a tap on all that they read and write.

The test plays the gateway. `Tap.settled` is exact: every record of every source is behind the last batch manifest.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from loadtest.rater_command import run
from loadtest.service import Service, Worker
from rater.shell.process.failpoints import VARIABLE
from tests.e2e.broker import own_broker, producer
from tests.e2e.logins import options, session
from topics import catalog
from topics.partitioner import partition_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

    from aiokafka import AIOKafkaProducer
    from aiokafka.structs import ConsumerRecord

ACS_DECK = Path(__file__).parents[1] / "scenarios" / "acs.csv"
SESSION = session(2)
SMALL = ("--records-per-batch", "3")
CALLS, ORDERS = catalog.CDR_RAW.name, catalog.ACCOUNT_COMMANDS.name
EVENTS, RESULTS = catalog.BALANCE_EVENTS.name, catalog.PAYMENT_RESULTS.name
COMMANDS, PAYMENTS = catalog.RECHARGE_COMMANDS.name, catalog.PAYMENT_COMMANDS.name
NOTICES, LEDGER = catalog.NOTIFICATIONS.name, catalog.LEDGER.name
QUARANTINE, DEAD = catalog.PAYMENT_QUARANTINE.name, catalog.RECHARGE_DEAD.name
MANIFESTS = (catalog.BATCHES_CHANGELOG.name, catalog.RECHARGE_BATCHES.name)
REQUESTS, TIMERS = catalog.ACCOUNT_REQUESTS.name, catalog.RECHARGE_TIMERS.name
SOURCES = (CALLS, ORDERS, REQUESTS, EVENTS, RESULTS, COMMANDS, TIMERS)
TAPPED = (*SOURCES, PAYMENTS, NOTICES, LEDGER, QUARANTINE, DEAD, *MANIFESTS)
KILLED = -9


class Stage:
    """The workers of all tests of a module; charging runs from the beginning."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self.bootstrap = bootstrap
        self.folder = folder
        self.charging = Worker(bootstrap, folder / "charging.log", *SESSION)
        self.recharge = self._recharge()

    def _recharge(self, failpoint: str = "") -> Service:
        words = ("worker", "recharge", "--broker", self.bootstrap, "--metrics-port", "0")
        environment = {VARIABLE: failpoint} if failpoint else {}
        log = self.folder / "recharge.log"
        return Service("recharge", "rater", (*words, *SESSION, *SMALL), log, environment)

    def start_recharge(self, failpoint: str = "") -> None:
        """Start a recharge worker in place of the one before; `failpoint` as in `rater.shell.process.failpoints`."""
        self.recharge = self._recharge(failpoint)
        self.recharge.start()

    async def killed(self, alive_s: float = 45.0) -> None:
        """Wait until recharge has been killed by its failpoint."""
        process = self.recharge._process
        assert process is not None
        code = await asyncio.wait_for(asyncio.to_thread(process.wait), alive_s)
        assert code == KILLED, self.recharge.last_lines()

    def check(self) -> None:
        """Fail when a worker has ended that should not have."""
        self.charging.check()
        self.recharge.check()


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """Start a broker, make topics, load the deck `acs`, start both workers; end all in the end."""
    broker = own_broker()
    try:
        broker.start()
        run("topics", "create", "--broker", broker.bootstrap)
        deck = ("--deck-id", "acs", "--version", "1", "--currency", "USD", "--backdate")
        since = ("--valid-from", "2000-01-01T00:00:00Z", "--broker", broker.bootstrap)
        run("deck", "load", str(ACS_DECK), *deck, *since)
        stage = Stage(broker.bootstrap, folder)
        stage.charging.start()
        stage.start_recharge()
        try:
            yield stage
            stage.check()
            stage.recharge.stop()
            stage.charging.stop()
        finally:
            stage.recharge.kill()
            stage.charging.kill()
    finally:
        broker.remove()


class Tap:
    """What lies on the topics, read as it comes; committed records only."""

    def __init__(self, stage: Stage, consumer: AIOKafkaConsumer, client: AIOKafkaProducer) -> None:
        self.stage = stage
        self.records: dict[str, list[ConsumerRecord[bytes, bytes]]] = defaultdict(list)
        self._consumer = consumer
        self._client = client
        self._applied: dict[tuple[str, int], int] = {}
        self._seen: dict[tuple[str, int], int] = {}

    def read(self, topic: str, tenants: Iterable[str] | None = None) -> list[dict[str, Any]]:
        """Return the values of a topic, of some tenants or of all."""
        chosen = None if tenants is None else {tenant.encode() for tenant in tenants}
        records = [r for r in self.records[topic] if chosen is None or r.key in chosen]
        return [json.loads(record.value) for record in records]

    async def tell(self, topic: str, value: dict[str, Any], at_ms: int) -> None:
        """Publish a record of its tenant."""
        await self.send(topic, value["tenant_id"].encode(), json.dumps(value).encode(), at_ms)

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        at_ms: int,
        partition: int | None = None,
    ) -> tuple[str, int, int]:
        """Publish a record; return where it lies."""
        if partition is None:
            partition = partition_of(key or b"", catalog.PARTITIONS)
        if key is None and value is None:
            value = b""
        done = await self._client.send_and_wait(topic, value, key, partition, at_ms)
        return done.topic, done.partition, done.offset

    async def until(
        self, condition: Callable[[], object], what: str, timeout_s: float = 60.0
    ) -> None:
        """Wait for a condition on what has been read; too late: fail, and say where things stand."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, f"{what}\n{self.report()}"
            self.stage.charging.check()
            await asyncio.sleep(0.02)

    async def applied(self, place: tuple[str, int, int], timeout_s: float = 60.0) -> None:
        """Wait until a worker has taken the record that lies there: it has been loaded and runs."""
        topic, partition, offset = place
        await self.until(
            lambda: self._applied.get((topic, partition), 0) > offset, f"{place} applied", timeout_s
        )

    async def settled(self, timeout_s: float = 60.0) -> None:
        """Wait until the workers have taken all there is, and have written nothing more to take."""
        await self.until(self._is_settled, "not settled", timeout_s)
        await asyncio.sleep(0.3)
        await self.until(self._is_settled, "not settled", timeout_s)

    def _is_settled(self) -> bool:
        return all(self._applied.get(place, 0) > last for place, last in self._seen.items())

    def report(self) -> str:
        """Say how much lies where, and what recharge logged last."""
        counts = {topic: len(records) for topic, records in self.records.items()}
        return f"{counts}\n{self.stage.recharge.last_lines()}"

    async def follow(self) -> None:
        """Read on for ever."""
        while True:
            for tp, records in (await self._consumer.getmany(timeout_ms=50)).items():
                self.records[tp.topic] += records
                if tp.topic in SOURCES:
                    self._seen[tp.topic, tp.partition] = records[-1].offset
                if tp.topic in MANIFESTS:
                    for record in records:
                        header = json.loads(record.value.partition(b"\n")[0])
                        place = header["source_topic"], header["partition"]
                        self._applied[place] = header["next_offset"]


@asynccontextmanager
async def tapped(stage: Stage) -> AsyncIterator[Tap]:
    """Open a tap that reads all topics from their beginning."""
    consumer = AIOKafkaConsumer(
        **options(stage.bootstrap),
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=50,
    )
    places = [TopicPartition(topic, p) for topic in TAPPED for p in range(catalog.PARTITIONS)]
    async with producer(stage.bootstrap) as client:
        await consumer.start()
        consumer.assign(places)
        tap = Tap(stage, consumer, client)
        following = asyncio.create_task(tap.follow())
        try:
            yield tap
            assert not following.done(), following.exception()
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await consumer.stop()


def now_ms() -> int:
    """Return the wall clock, in whole seconds, as ms."""
    return time.time_ns() // 1_000_000_000 * 1_000
