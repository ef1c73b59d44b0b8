"""Batches: one chunk of records of one partition, delivered as a single Faust event.

Start reading here for the transport; the order is batches, consumer, transactions, tables,
recovery, transport.

Declare a topic with `schema=BatchSchema()` and its agent gets `RecordBatch` objects. A worker's
consumer scheduler is `BatchScheduler`: it fixes how many records a chunk holds at most, of how many
partitions chunks are at work at the same time, and which topics go first when several have been fetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import faust
from faust.transport.utils import DefaultSchedulingStrategy

from rater.kafka.bounded_records import RECORDS_PER_BATCH
from rater.shell.stream.turns import PARTITIONS_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    from faust.types import TP


class SourceRecord(Protocol):
    """What a step sees of a record; topic and partition are the batch's."""

    @property
    def offset(self) -> int:
        """Offset in the partition."""

    @property
    def timestamp(self) -> int:
        """Milliseconds since 1970: the producer's, or the broker's where the topic says so."""

    @property
    def key(self) -> bytes | None:
        """The key."""

    @property
    def value(self) -> bytes | None:
        """The value; None is a tombstone."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes]]:
        """The headers."""


@dataclass(frozen=True, slots=True, eq=False)
class RecordBatch:
    """Consecutive records of one partition, in order, never none."""

    tp: TP
    records: Sequence[SourceRecord]
    start_offset: int
    """Where the batch before ended: at most `first_offset`, less where transaction markers or
    compacted records lie between."""
    next_offset: int
    """The source offset to commit with this batch: markers read past the last record included."""

    @property
    def first_offset(self) -> int:
        """Offset of the first record."""
        return self.records[0].offset

    @property
    def last_offset(self) -> int:
        """Offset of the last record."""
        return self.records[-1].offset

    def __len__(self) -> int:
        """Count the records."""
        return len(self.records)

    def cut(self, records: int) -> tuple[RecordBatch, RecordBatch | None]:
        """Return the batch of so many first records, at least one, and that of the rest, if there is any."""
        if records == len(self.records):
            return self, None
        end = self.records[records].offset
        first = RecordBatch(self.tp, self.records[:records], self.start_offset, end)
        return first, RecordBatch(self.tp, self.records[records:], end, self.next_offset)


class BatchScheduler(DefaultSchedulingStrategy):  # type: ignore[misc]
    """The order in which fetched batches reach their agents.

    Faust calls the setting `ConsumerScheduler` without arguments: `batch_scheduler()` binds them.
    """

    def __init__(
        self,
        first: Sequence[str] = (),
        records_per_batch: int = RECORDS_PER_BATCH,
        partitions_at_once: int = PARTITIONS_AT_ONCE,
    ) -> None:
        """Put topics named in `first` before all others, the earliest named earliest."""
        if records_per_batch < 1:
            raise ValueError(f"records_per_batch must be at least 1, not {records_per_batch}")
        if partitions_at_once < 1:
            raise ValueError(f"partitions_at_once must be at least 1, not {partitions_at_once}")
        self.records_per_batch = records_per_batch
        self.partitions_at_once = partitions_at_once
        self._rank = {topic: rank for rank, topic in enumerate(first)}
        self._turn = 0

    def iterate(self, records: Mapping[TP, RecordBatch]) -> Iterator[tuple[TP, RecordBatch]]:
        """Yield each partition's batch once; among equals another partition begins every time."""
        last = len(self._rank)
        batches = sorted(records)
        self._turn = turn = (self._turn + 1) % max(len(batches), 1)
        batches = batches[turn:] + batches[:turn]
        batches.sort(key=lambda tp: self._rank.get(tp.topic, last))
        for tp in batches:
            yield tp, records[tp]


def batch_scheduler(
    first: Sequence[str] = (),
    records_per_batch: int = RECORDS_PER_BATCH,
    partitions_at_once: int = PARTITIONS_AT_ONCE,
) -> Callable[[], BatchScheduler]:
    """Make the value for Faust's setting `ConsumerScheduler`."""
    # The setting is checked at once, not when the consumer is made.
    BatchScheduler(first, records_per_batch, partitions_at_once)

    def scheduler() -> BatchScheduler:
        return BatchScheduler(first, records_per_batch, partitions_at_once)

    return scheduler


class BatchSchema(faust.Schema):  # type: ignore[misc]
    """The schema of a batch topic: nothing is decoded here, bad bytes are the step's business."""

    def compile(self, app: Any, **_options: Any) -> Callable[..., Awaitable[Any]]:
        """Return the function that makes a Faust event of a message."""
        create_event = app.create_event

        async def decode(message: Any, *, propagate: bool = False) -> Any:  # noqa: ARG001
            return create_event(None, message.value, None, message)

        return decode
