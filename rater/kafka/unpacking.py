"""Unpacking: what a compressed batch of Kafka holds, up to a bound; R13.

The client unpacks a whole batch before anybody sees a record of it, and one megabyte can hold gigabytes. These are its
four decoders with a bound: what holds more is refused while it is unpacked, never after. A record of many headers is
refused, too: each of them, two bytes long, becomes a hundred bytes of Python.
"""

from __future__ import annotations

import threading
import zlib
from struct import unpack_from
from typing import TYPE_CHECKING, Any

from aiokafka import codec

if TYPE_CHECKING:
    from collections.abc import Callable

UNPACKED_BYTES_MAX = 32 * 1024 * 1024
"""What one batch of Kafka's may unpack to; of a larger one no record is read (A30)."""
LARGE_RECORD_BYTES = 2 * 1024 * 1024
HEADERS_MAX = 1_000
"""Of a record that is larger than LARGE_RECORD_BYTES."""
GZIP_MEMBERS_MAX = 16
"""A producer writes one; each more makes the rest be copied once."""
_GZIP_BITS = 31
_XERIAL_MAGIC = b"\x82SNAPPY\x00"
_XERIAL_HEADER_BYTES = 16
_VARINT_BYTES_MAX = 5

_room = threading.local()


class UnpackError(Exception):
    """A batch that is not unpacked; the message says why."""


def gunzip(payload: Any) -> bytes:
    """Unpack gzip."""
    parts, left, rest = [], UNPACKED_BYTES_MAX, bytes(payload)
    for _ in range(GZIP_MEMBERS_MAX):
        unzip = zlib.decompressobj(_GZIP_BITS)
        part = unzip.decompress(rest, left + 1)
        left -= len(part)
        if left < 0:
            raise _too_large()
        if not unzip.eof:
            raise UnpackError("gzip that breaks off")
        parts.append(part)
        rest = unzip.unused_data.lstrip(b"\0")
        if not rest:
            return b"".join(parts)
    raise UnpackError(f"gzip of more than {GZIP_MEMBERS_MAX} members")


def unzstd(payload: Any) -> bytes:
    """Unpack zstd."""
    return _into_room(codec.cramjam.zstd.decompress_into, payload)


def unlz4(payload: Any) -> bytes:
    """Unpack lz4."""
    return _into_room(codec.cramjam.lz4.decompress_into, payload)


def unsnap(payload: Any) -> bytes:
    """Unpack snappy: one block, or the many of the Java client's stream."""
    packed = bytes(payload)
    if not packed.startswith(_XERIAL_MAGIC):
        return _unsnap_block(packed, UNPACKED_BYTES_MAX)
    parts, left, at = [], UNPACKED_BYTES_MAX, _XERIAL_HEADER_BYTES
    while at < len(packed):
        if at + 4 > len(packed):
            raise UnpackError("snappy that breaks off")
        (size,) = unpack_from("!i", packed, at)
        at += 4
        if not 0 < size <= len(packed) - at:
            raise UnpackError(f"snappy with a block of {size} bytes where {len(packed) - at} are")
        parts.append(_unsnap_block(packed[at : at + size], left))
        left -= len(parts[-1])
        at += size
    return b"".join(parts)


def with_few_headers(decode: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    """Return a decoder that refuses batches in which a large record has too many headers."""

    def unpack(payload: Any) -> bytes:
        records = decode(payload)
        if len(records) > LARGE_RECORD_BYTES:
            _check_headers(records)
        return records

    return unpack


def _too_large() -> UnpackError:
    return UnpackError(f"more than {UNPACKED_BYTES_MAX} bytes when unpacked")


def _into_room(decompress_into: Callable[[Any, Any], int], payload: Any) -> bytes:
    """Unpack into memory of the largest size that is allowed; each thread keeps its own."""
    room = getattr(_room, "bytes", None)
    if room is None:
        # Fresh memory takes space where it is written only.
        room = _room.bytes = bytearray(UNPACKED_BYTES_MAX)
    try:
        size = decompress_into(bytes(payload), room)
    except codec.cramjam.DecompressionError as error:
        raise (_too_large() if "whole buffer" in str(error) else UnpackError(str(error))) from error
    return bytes(memoryview(room)[:size])


def _unsnap_block(block: bytes, bytes_max: int) -> bytes:
    size, _ = _varint(block, 0)
    if size > bytes_max:
        raise _too_large()
    try:
        return bytes(codec.cramjam.snappy.decompress_raw(block))
    except codec.cramjam.DecompressionError as error:
        raise UnpackError(str(error)) from error


def _check_headers(records: bytes) -> None:
    """Look at the records that are large enough to hold a flood of headers."""
    at = 0
    while at < len(records):
        length, at = _zigzag(records, at)
        if length <= 0:
            return  # The client's own parser says what is wrong.
        if length > LARGE_RECORD_BYTES and (count := _headers(records, at)) > HEADERS_MAX:
            raise UnpackError(f"a record with {count} headers, at most {HEADERS_MAX} are read")
        at += length


def _headers(records: bytes, at: int) -> int:
    """Return how many headers a record has that begins, after its length, at a place."""
    _, at = _zigzag(records, at + 1)  # Attributes, then the time.
    _, at = _zigzag(records, at)
    for _ in ("key", "value"):
        size, at = _zigzag(records, at)
        at += max(size, 0)
    return _zigzag(records, at)[0]


def _zigzag(text: bytes, at: int) -> tuple[int, int]:
    """Read a signed number of variable length; return it and the place after it."""
    raw, at = _varint(text, at, 2 * _VARINT_BYTES_MAX)
    return raw >> 1 ^ -(raw & 1), at


def _varint(text: bytes, at: int, bytes_max: int = _VARINT_BYTES_MAX) -> tuple[int, int]:
    value = shift = 0
    for place in range(at, min(at + bytes_max, len(text))):
        byte = text[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004  # The highest bit says that another byte follows.
            return value, place + 1
        shift += 7
    raise UnpackError("a length that breaks off")
