"""Export: the ledger to files of a folder, each entry exactly once, by offsets, up to its end at the start."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import TopicPartition

from rater.kafka.broker import Broker
from rater.kafka.reading import read_to_end
from rater.shell.enquiries.enquiry import Enquiry
from rater.shell.enquiries.export_files import Writer, writer_of
from rater.shell.enquiries.export_folder import Beginning, ExportError, ExportFolder
from rater.views.ledger_columns import Cells, Place, cells_of
from topics.catalog import LEDGER

ROWS_AT_ONCE: Final = 10_000
"""Rows that are kept before they are written."""
ROWS_PER_FILE: Final = 1_000_000
_POLL_MS: Final = 500


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written."""

    name: str
    entries: int


@dataclass(frozen=True, slots=True)
class Export:
    """What is to be exported, and to where."""

    enquiry: Enquiry
    folder: ExportFolder
    since_ms: int | None
    rows_per_file: int = ROWS_PER_FILE

    async def run(self, told: Callable[[Written], None]) -> None:
        """Export what has come since the run before; ExportError where some is gone, or the folder is another's."""
        count = await self.enquiry.count_of(LEDGER)
        parts = [TopicPartition(LEDGER.name, number) for number in range(count)]
        async with _reading(self.enquiry.broker) as consumer:
            ends = await consumer.end_offsets(parts)
            starts = await consumer.beginning_offsets(parts)
            begun = self.folder.beginning()
            if begun is None:
                begun = await self._begin(consumer, starts, ends)
            goes_on = self.folder.next_offsets(begun)
            for part in parts:
                first = goes_on.get(part.partition, starts[part])
                _check(part, first, starts[part], ends[part])
                if first < ends[part]:
                    async for written in self._export(consumer, part, first, ends[part]):
                        told(written)

    async def _begin(
        self, consumer: Any, starts: dict[TopicPartition, int], ends: dict[TopicPartition, int]
    ) -> Beginning:
        if self.since_ms is not None:
            found = await consumer.offsets_for_times(dict.fromkeys(starts, self.since_ms))
            starts = {part: at.offset if at else ends[part] for part, at in found.items()}
        named = {str(part.partition): offset for part, offset in starts.items()}
        beginning = Beginning(self.folder.topic, self.folder.form, self.since_ms, named)
        self.folder.begin(beginning)
        return beginning

    async def _export(
        self, consumer: Any, part: TopicPartition, first: int, end: int
    ) -> AsyncIterator[Written]:
        """Yield the files of a partition from an offset to an end."""
        consumer.assign([part])
        consumer.seek(part, first)
        file = _File(self.folder, part.partition, first)
        async for fetched in read_to_end(consumer, {part: end}, _POLL_MS):
            for record in fetched.get(part, ()):
                if record.offset >= end:
                    break
                file.add(record)
                if file.entries == self.rows_per_file:
                    yield file.keep(record.offset + 1)
                    file = _File(self.folder, part.partition, record.offset + 1)
        if file.entries:
            yield file.keep(end)


class _File:
    """A file on its way."""

    def __init__(self, folder: ExportFolder, partition: int, first: int) -> None:
        self.entries = 0
        self._folder, self._partition, self._first = folder, partition, first
        self._rows: list[Cells] = []
        self._writer: Writer | None = None
        self._aside = folder.aside(partition)

    def add(self, record: Any) -> None:
        if record.value is None:
            return
        place = Place(record.partition, record.offset, record.timestamp)
        self._rows.append(cells_of(place, record.value))
        self.entries += 1
        if len(self._rows) == ROWS_AT_ONCE:
            self._write()

    def keep(self, until: int) -> Written:
        """End the file, which has all up to an offset, and give it its name."""
        self._write()
        assert self._writer is not None
        self._writer.close()
        name = self._folder.keep(self._aside, self._partition, self._first, until)
        return Written(name, self.entries)

    def _write(self) -> None:
        if self._writer is None:
            self._writer = writer_of(self._folder.form, self._aside)
        if self._rows:
            self._writer.add(self._rows)
            self._rows.clear()


def _check(part: TopicPartition, first: int, start: int, end: int) -> None:
    """Refuse to go on where entries are missing, or never were."""
    where = f"{part.topic}, partition {part.partition}"
    if first < start:
        raise ExportError(
            f"{where}: goes on at offset {first}, and the broker keeps nothing before {start}: what lies between is "
            "gone (retention); name another folder to begin anew"
        )
    if first > end:
        raise ExportError(
            f"{where}: goes on at offset {first}, and the topic ends at {end}: another Kafka, or a topic that was made "
            "anew; name another folder"
        )


@asynccontextmanager
async def _reading(broker: Broker) -> AsyncIterator[Any]:
    consumer = broker.consumer(
        group_id=None,
        enable_auto_commit=False,
        isolation_level="read_committed",
        max_partition_fetch_bytes=LEDGER.max_message_bytes,
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()
