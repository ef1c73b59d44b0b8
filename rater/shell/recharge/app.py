"""The recharge app: topics, table, step and timer, put together (composition root).

One agent takes all source topics; every batch goes through `step.Stepper`. Of what has been
fetched, payment results go first.
"""

from aiokafka import TopicPartition

from rater.batch.recharge.batch import COMMANDS, EVENTS, RESULTS, SOURCES, TIMERS
from rater.batch.recharge.held_payments import HeldPayments
from rater.batch.recharge.partition_state import RechargesShard
from rater.core.recharge.machine import IN_FLIGHT, State
from rater.shell.process.agent_app import AgentApp, AgentSettings
from rater.shell.process.clock import now_ms
from rater.shell.process.health import Health
from rater.shell.process.maintenance_metrics import MaintenanceMetrics
from rater.shell.process.metrics import Metrics
from rater.shell.process.timer import DueTimer
from rater.shell.recharge.decider import RechargeDecider
from rater.shell.recharge.metrics import RechargeMetrics
from rater.shell.recharge.outcomes import outcomes_of
from rater.shell.step import Stepper
from rater.shell.stream.batches import RecordBatch
from rater.shell.stream.tables import state_table
from rater.shell.versions.followed import Followed
from rater.shell.versions.settings_service import SettingsService
from rater.wire.recharge.commands import due_command
from topics import catalog

PARTS = ("assigned", "recovered", "settings")
"""What a recharge worker needs before it is ready."""


class Recharging(AgentApp):
    """One recharge worker, not yet running."""

    def __init__(self, settings: AgentSettings, metrics: Metrics, health: Health) -> None:
        super().__init__(
            catalog.RECHARGE_APP, (RESULTS, EVENTS, COMMANDS, TIMERS), settings, metrics, health
        )
        self.recharge_metrics = RechargeMetrics(metrics.registry)
        for topic in self.sources:
            metrics.expect(topic, outcomes_of(topic))
        self.settings = SettingsService(settings.broker, metrics)
        self.followed = Followed({"settings": self.settings})
        self.maintenance = MaintenanceMetrics(metrics.registry, "payments")
        self.recharges = state_table(
            self.app, "recharges", RechargesShard, partitions=settings.partitions
        )
        self.timer = DueTimer(settings.broker, TIMERS, self.recharges.state, _due)
        self.held_timer = DueTimer(
            settings.broker, TIMERS, self._held_payments, _due, "tenants whose payments were held"
        )
        decider = RechargeDecider(
            self.recharges.state,
            lambda: self.settings.book,
            self.recharge_metrics,
            settings.partitions,
        )
        self.stepper = Stepper(lambda: self.app.consumer.transactions, decider, metrics, health)
        self.declare("recharge", self.recharges)

    async def take(self, batch: RecordBatch) -> None:
        """Take one batch through its step."""
        await self.stepper.take(batch)

    async def run_timer(self, partition: int) -> None:
        """Send commands for what falls due."""
        await self.timer.tick(partition)
        await self.held_timer.tick(partition)

    def watermarks(self) -> dict[TopicPartition, int]:
        """Return the highest offset applied of every source partition of this worker; -1: none."""
        applied: dict[TopicPartition, int] = {}
        for partition in self.recharges.states.partitions():
            offsets = self.recharges.state(partition).watermarks()
            for topic, offset in zip(SOURCES, offsets, strict=True):
                applied[TopicPartition(topic, partition)] = offset
        return applied

    async def prepare(self) -> None:
        """Wait until it is known what is held."""
        await self.followed.ready()

    async def start_parts(self) -> None:
        """Start settings, timers, and what looks after them."""
        await self.followed.start()
        await self.timer.start()
        await self.held_timer.start()
        self.background(*self.followed.tasks(self.health, self.app.crash))
        await super().start_parts()

    async def stop_parts(self) -> None:
        """Stop them, in the other order."""
        await super().stop_parts()
        await self.held_timer.stop()
        await self.timer.stop()
        await self.followed.stop()

    def measure(self) -> None:
        """Report how many tenants are in each state, for how long money is under way, and what is held."""
        shards = [self.recharges.state(p) for p in self.recharges.states.partitions()]
        tenants = {state: sum(each.states()[state] for each in shards) for state in State}
        for state, number in tenants.items():
            self.recharge_metrics.set_state(state, number)
        self.health.held = self.maintenance.measure(self.settings.book, now_ms())
        in_flight = sum(tenants[state] for state in IN_FLIGHT)
        self.recharge_metrics.set_under_way([s.oldest() for s in shards], in_flight, now_ms())

    def _held_payments(self, partition: int) -> HeldPayments:
        return HeldPayments(self.recharges.state(partition), self.settings.book)


def _due(key: bytes, _value: bytes, due_ms: int) -> bytes:
    return due_command(key.decode(), due_ms)
