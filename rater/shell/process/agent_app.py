"""What the two Faust apps have in common: one agent over co-partitioned sources, timers, lag, and when they serve.

A worker serves a partition when its state is read, what else it needs is there, and its watermarks fit the topics.
Of what has been fetched, the topic named first goes first (D2).
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any

import faust
from aiokafka import TopicPartition

from rater.kafka.bounded_records import RECORDS_PER_BATCH
from rater.kafka.broker import Broker
from rater.kafka.refusal import RefusedError
from rater.shell.process.health import Health
from rater.shell.process.metrics import Metrics
from rater.shell.process.pulse import ask_forever
from rater.shell.process.tally import EVERY_S, Tally
from rater.shell.stream.batches import BatchSchema, RecordBatch
from rater.shell.stream.faust_settings import SESSION_TIMEOUT_S, faust_settings
from rater.shell.stream.tables import StateTable
from rater.shell.stream.transactions import NotOwnedError, PartitionHaltedError
from rater.shell.stream.turns import PARTITIONS_AT_ONCE
from topics import catalog

log = logging.getLogger(__name__)

TICK_S = 0.25
TIMERS_EVERY_S = 1.0


class WatermarkError(RuntimeError):
    """A state has applied offsets that its topic does not have: the topic was made anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """What an operator may choose of any app; the rest is in `rater.shell.stream.faust_settings`."""

    broker: Broker
    partitions: int = catalog.PARTITIONS
    records_per_batch: int = RECORDS_PER_BATCH
    partitions_at_once: int = PARTITIONS_AT_ONCE
    session_timeout_s: float = SESSION_TIMEOUT_S


