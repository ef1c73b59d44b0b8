"""The charging app: topics, tables, decks, step and timers, put together (composition root).

One agent takes all source topics; every batch goes through `step.Stepper`. Of what has been fetched, commands go first
(D2).
"""

import logging

from aiokafka import TopicPartition

from rater.batch.charging.accounts import AccountsShard
from rater.batch.charging.charge_index import ChargeIndex
from rater.batch.charging.freecall_timer import FreecallTimer
from rater.batch.charging.lot_ids import LotIdsShard
from rater.batch.charging.open_suspense import SuspenseShard, read_open
from rater.batch.charging.partition_state import BatchesShard, Shard
from rater.batch.charging.users import UsersShard
from rater.core.limits import DAY_MS
from rater.core.pricing.rules import Rules
from rater.shell.charging.decider import ChargingDecider
from rater.shell.charging.metrics import ChargingMetrics
from rater.shell.charging.originals import OriginalsReader
from rater.shell.charging.outcomes import outcomes_of
from rater.shell.charging.suspense_metrics import SuspenseMetrics
from rater.shell.process.agent_app import AgentApp, AgentSettings
from rater.shell.process.clock import now_ms
from rater.shell.process.health import Health
from rater.shell.process.maintenance_metrics import MaintenanceMetrics
from rater.shell.process.metrics import Metrics
from rater.shell.process.timer import DueTimer
from rater.shell.step import Stepper
from rater.shell.stream.batches import RecordBatch
from rater.shell.stream.tables import state_table
from rater.shell.versions.deck_service import DeckService
from rater.shell.versions.followed import Followed
from rater.shell.versions.plan_metrics import PlanMetrics
from rater.shell.versions.plan_service import PlanService
from rater.shell.versions.settings_service import SettingsService
from rater.wire.account.state import decode_account
from rater.wire.outputs import free_command, timer_command
from rater.wire.pricing.numbering import load_numbers
from topics import catalog
from topics.records import SuspenseReason

log = logging.getLogger(__name__)

_SOURCES = (catalog.CDR_RAW, *catalog.ACCOUNT_SOURCES)
"""In the order of an account's applied offsets."""


