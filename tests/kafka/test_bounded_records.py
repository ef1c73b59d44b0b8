"""Bounded records: a batch of Kafka's is unpacked up to a bound, and one that is not does not stop its partition."""

from __future__ import annotations

import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import CorruptRecordException

from rater.kafka import unpacking
from rater.kafka.bounded_records import BATCH_BYTES_MAX, size_of
from rater.kafka.unpacking import UNPACKED_BYTES_MAX
from rater.kafka.unread import Unread
from tests.bombs import AT_MS, BOMBS, CODECS, pack, read, renumbered

PACKED = [codec for codec in CODECS if codec != "none"]
MEGA = 1024 * 1024

MEMORY_MEBIBYTES_MAX = 120
"""Of one consumer, above an honest one: room for unpacking, a batch's copy, one record's flood of headers."""
_MAKE = """
import pickle, sys
from tests.bombs import BOMBS
with open(sys.argv[2], "wb") as file:
    pickle.dump([bomb(sys.argv[1]) for bomb in BOMBS.values()], file)
"""
_READ = """
import pickle, sys
from tests.bombs import pack, read
def peak():
    # Not that of getrusage, which is the parent's, too.
    return int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0]) // 1024
with open(sys.argv[1], "rb") as file:
    bombs = pickle.load(file)
list(read(pack([b"x"])))
before = peak()
for bomb in bombs:
    list(read(bomb))
print(peak() - before)
"""


@pytest.mark.parametrize("codec", CODECS)
def test_what_is_small_is_read_whatever_packs_it(codec: str) -> None:
    records = list(read(pack([b"a", b"b"], codec, headers=[("h", b"1")])))

    assert [(r.offset, r.key, r.value, r.timestamp) for r in records] == [
        (0, b"acme", b"a", AT_MS),
        (1, b"acme", b"b", AT_MS + 1),
    ]
    assert list(records[0].headers) == [("h", b"1")]


@pytest.mark.parametrize("codec", PACKED)
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_one_unread_that_names_its_records(codec: str, bomb: str) -> None:
    packed = BOMBS[bomb](codec)
    good = pack([b"good"], codec)
    last = 0 if bomb in ("one", "headers") else 19
    reader = read(packed + renumbered(good, last + 1))

    unread, after = list(reader)

    assert isinstance(unread, Unread)
    assert (unread.offset, unread.last_offset) == (0, last)
    assert (unread.topic, unread.partition, unread.value, unread.key) == (
        "cdr.raw.v1",
        0,
        None,
        None,
    )
    assert "bytes when unpacked" in unread.why or "headers" in unread.why
    assert (after.offset, after.value) == (last + 1, b"good")
    assert reader.next_fetch_offset == last + 2


@pytest.mark.parametrize("codec", PACKED)
def test_what_just_fits_is_unpacked(codec: str) -> None:
    value = b"\0" * (UNPACKED_BYTES_MAX - 100)

    (record,) = read(pack([value], codec))

    assert record.value == value


@pytest.mark.parametrize("codec", PACKED)
def test_bombs_take_no_more_memory_than_the_bound(codec: str, tmp_path: Path) -> None:
    """Method: made in a process that may grow, read in another whose peak is measured."""
    path = str(tmp_path / "bombs")
    subprocess.run([sys.executable, "-c", _MAKE, codec, path], check=True)
    done = subprocess.run(
        [sys.executable, "-c", _READ, path], check=True, capture_output=True, text=True
    )

    assert int(done.stdout) < MEMORY_MEBIBYTES_MAX


def test_of_what_a_fetch_brings_so_much_is_taken_and_the_rest_is_fetched_again() -> None:
    values = [b"%d" % n + b" " * MEGA for n in range(24)]
    packed = pack(values)
    taken: list[Any] = []
    rounds = 0
    while not taken or taken[-1].offset < 23:
        reader = read(packed, taken[-1].offset + 1 if taken else 0)
        part = list(reader)
        assert sum(map(size_of, part)) < BATCH_BYTES_MAX + 2 * MEGA
        assert reader.next_fetch_offset == part[-1].offset + 1
        taken += part
        rounds += 1

    assert [record.value for record in taken] == values
    assert rounds == 2


def test_a_record_larger_than_a_batch_is_taken_alone() -> None:
    first, second = b"1" * (BATCH_BYTES_MAX + MEGA), b"2"
    packed = pack([first, second])

    assert [r.value for r in read(packed)] == [first]
    assert [r.value for r in read(packed, 1)] == [second]


def test_many_small_headers_count_for_what_they_take() -> None:
    packed = pack([b"{}"] * 100, headers=[("a", b"")] * 20_000)
    taken = list(read(packed))

    assert 1 <= len(taken) < 10


def test_a_header_whose_name_is_no_text_does_not_stop_the_partition() -> None:
    packed = pack([b"good", b"bad", b"gone"], "none", headers=[("name", b"")])
    at = packed.index(b"bad")
    hostile = bytearray(packed)
    place = hostile.index(b"name", at)
    hostile[place : place + 2] = b"\xff\xfe"
    reader = read(_with_checksum(bytes(hostile)) + renumbered(pack([b"after"]), 3))

    good, unread, after = list(reader)

    assert good.value == b"good"
    assert isinstance(unread, Unread)
    assert (unread.offset, unread.last_offset) == (1, 2)
    assert after.value == b"after"


def test_a_batch_that_was_damaged_on_its_way_is_not_passed_over() -> None:
    packed = bytearray(pack([b"good", b"bad"]))
    packed[-3] ^= 1

    with pytest.raises(CorruptRecordException):
        list(read(bytes(packed)))


@pytest.mark.parametrize(
    ("decode", "payload", "why"),
    [
        (unpacking.gunzip, zlib.compress(b"x", wbits=31)[:-9], "breaks off"),
        (unpacking.gunzip, zlib.compress(b"", wbits=31) * 100, "members"),
        (unpacking.unsnap, b"\x82SNAPPY\0" + b"\0" * 8 + b"\xff\xff\xff\xfc", "block of -4 bytes"),
        (unpacking.unsnap, b"\x82SNAPPY\0" + b"\0" * 8 + b"\0\0\0\0", "block of 0 bytes"),
        (unpacking.unsnap, b"\x82SNAPPY\0" + b"\0" * 8 + b"\0\0", "breaks off"),
        (unpacking.unsnap, b"\xff\xff\xff\xff\x0f", "when unpacked"),
        (unpacking.unsnap, b"\xff", "length that breaks off"),
        (unpacking.unzstd, b"no zstd", "Unknown frame"),
        (unpacking.unlz4, b"no lz4", "."),
    ],
)
def test_what_cannot_be_unpacked_is_said(decode: Any, payload: bytes, why: str) -> None:
    with pytest.raises(unpacking.UnpackError, match=why):
        decode(payload)


def test_gzip_of_several_members_is_one_text() -> None:
    assert unpacking.gunzip(zlib.compress(b"a", wbits=31) + zlib.compress(b"b", wbits=31)) == b"ab"


def _with_checksum(packed: bytes) -> bytes:
    """Return a batch with the checksum of what it holds; it covers all from the attributes on."""
    from aiokafka.record.util import calc_crc32c  # noqa: PLC0415

    checksum: int = calc_crc32c(packed[21:])
    return packed[:17] + checksum.to_bytes(4, "big") + packed[21:]