class AgentApp:
    """One worker of one app, not yet running. A subclass gives it its tables, its step and its timers."""

    def __init__(
        self,
        app_id: str,
        sources: Sequence[str],
        settings: AgentSettings,
        metrics: Metrics,
        health: Health,
    ) -> None:
        self.sources = sources
        self.partitions = settings.partitions
        self.broker = settings.broker
        self.metrics = metrics
        self.health = health
        self.app = faust.App(
            app_id,
            **faust_settings(
                settings.broker,
                first_topics=[sources[0]],
                records_per_batch=settings.records_per_batch,
                partitions_at_once=settings.partitions_at_once,
                session_timeout_s=settings.session_timeout_s,
                partitions=settings.partitions,
            ),
        )
        self._background: list[asyncio.Task[None]] = []
        self._lags: set[tuple[str, int]] = set()
        self._assigned_at = monotonic()
        self._partitions: list[int] = []
        self._failures_counted = False
        self._tally = Tally()
        metrics.on_batch.append(self._tally.note)

    async def take(self, batch: RecordBatch) -> None:
        """Take one batch through its step."""
        raise NotImplementedError

    def is_held(self, topic: str) -> bool:
        """Tell whether a source waits because it was ordered to; asked in any thread. Nobody is stuck then."""
        return False

    async def run_timer(self, partition: int) -> None:
        """Do what time asks for in a partition of this worker; called every second."""
        raise NotImplementedError

    def watermarks(self) -> dict[TopicPartition, int]:
        """Return the highest offset applied of every source partition of this worker; -1: none."""
        raise NotImplementedError

    async def prepare(self) -> None:
        """Wait for what else must be there before a partition is served."""

    def measure(self) -> None:
        """Report what this app alone has to report."""

    def background(self, *work: Any) -> None:
        """Run tasks beside the agent until the worker stops."""
        self._background += [asyncio.create_task(each) for each in work]

    async def start_parts(self) -> None:
        """Start what is not Faust's."""
        self.background(self._tick_forever(), self._ask_forever(), self._tell_forever())

    async def stop_parts(self) -> None:
        """Stop it."""
        self.health.set_state("stopping")
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        self._tally.say()

    def declare(self, verb: str, last_table: StateTable[Any]) -> None:
        """Declare the sources and their agent; `last_table` is the one that is recovered last."""
        for source in self.sources:
            topic = self.app.topic(source, schema=BatchSchema(), partitions=self.partitions)
            self.app.agent(topic, isolated_partitions=True, name=f"{verb}-{source}")(self._work)
        self.app.on_partitions_assigned.connect(self._on_assigned)
        self.app.on_partitions_revoked.connect(self._on_revoked)
        last_table.on_recover(self._before_serving)

    async def _work(self, stream: Any) -> None:
        """Take every batch of one partition, one after another; this is the agent."""
        async for batch in stream:
            try:
                await self.take(batch)
            except PartitionHaltedError as halted:
                log.warning(
                    "batch of %(topic)s, partition %(partition)d is left: %(reason)s",
                    {"topic": batch.tp.topic, "partition": batch.tp.partition, "reason": halted},
                )
            except Exception as error:
                await self.app.crash(error)
                raise

    async def _on_assigned(self, app: Any, assigned: Any, **_: Any) -> None:
        self.metrics.rebalanced()
        self._tell_assigned(sorted({tp.partition for tp in assigned}))
        if not self._failures_counted:
            # Not earlier: whoever asks for the consumer first makes it, and that is the runner's to do.
            self._failures_counted = True
            app.consumer.transactions.failure.add_done_callback(self._count_failure)
            app.consumer.on_serving = self.metrics.stood_still
        self._assigned_at = monotonic()
        self.health.set_state("recovering")
        self.health.set_ready("assigned", ready=bool(assigned), detail="no partition assigned")
        self.health.set_ready("recovered", ready=False, detail="reading changelogs")

    def _tell_assigned(self, partitions: list[int]) -> None:
        """Say once for each rebalance what it gives us; that they are served is the recovery's line."""
        before, self._partitions = self._partitions, partitions
        log.info(
            "assigned partitions %(partitions)s, before %(before)s",
            {"partitions": partitions, "before": before},
        )

    def _count_failure(self, failure: "asyncio.Future[BaseException]") -> None:
        if not failure.cancelled():
            self.metrics.transaction_failed(type(failure.result()).__name__)

    async def _on_revoked(self, app: Any, revoked: Any, **_: Any) -> None:
        for partition in {tp.partition for tp in revoked}:
            self.health.forget_partition(partition)
            self.metrics.reconciliation.forget(partition)

    async def _before_serving(self) -> None:
        """Hold back the sources until all is there, and refuse topics that were made anew."""
        await self.prepare()
        await check_watermarks(self.broker, self.watermarks())
        self.metrics.recovered(monotonic() - self._assigned_at)
        self.health.set_ready("recovered", ready=True)
        self.health.set_state("serving")

    async def _tick_forever(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            began = loop.time()
            await asyncio.sleep(TICK_S)
            self.health.tick(loop.time() - began - TICK_S)
            if loop.time() >= due:
                due = loop.time() + TIMERS_EVERY_S
                try:
                    await self._run_timers()
                except Exception as error:
                    await self.app.crash(error)
                    raise

    async def _ask_forever(self) -> None:
        try:
            await ask_forever(self.broker, self.health)
        except RefusedError as error:
            await self.app.crash(error)
            raise

    async def _tell_forever(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            self._tally.say()

    async def _run_timers(self) -> None:
        if not self.app.tables.recovery.completed.is_set() or self.app.rebalancing:
            return
        for partition in self.app.consumer.transactions.owned_partitions():
            with suppress(NotOwnedError, PartitionHaltedError, LookupError):
                await self.run_timer(partition)
        self._measure_lag()
        self.app.consumer.ask_how_late(partial(self.metrics.loop_late, "consumer"))
        self.measure()

    def _measure_lag(self) -> None:
        if self.health.broker_silent_s():
            self.metrics.forget_all_lags()
            self._lags = set()
            return
        backlog = self.app.consumer.backlog()
        for tp, records in backlog.items():
            oldest_ms = self.app.consumer.oldest_ms(tp)
            self.metrics.set_lag(tp.topic, tp.partition, records, oldest_ms)
        current = {(tp.topic, tp.partition) for tp in backlog}
        for topic, partition in self._lags - current:
            self.metrics.forget_lag(topic, partition)
        self._lags = current


async def check_watermarks(broker: Broker, applied: dict[TopicPartition, int]) -> None:
    """Refuse topics that end before what has been applied of them: WatermarkError, which says what to do."""
    if all(offset < 0 for offset in applied.values()):
        return
    consumer = broker.consumer()
    await consumer.start()
    try:
        ends = await consumer.end_offsets(list(applied))
    finally:
        await consumer.stop()
    for tp, offset in applied.items():
        if offset >= ends[tp]:
            raise WatermarkError(watermark_message(tp, offset, ends[tp]))


def watermark_message(tp: TopicPartition, offset: int, end: int) -> str:
    """Say what has happened, and what to do."""
    memories = [topic.name for topic in catalog.CATALOG if topic.internal]
    return (
        f"{tp.topic} partition {tp.partition} ends at offset {end}, but an account has applied offset {offset}: the "
        "topic was made anew under accounts that remember the old one. Their records would be taken for old ones. "
        f"Restore the topic; or, to begin anew, stop all workers, delete the topics {', '.join(memories)} "
        "with the others, and run `rater topics create`."
    )
