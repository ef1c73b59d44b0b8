"""View: all that an answer needs, in memory: statuses, decks, plans and settings, and how old that is.

Twice a second the ends of all topics are asked for; when all is read up to them, the view is as old as that question.
So it grows old when the broker is silent, when reading falls behind, and while a large deck is compiled.
"""

import asyncio
import logging
from time import monotonic

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from rater.core.pricing.rules import Rules
from rater.kafka.broker import Broker
from rater.shell.gatekeeper.metrics import GatekeeperMetrics
from rater.shell.process.clock import now_ms
from rater.shell.versions.deck_service import DeckService
from rater.shell.versions.follower import Follower
from rater.shell.versions.plan_metrics import PlanMetrics
from rater.shell.versions.plan_service import PlanService
from rater.shell.versions.settings_service import SettingsService
from rater.wire.authorisation.standings import Standings
from rater.wire.pricing.numbering import load_numbers
from topics.catalog import ACCOUNT_STATUS, USER_STATUS

ASK_EVERY_S = 0.5
LOOK_EVERY_S = 0.02
POLL_MS = 200
RECORDS_MAX = 500
"""Taken at once: answers wait meanwhile."""

log = logging.getLogger(__name__)


class View:
    """What is known; `start` it, `ready` returns when all that was there is read, `stop` it."""

    def __init__(self, broker: Broker, metrics: GatekeeperMetrics) -> None:
        shared = metrics.shared
        self.standings = Standings()
        self._decks = DeckService(broker, shared)
        self._settings = SettingsService(broker, shared)
        self._plans = PlanService(broker, PlanMetrics(shared.registry))
        self._numbering = load_numbers()
        self._broker = broker
        self._consumer: AIOKafkaConsumer | None = None
        self._read: dict[TopicPartition, int] = {}
        self._latest_at: float | None = None
        self._rules = Rules(
            self._decks.book, self._numbering, self._settings.book, self._plans.book
        )
        self._tasks: list[asyncio.Task[None]] = []

    def _followers(self) -> tuple[Follower[object], ...]:
        return self._decks, self._settings, self._plans  # type: ignore[return-value]

    @property
    def rules(self) -> Rules:
        """What is decided by now."""
        rules = self._rules
        book, settings, plans = self._decks.book, self._settings.book, self._plans.book
        if rules.book is not book or rules.settings is not settings or rules.plans is not plans:
            rules = self._rules = Rules(book, self._numbering, settings, plans)
        return rules

    def age_ms(self) -> int | None:
        """Return how long ago all that is known was the latest; None: it never was."""
        return None if self._latest_at is None else int((monotonic() - self._latest_at) * 1_000)

    async def start(self, partitions: int) -> None:
        """Begin to read."""
        for follower in self._followers():
            await follower.start()
        consumer = self._consumer = self._broker.consumer(
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            fetch_max_wait_ms=POLL_MS,
        )
        await consumer.start()
        parts = [
            TopicPartition(topic.name, number)
            for topic in (ACCOUNT_STATUS, USER_STATUS)
            for number in range(partitions)
        ]
        starts = await consumer.beginning_offsets(parts)
        consumer.assign(parts)
        for part in parts:
            consumer.seek(part, starts[part])
        self._read = dict(starts)
        self._tasks = [
            asyncio.create_task(self._follow(consumer), name="statuses"),
            asyncio.create_task(self._ask_forever(consumer), name="ends"),
        ]

    async def ready(self, timeout_s: float) -> None:
        """Return when all that was there is read; TimeoutError where that takes longer."""
        async with asyncio.timeout(timeout_s):
            while self._latest_at is None:
                for each in self._reading():
                    if each.done():
                        each.result()
                await asyncio.sleep(LOOK_EVERY_S)

    def _reading(self) -> list[asyncio.Future[None]]:
        return [*self._tasks, *[each.failed for each in self._followers()]]

    async def run(self) -> None:
        """Raise what ends the reading; else never return."""
        waiting = self._reading()
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for each in waiting:
            if each.done():
                each.result()

    async def stop(self) -> None:
        """Read no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._consumer is not None:
            await self._consumer.stop()
        for follower in self._followers():
            await follower.stop()

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        """Take statuses as they come."""
        takes = {
            ACCOUNT_STATUS.name: self.standings.take,
            USER_STATUS.name: self.standings.take_user,
        }
        while True:
            fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=RECORDS_MAX)
            for part, records in fetched.items():
                take = takes[part.topic]
                for record in records:
                    take(record.key, record.value)
            for part in self._read:
                self._read[part] = await consumer.position(part)
            # What has come at once lets others have their turn.
            await asyncio.sleep(0)

    async def _ask_forever(self, consumer: AIOKafkaConsumer) -> None:
        """Ask for the ends, and note since when all of them are read."""
        while True:
            asked_at = monotonic()
            read = self._all_read()
            try:
                ends = await consumer.end_offsets(list(read))
            except (KafkaError, TimeoutError):
                # A broker that is away: the view grows old, and says so.
                await asyncio.sleep(ASK_EVERY_S)
                continue
            while any(read.get(part, 0) < end for part, end in ends.items()):
                await asyncio.sleep(LOOK_EVERY_S)
                read = self._all_read()
            if self._latest_at is None:
                log.info("the view is whole: %(tenants)d tenants", {"tenants": len(self.standings)})
            self._latest_at = asked_at
            self._plans.measure(now_ms())
            await asyncio.sleep(ASK_EVERY_S)

    def _all_read(self) -> dict[TopicPartition, int]:
        read = dict(self._read)
        for follower in self._followers():
            read.update(follower.reached)
        return read
