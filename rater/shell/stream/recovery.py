"""Recovery: from a new assignment to the first record read.

    assigned -> previous owners fenced -> changelogs read to their ends -> committed offsets
    sought -> reading

Faust's own recovery delivers every changelog record as an event (200,000 in 28 s), stands still
for 13 s at a trailing transaction marker, and resumes reading before it seeks. This one replaces
it behind the same few methods that Faust calls.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import time
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError
from faust.tables.manager import TableManager
from mode import Service

from rater.shell.stream.changelog import ChangelogReader, InterruptedRecoveryError
from rater.shell.stream.faust_broker import broker_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faust.types import TP

    from rater.shell.stream.tables import PartitionStates

log = logging.getLogger(__name__)

CHANGELOG_FETCH_BYTES = 8 * 1024 * 1024
CHANGELOG_FETCH_WAIT_MS = 20


class StateRecovery(Service):  # type: ignore[misc]
    """The service that Faust's table manager knows as its recovery."""

    def __init__(self, app: Any, tables: Any, **options: Any) -> None:
        """Wait for the first assignment."""
        self.app = app
        self.tables = tables
        self.completed = asyncio.Event()
        self._requested = asyncio.Event()
        self._generation = 0
        self._revoked = True
        super().__init__(**options)

    def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Interrupt a recovery at work: its assignment is over."""
        self._revoked = True

    async def on_rebalance(
        self,
        assigned: set[TP],
        revoked: set[TP],
        newly_assigned: set[TP],
        generation_id: int = 0,
    ) -> None:
        """Keep the states that came back, drop the others, and recover in the background."""
        for table in self.tables.values():
            topic = table.changelog_topic_name
            table.states.own(tp.partition for tp in assigned if tp.topic == topic)
        self._generation = generation_id
        self._revoked = False
        self._requested.set()

    @Service.task  # type: ignore[untyped-decorator]
    async def _recover_forever(self) -> None:
        while not self.should_stop:
            await self.wait(self._requested)
            if self.should_stop:
                return
            self._requested.clear()
            try:
                await self._recover()
            except InterruptedRecoveryError:
                log.info("recovery interrupted by another rebalance")
            except IllegalStateError:
                # A partition was taken away between two requests.
                if not self._interrupted():
                    raise

    def _interrupted(self) -> bool:
        return bool(
            self._revoked
            or self.should_stop
            or self._requested.is_set()
            or self._generation != self.app.consumer_generation_id
        )

    def _check(self) -> None:
        if self._interrupted():
            raise InterruptedRecoveryError

    async def _recover(self) -> None:
        began = time.monotonic()
        self.app.in_recovery = True
        try:
            records = await self._read_changelogs()
        finally:
            self.app.in_recovery = False
        self._check()
        await self.app.on_rebalance_complete.send()
        for table in self.tables.values():
            await table.call_recover_callbacks()
        self._check()
        await self.app.consumer.perform_seek()
        await self._resume()
        log.info(
            "serving partitions %(partitions)s after %(took_s).2f s, %(records)d changelog records read",
            {
                "partitions": self.app.consumer.transactions.owned_partitions(),
                "took_s": time.monotonic() - began,
                "records": records,
            },
        )

    async def _read_changelogs(self) -> int:
        states = self._states()
        if not states:
            return 0
        consumer = self._new_consumer()
        progress = self.app.consumer.transactions.progress

        def count(records: int) -> None:
            progress.recovered_records += records

        try:
            await consumer.start()
            with _no_collections():
                return await ChangelogReader(consumer, self._interrupted, count).read(states)
        finally:
            await consumer.stop()

    def _states(self) -> dict[TopicPartition, PartitionStates[Any]]:
        return {
            TopicPartition(table.changelog_topic_name, partition): table.states
            for table in self.tables.values()
            for partition in table.states.partitions()
        }

    def _new_consumer(self) -> AIOKafkaConsumer:
        conf = self.app.conf
        return broker_of(self.app).consumer(
            client_id=f"{conf.id}-changelogs",
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            check_crcs=conf.broker_check_crcs,
            max_partition_fetch_bytes=CHANGELOG_FETCH_BYTES,
            fetch_max_bytes=8 * CHANGELOG_FETCH_BYTES,
            fetch_max_wait_ms=CHANGELOG_FETCH_WAIT_MS,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
        )

    async def _resume(self) -> None:
        consumer = self.app.consumer
        # From here to resume_flow() nothing is awaited: a revocation comes before or after all.
        self._check()
        consumer.resume_partitions(consumer.sources())
        consumer.transactions.open()
        self.app.flow_control.resume()
        consumer.resume_flow()
        self.completed.set()
        self.tables.on_actives_ready()
        self.tables.on_standbys_ready()
        self.app.on_rebalance_end()
        await self.app._fetcher.maybe_start()  # noqa: SLF001
        consumer.serving()


@contextlib.contextmanager
def _no_collections() -> Iterator[None]:
    """Keep the cyclic garbage collector away: it walks the growing state again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class StateTableManager(TableManager):  # type: ignore[misc]
    """Faust's table manager with our recovery; the value of its setting `TableManager`."""

    _recovery: StateRecovery | None = None

    @property
    def recovery(self) -> StateRecovery:
        """Return the one recovery service."""
        if self._recovery is None:
            self._recovery = StateRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery

    async def on_start(self) -> None:
        """Register the changelogs and be ready for the first assignment, without Faust's pause."""
        await self._update_channels()
        await self.recovery.start()
