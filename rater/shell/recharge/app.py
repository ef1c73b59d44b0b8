"""The recharge app: topics, table, step and timer, put together (composition root).

One agent takes all source topics; every batch goes through `step.Stepper`. Of what has been
fetched, payment results go first.
"""

from aiokafka import TopicPartition

from rater.batch.recharge.batch import COMMANDS, EVENTS, RESULTS, SOURCES, TIMERS
from rater.batch.recharge.partition_state import RechargesShard
from rater.core.recharge.machine import IN_FLIGHT, State
from rater.shell.process.agent_app import AgentApp, AgentSettings
from rater.shell.process.clock import now_ms
from rater.shell.process.health import Health
from rater.shell.process.metrics import Metrics
from rater.shell.process.timer import DueTimer
from rater.shell.recharge.decider import RechargeDecider
from rater.shell.recharge.metrics import RechargeMetrics
from rater.shell.recharge.outcomes import outcomes_of
from rater.shell.step import Stepper
from rater.shell.stream.batches import RecordBatch
from rater.shell.stream.tables import state_table
from rater.wire.recharge.commands import due_command
from topics import catalog

PARTS = ("assigned", "recovered")
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
        self.recharges = state_table(
            self.app, "recharges", RechargesShard, partitions=settings.partitions
        )
        self.timer = DueTimer(settings.broker, TIMERS, self.recharges.state, _due)
        decider = RechargeDecider(self.recharges.state, self.recharge_metrics, settings.partitions)
        self.stepper = Stepper(lambda: self.app.consumer.transactions, decider, metrics, health)
        self.declare("recharge", self.recharges)

    async def take(self, batch: RecordBatch) -> None:
        """Take one batch through its step."""
        await self.stepper.take(batch)

    async def run_timer(self, partition: int) -> None:
        """Send commands for what falls due."""
        await self.timer.tick(partition)

    def watermarks(self) -> dict[TopicPartition, int]:
        """Return the highest offset applied of every source partition of this worker; -1: none."""
        applied: dict[TopicPartition, int] = {}
        for partition in self.recharges.states.partitions():
            offsets = self.recharges.state(partition).watermarks()
            for topic, offset in zip(SOURCES, offsets, strict=True):
                applied[TopicPartition(topic, partition)] = offset
        return applied

    async def start_parts(self) -> None:
        """Start the timer and what looks after it."""
        await self.timer.start()
        await super().start_parts()

    async def stop_parts(self) -> None:
        """Stop them, in the other order."""
        await super().stop_parts()
        await self.timer.stop()

    def measure(self) -> None:
        """Report how many tenants are in each state, and for how long money is under way."""
        shards = [self.recharges.state(p) for p in self.recharges.states.partitions()]
        tenants = {state: sum(each.states()[state] for each in shards) for state in State}
        for state, number in tenants.items():
            self.recharge_metrics.set_state(state, number)
        in_flight = sum(tenants[state] for state in IN_FLIGHT)
        self.recharge_metrics.set_under_way([s.oldest() for s in shards], in_flight, now_ms())


def _due(key: bytes, _value: bytes, due_ms: int) -> bytes:
    return due_command(key.decode(), due_ms)
