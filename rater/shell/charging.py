"""The charging app: topics, tables, decks, agent and timers, put together (composition root).

One agent takes both source topics; every batch goes through `step.Stepper`. Of what has been fetched, commands go first
(D2). A worker serves a partition when its state is read, its decks are whole and its watermarks fit the topics.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

import faust
from aiokafka import AIOKafkaConsumer, TopicPartition

from rater.batch.accounts import AccountsShard
from rater.batch.charge_index import ChargeIndex
from rater.batch.shard import BatchesShard, Shard
from rater.core.limits import DAY_MS, RECHARGE_MINIMUM_MICROS, WINDOW_DAYS
from rater.core.rules import Rules
from rater.shell.clock import now_ms
from rater.shell.deck_service import DeckService
from rater.shell.health import Health
from rater.shell.metrics import Metrics
from rater.shell.step import Stepper
from rater.shell.stream.batches import RECORDS_PER_BATCH, BatchSchema
from rater.shell.stream.faust_settings import SESSION_TIMEOUT_S, faust_settings
from rater.shell.stream.tables import state_table
from rater.shell.stream.transactions import NotOwnedError, PartitionHaltedError
from rater.shell.timer import ExpiryTimer
from rater.wire.emergency import load_emergency
from topics import catalog

logger = logging.getLogger(__name__)

TICK_S = 0.25
TIMERS_EVERY_S = 1.0


class WatermarkError(RuntimeError):
    """An account has applied offsets that its topic does not have: the topic was made anew."""


@dataclass(frozen=True, slots=True)
class ChargingSettings:
    """What an operator may choose; the rest is in `rater.shell.stream.faust_settings` and `rater.core.limits`."""

    broker: str
    partitions: int = catalog.PARTITIONS
    records_per_batch: int = RECORDS_PER_BATCH
    session_timeout_s: float = SESSION_TIMEOUT_S
    window_days: int = WINDOW_DAYS
    recharge_minimum_micros: int = RECHARGE_MINIMUM_MICROS


class Charging:
    """One charging worker, not yet running."""

    def __init__(self, settings: ChargingSettings, metrics: Metrics, health: Health) -> None:
        self.settings = settings
        self.metrics = metrics
        self.health = health
        self.emergency = load_emergency()
        self.decks = DeckService(settings.broker, metrics)
        self.app = faust.App(
            catalog.APP,
            **faust_settings(
                settings.broker,
                first_topics=[catalog.ACCOUNT_COMMANDS.name],
                records_per_batch=settings.records_per_batch,
                session_timeout_s=settings.session_timeout_s,
                partitions=settings.partitions,
            ),
        )
        self.accounts = state_table(
            self.app, "accounts", AccountsShard, partitions=settings.partitions
        )
        self.batches = state_table(
            self.app,
            "batches",
            lambda: BatchesShard(settings.window_days),
            partitions=settings.partitions,
            deleted_by_time=True,
        )
        self.timer = ExpiryTimer(settings.broker, self.accounts.state)
        self.stepper = Stepper(
            lambda: self.app.consumer.transactions, self.shard, self.rules, metrics, health
        )
        self.stepper.partitions = settings.partitions
        self.stepper.recharge_minimum_micros = settings.recharge_minimum_micros
        self._background: list[asyncio.Task[None]] = []
        self._lags: set[tuple[str, int]] = set()
        self._assigned_at = monotonic()
        self._failures_counted = False
        self._declare()

    def shard(self, partition: int) -> Shard:
        """Return the state of a partition that this worker owns."""
        return Shard(partition, self.accounts.state(partition), self.batches.state(partition))

    def rules(self) -> Rules:
        """Return what a batch is decided by: the decks that are whole now."""
        return Rules(self.decks.book, self.emergency)

    async def start_parts(self) -> None:
        """Start what is not Faust's: decks, timer, and the tasks that look after them."""
        await self.decks.start()
        await self.timer.start()
        for work in (self._wait_for_decks(), self._watch_decks(), self._tick_forever()):
            self._background.append(asyncio.create_task(work))

    def _count_failure(self, failure: "asyncio.Future[BaseException]") -> None:
        if not failure.cancelled():
            self.metrics.transaction_failed(type(failure.result()).__name__)

    async def stop_parts(self) -> None:
        """Stop them, in the other order."""
        self.health.set_state("stopping")
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self.timer.stop()
        await self.decks.stop()

    def _declare(self) -> None:
        sources = [
            self.app.topic(source.name, schema=BatchSchema(), partitions=self.settings.partitions)
            for source in (catalog.ACCOUNT_COMMANDS, catalog.CDR_RAW)
        ]
        for source in sources:
            self.app.agent(source, isolated_partitions=True, name=f"charge-{source.topics[0]}")(
                self._charge
            )
        self.app.on_partitions_assigned.connect(self._on_assigned)
        self.app.on_partitions_revoked.connect(self._on_revoked)
        self.batches.on_recover(self._before_serving)

    async def _charge(self, stream: Any) -> None:
        """Take every batch of one partition, one after another; this is the agent."""
        async for batch in stream:
            try:
                await self.stepper.take(batch)
            except PartitionHaltedError as halted:
                logger.warning("batch of %s is left: %s", batch.tp, halted)
            except Exception as error:
                await self.app.crash(error)
                raise

    async def _on_assigned(self, app: Any, assigned: Any, **_: Any) -> None:
        self.metrics.rebalanced()
        if not self._failures_counted:
            # Not earlier: whoever asks for the consumer first makes it, and that is the runner's to do.
            self._failures_counted = True
            app.consumer.transactions.failure.add_done_callback(self._count_failure)
        self._assigned_at = monotonic()
        self.health.set_state("recovering")
        self.health.set_ready("assigned", ready=bool(assigned), detail="no partition assigned")
        self.health.set_ready("recovered", ready=False, detail="reading changelogs")

    async def _on_revoked(self, app: Any, revoked: Any, **_: Any) -> None:
        for partition in {tp.partition for tp in revoked}:
            self.health.forget_partition(partition)

    async def _before_serving(self) -> None:
        """Hold back the sources until decks are whole, and refuse topics that were made anew."""
        await self.decks.ready()
        await self._check_watermarks()
        self.metrics.recovered(monotonic() - self._assigned_at)
        self.health.set_ready("recovered", ready=True)
        self.health.set_state("serving")

    async def _check_watermarks(self) -> None:
        applied: dict[TopicPartition, int] = {}
        for partition in self.accounts.states.partitions():
            cdrs, commands = self.accounts.state(partition).watermarks()
            applied[TopicPartition(catalog.CDR_RAW.name, partition)] = cdrs
            applied[TopicPartition(catalog.ACCOUNT_COMMANDS.name, partition)] = commands
        if all(offset < 0 for offset in applied.values()):
            return
        consumer = AIOKafkaConsumer(bootstrap_servers=self.settings.broker)
        await consumer.start()
        try:
            ends = await consumer.end_offsets(list(applied))
        finally:
            await consumer.stop()
        for tp, offset in applied.items():
            if offset >= ends[tp]:
                raise WatermarkError(watermark_message(tp, offset, ends[tp]))

    async def _wait_for_decks(self) -> None:
        await self.decks.ready()
        self.health.set_ready("decks", ready=True)

    async def _watch_decks(self) -> None:
        """End the worker when its decks no longer follow the topic."""
        with suppress(asyncio.CancelledError):
            try:
                await asyncio.shield(self.decks.failed)
            except Exception as error:  # noqa: BLE001
                await self.app.crash(error)

    async def _tick_forever(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            await asyncio.sleep(TICK_S)
            self.health.tick()
            if loop.time() >= due:
                due = loop.time() + TIMERS_EVERY_S
                try:
                    await self._run_timers()
                except Exception as error:
                    await self.app.crash(error)
                    raise

    async def _run_timers(self) -> None:
        if not self.app.tables.recovery.completed.is_set() or self.app.rebalancing:
            return
        for partition in self.app.consumer.transactions.owned_partitions():
            with suppress(NotOwnedError, PartitionHaltedError, LookupError):
                await self.timer.tick(partition)
                if self.accounts.state(partition).dirty():
                    await self.stepper.flush(partition, now_ms())
        self._measure()

    def _measure(self) -> None:
        backlog = self.app.consumer.backlog()
        for tp, records in backlog.items():
            self.metrics.set_lag(tp.topic, tp.partition, records)
        current = {(tp.topic, tp.partition) for tp in backlog}
        for topic, partition in self._lags - current:
            self.metrics.forget_lag(topic, partition)
        self._lags = current
        for partition in self.batches.states.partitions():
            for lost in self.batches.state(partition).index.take_shortenings():
                self.metrics.window_shortened()
                logger.error("partition %d: the charge index is full: %s", partition, lost)
        indexes = [self.batches.state(p).index for p in self.batches.states.partitions()]
        window = min((self._window_days(index) for index in indexes), default=0)
        self.metrics.set_index(sum(map(len, indexes)), window * DAY_MS // 1000)

    def _window_days(self, index: ChargeIndex) -> int:
        today = now_ms() // DAY_MS
        return min(self.settings.window_days, today - index.oldest_day)


def watermark_message(tp: TopicPartition, offset: int, end: int) -> str:
    """Say what has happened, and what to do."""
    return (
        f"{tp.topic} partition {tp.partition} ends at offset {end}, but an account has applied offset {offset}: the "
        "topic was made anew under accounts that remember the old one. Their records would be taken for old ones. "
        "Restore the topic; or, to begin anew, stop all workers, delete the topics "
        f"{catalog.ACCOUNTS_CHANGELOG.name} and {catalog.BATCHES_CHANGELOG.name} with the others, and run "
        "`rater topics create`."
    )