class Charging(AgentApp):
    """One charging worker, not yet running."""

    def __init__(self, settings: AgentSettings, metrics: Metrics, health: Health) -> None:
        sources = (*(topic.name for topic in catalog.ACCOUNT_SOURCES), catalog.CDR_RAW.name)
        super().__init__(catalog.APP, sources, settings, metrics, health)
        self.numbering = load_numbers()
        self.decks = DeckService(settings.broker, metrics)
        self.settings = SettingsService(settings.broker, metrics)
        self.plans = PlanService(settings.broker, PlanMetrics(metrics.registry))
        self.followed = Followed(
            {"decks": self.decks, "settings": self.settings, "plans": self.plans}
        )
        self.accounts = state_table(
            self.app, "accounts", AccountsShard, partitions=settings.partitions
        )
        self.lot_ids = state_table(self.app, "lots", LotIdsShard, partitions=settings.partitions)
        self.users = state_table(self.app, "users", UsersShard, partitions=settings.partitions)
        self.suspense = state_table(
            self.app, "suspense", SuspenseShard, partitions=settings.partitions
        )
        self.batches = state_table(
            self.app,
            "batches",
            BatchesShard,
            partitions=settings.partitions,
            deleted_by_time=True,
        )
        self.timer = DueTimer(
            settings.broker, catalog.ACCOUNT_TIMERS.name, self.accounts.state, _due
        )
        self.freecall_timer = DueTimer(
            settings.broker, catalog.ACCOUNT_TIMERS.name, self._freecalls, self._free, "calls"
        )
        self.maintenance = MaintenanceMetrics(metrics.registry, "charging")
        self.originals = OriginalsReader(settings.broker)
        self.waiting = SuspenseMetrics(metrics.registry)
        counted = ChargingMetrics(metrics.registry)
        metrics.on_batch.append(counted.batch_done)
        for topic in sources:
            metrics.expect(topic, outcomes_of(topic))
        self.decider = ChargingDecider(
            self.shard,
            self.rules,
            (metrics, self.waiting, counted),
            settings.partitions,
            self.originals,
        )
        self.stepper = Stepper(
            lambda: self.app.consumer.transactions, self.decider, metrics, health
        )
        self.declare("charge", self.batches)

    def shard(self, partition: int) -> Shard:
        """Return the state of a partition that this worker owns."""
        return Shard(
            partition,
            self.accounts.state(partition),
            self.batches.state(partition),
            self.lot_ids.state(partition),
            self.users.state(partition),
            self.suspense.state(partition),
        )

    def rules(self) -> Rules:
        """Return what a batch is decided by: decks, settings and plans as they are known now."""
        return Rules(self.decks.book, self.numbering, self.settings.book, self.plans.book)

    async def take(self, batch: RecordBatch) -> None:
        """Take one batch through its step."""
        await self.stepper.take(batch)

    def is_held(self, topic: str) -> bool:
        """Tell whether a source waits because it was ordered to: CDRs while charging is held (A96)."""
        return topic == catalog.CDR_RAW.name and self.settings.book.holds_charging(now_ms())

    async def run_timer(self, partition: int) -> None:
        """Send commands for what falls due, and pay the statuses that are owed."""
        await self.timer.tick(partition)
        await self.freecall_timer.tick(partition)
        if self.accounts.state(partition).dirty() or self.users.state(partition).owed():
            await self.stepper.take_due(partition, lambda: self.decider.flush(partition, now_ms()))

    def watermarks(self) -> dict[TopicPartition, int]:
        """Return the highest offset applied of every source partition of this worker; -1: none."""
        applied: dict[TopicPartition, int] = {}
        for partition in self.accounts.states.partitions():
            offsets = self.accounts.state(partition).watermarks()
            for topic, offset in zip(_SOURCES, offsets, strict=True):
                applied[TopicPartition(topic.name, partition)] = offset
        return applied

    async def prepare(self) -> None:
        """Wait until the decks are whole, and settings and plans known."""
        await self.followed.ready()

    async def start_parts(self) -> None:
        """Start what is not Faust's: decks, settings, plans, timer, and the tasks that look after them."""
        await self.followed.start()
        await self.timer.start()
        await self.freecall_timer.start()
        self.background(*self.followed.tasks(self.health, self.app.crash))
        await super().start_parts()

    async def stop_parts(self) -> None:
        """Stop them, in the other order."""
        await super().stop_parts()
        await self.originals.stop()
        await self.freecall_timer.stop()
        await self.timer.stop()
        await self.followed.stop()

    def measure(self) -> None:
        """Report the charge indexes, how much they remember and for how long, plans in force, and what is held."""
        self.health.held = self.maintenance.measure(self.settings.book, now_ms())
        self.plans.measure(now_ms())
        self.decks.measure(now_ms())
        for partition in self.batches.states.partitions():
            for lost in self.batches.state(partition).index.take_shortenings():
                self.metrics.window_evicted()
                log.error(
                    "partition %(partition)d: the charge index is full: %(lost)s",
                    {"partition": partition, "lost": lost},
                )
        indexes = [self.batches.state(p).index for p in self.batches.states.partitions()]
        window = min((self._window_days(index) for index in indexes), default=0)
        self.metrics.set_index(sum(map(len, indexes)), window * DAY_MS // 1000)

        self._measure_waiting()

    def _measure_waiting(self) -> None:
        shards = [self.suspense.state(p) for p in self.suspense.states.partitions()]
        ages_s: dict[SuspenseReason, int] = {}
        at_ms = now_ms()
        for reason, came_ms in (each for shard in shards for each in shard.oldest().items()):
            ages_s[reason] = max(ages_s.get(reason, 0), (at_ms - came_ms) // 1000)
        used = sum(each.all.bytes_used for each in shards)
        self.waiting.set_open(sum(map(len, shards)), used, ages_s)

    def _freecalls(self, partition: int) -> FreecallTimer:
        return FreecallTimer(self.suspense.state(partition), self.settings.book)

    def _free(self, _key: bytes, value: bytes, _due_ms: int) -> bytes:
        at_ms = now_ms()
        return free_command(read_open(value), self.settings.book.at(at_ms).version, at_ms)

    def _window_days(self, index: ChargeIndex) -> int:
        today = now_ms() // DAY_MS
        return min(self.settings.book.at(now_ms()).window_days, today - index.oldest_day)


def _due(_key: bytes, value: bytes, due_ms: int) -> bytes:
    return timer_command(decode_account(value), due_ms)
