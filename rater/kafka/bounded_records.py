"""Bounded records: what a fetch has brought of one partition, for any consumer of this process; R13.

1. A compressed batch is unpacked up to a bound (`unpacking`).
2. One that is not unpacked, or not to its end, does not stop the partition: an `Unread` stands in its place.
3. What one fetch yields is bounded in bytes. aiokafka fetches the rest again, from the position that was reached.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.errors import UnsupportedCodecError

from rater.kafka import unpacking
from rater.kafka.unread import Unread

RECORDS_PER_BATCH = 10_000
"""The most that a batch may have: the ids in its manifest take 40 bytes each, and a record of ours is below 1 MB."""
BATCH_BYTES_MAX = 16 * 1024 * 1024
"""Decoded bytes of what one fetch yields, keys and headers included; a larger record comes alone."""
RECORD_BYTES = 100
HEADER_BYTES = 150
"""What a record and a header take beside their bytes, about."""

_DECODERS = {
    "gzip_decode": unpacking.gunzip,
    "snappy_decode": unpacking.unsnap,
    "lz4_decode": unpacking.unlz4,
    "zstd_decode": unpacking.unzstd,
}
_NOT_OF_THE_BATCH = (MemoryError, UnsupportedCodecError)
"""Our own trouble: the same batch can be read elsewhere, or later."""


class _Batches:
    """The client's `MemoryRecords`, which remembers the batch that it gave last."""

    def __init__(self, batches: Any) -> None:
        self._batches = batches
        self.current: Any = None

    def has_next(self) -> bool:
        return bool(self._batches.has_next())

    def next_batch(self) -> Any:
        self.current = self._batches.next_batch()
        return self.current


class BoundedRecords(fetcher.PartitionRecords):  # type: ignore[misc]
    """The client's iterator over the records of one fetch."""

    next_fetch_offset: int
    _records_iterator: Any

    def __init__(self, tp: TopicPartition, records: Any, *options: Any) -> None:
        self._bytes_left = BATCH_BYTES_MAX
        self._batches = _Batches(records)
        super().__init__(tp, self._batches, *options)

    def __next__(self) -> Any:
        """Return the next record, or an `Unread`; StopIteration at the end, or when this is enough."""
        if self._bytes_left <= 0:
            # The position is that of the next record: it is fetched anew.
            self._records_iterator = None
            raise StopIteration
        try:
            record = next(self._records_iterator)
        except StopIteration:
            self._records_iterator = None
            raise
        except _NOT_OF_THE_BATCH:
            raise
        except Exception as error:  # noqa: BLE001  # Whatever a batch holds, the next one is read.
            return self._pass_over(error)
        self._bytes_left -= size_of(record)
        return record

    def _pass_over(self, error: Exception) -> Unread:
        """Go on after the batch that cannot be read; one that was damaged on its way here is not passed over."""
        batch = self._batches.current
        if batch is None or not _is_sound(batch):
            raise error
        first, self.next_fetch_offset = self.next_fetch_offset, batch.next_offset
        self._records_iterator = self._unpack_records()
        return Unread(
            topic=self._tp.topic,
            partition=self._tp.partition,
            offset=first,
            last_offset=batch.next_offset - 1,
            timestamp=batch.max_timestamp,
            why=f"a batch of Kafka's: {error or type(error).__name__}"[:500],
        )


def size_of(record: Any) -> int:
    """Return about how many bytes a record takes."""
    size = RECORD_BYTES
    if (value := record.value) is not None:
        size += len(value)
    if (key := record.key) is not None:
        size += len(key)
    if headers := record.headers:
        size += sum(len(name) + len(text or b"") + HEADER_BYTES for name, text in headers)
    return size


def _is_sound(batch: Any) -> bool:
    """Say whether the batch is as it was written."""
    try:
        return bool(batch.validate_crc())
    except AssertionError:
        # It has been unpacked: it was validated before.
        return True


def bound_unpacking() -> None:
    """Have every consumer of this process read so; once is enough, more do no harm."""
    fetcher.PartitionRecords = BoundedRecords
    for name, decode in _DECODERS.items():
        for module in ("default_records", "_crecords.default_records"):
            records = import_module(f"aiokafka.record.{module}")
            setattr(records, name, unpacking.with_few_headers(decode))
        for module in ("legacy_records", "_crecords.legacy_records"):
            if hasattr(records := import_module(f"aiokafka.record.{module}"), name):
                setattr(records, name, decode)
