"""Bombs: batches of Kafka's as a producer would send them, small when packed and huge, or hostile, when not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from rater.kafka.bounded_records import bound_unpacking

CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
AT_MS = 1_793_610_600_000
Headers = Sequence[tuple[str, bytes]]


def pack(
    values: Iterable[bytes], codec: str = "gzip", headers: Headers = (), key: bytes = b"acme"
) -> bytes:
    """Return a batch as it goes over the wire."""
    builder = BatchBuilder(2**31 - 1, CODECS[codec], is_transactional=False)
    for number, value in enumerate(values):
        builder.append(timestamp=AT_MS + number, key=key, value=value, headers=list(headers))
    return bytes(builder._build())


def read(packed: bytes, first_offset: int = 0) -> fetcher.PartitionRecords:
    """Return the client's iterator over what a fetch has brought."""
    bound_unpacking()
    return fetcher.PartitionRecords(
        TopicPartition("cdr.raw.v1", 0),
        MemoryRecords(packed),
        [],
        first_offset,
        None,
        None,
        True,
        1,
    )


def renumbered(packed: bytes, base_offset: int) -> bytes:
    """Return a batch at another place of its partition; its checksum does not cover that."""
    return base_offset.to_bytes(8, "big") + packed[8:]


NESTED = b'{"a":[' * 9_000 + b"]}" * 9_000
MEGA = 1024 * 1024
BOMBS: dict[str, Callable[[str], bytes]] = {
    "blanks": lambda codec: pack([b" " * 3 * MEGA] * 20, codec),
    "nested": lambda codec: pack([NESTED * 42] * 20, codec),
    "wide": lambda codec: pack([b"[" + b"1," * (3 * MEGA // 2) + b"1]"] * 20, codec),
    "long": lambda codec: pack([b'{"note":"' + b"x" * 3 * MEGA + b'"}'] * 20, codec),
    "keys": lambda codec: pack([b"{}"] * 20, codec, key=b"k" * 3 * MEGA),
    "one": lambda codec: pack([b"\0" * 200 * MEGA], codec),
    "headers": lambda codec: pack([b"{}"], codec, headers=[("", b"")] * 2 * MEGA),
}
"""Batches that hold far more than they are, each with 20 records or fewer; made when they are asked for."""
