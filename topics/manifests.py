"""The batch manifest: what one charging batch did, and the ids it remembered.

A manifest record's value is one line of JSON (the header: offset range, counts per outcome), a
newline, then the packed ids, 28 bytes each. The ids of all manifests of a partition, in the order
of their offsets, are the charge index (D8): the same id again means that the later one holds.

One packed id, little endian, no padding:

    bytes  0-15  hash     XXH3-128 digest (canonical, 16 bytes) of a key (`cdr_key`, `head_key`, `lot_key`, ...)
    bytes 16-19  content  hash of what decides the charge, or of what a command says; of a head the version
    bytes 20-24  place    offset of the ledger entry, or of the suspense record, in the partition
                          of the same number
    byte     25  state    an IdState
    bytes 26-27  day      days since 1970-01-01 of the stream time that the window is applied to
"""

from __future__ import annotations

import json
import struct
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from topics.keys import encoded

if TYPE_CHECKING:
    from collections.abc import Iterable

ID_BYTES = 28
HASH_BYTES = 16
CONTENT_MAX = (1 << 32) - 1
PLACE_MAX = (1 << 40) - 1
DAY_MAX = (1 << 16) - 1

_PLACE_BITS = 40
_STATE_BITS = 8
_LAYOUT = struct.Struct("<16sIQ")
assert _LAYOUT.size == ID_BYTES


class IdState(IntEnum):
    """What became of a remembered id."""

    CHARGED = 1
    SUSPENDED = 2
    COMMAND = 3
    HEAD = 4
    """Which version of a CDR stands, by `head_key`: content is the version, place that of its entry."""
    SUPERSEDED = 5
    """A first version that has not come: a later one has been charged, at this place."""
    VOIDED = 6
    """Likewise, and the later one is a void."""


class RememberedId(NamedTuple):
    """One id that a batch remembered; the fields are those of the module's layout table."""

    hash: bytes
    content: int
    place: int
    state: IdState
    day: int


def cdr_key(tenant_id: str, cdr_id: str, version: int) -> bytes:
    """Return what a CDR's hash is made of: no two CDRs and no command share a key.

    >>> cdr_key("acme", "sw7-000123", 1)
    b'cdr 1 4 acme sw7-000123'
    """
    return encoded(f"cdr {version} {len(tenant_id)} {tenant_id} {cdr_id}")


def head_key(tenant_id: str, cdr_id: str) -> bytes:
    """Return what a head's hash is made of: of a CDR with a later version, the one that stands."""
    return encoded(f"head {len(tenant_id)} {tenant_id} {cdr_id}")


def command_key(topic: str, tenant_id: str, command_id: str) -> bytes:
    """Return what a command's hash is made of: who may write to one topic takes no ids away on another."""
    return encoded(f"command {topic} {len(tenant_id)} {tenant_id} {command_id}")


def pack_ids(ids: Iterable[RememberedId]) -> bytes:
    """Pack ids for a manifest. A field out of its range: ValueError with field and value."""
    return b"".join(_pack(remembered) for remembered in ids)


def unpack_ids(ids: bytes) -> list[RememberedId]:
    """Read packed ids back. A cut-off id or an unknown state: ValueError with the reason."""
    check_ids_length(ids)
    return [_unpack(*fields) for fields in _LAYOUT.iter_unpack(ids)]


def join_manifest(header: bytes, ids: bytes) -> bytes:
    """Make a manifest record's value of its header (a JSON object on one line) and packed ids."""
    if b"\n" in header:
        message = f"manifest header: a newline at byte {header.index(10)}, must be one line"
        raise ValueError(message)
    check_ids_length(ids)
    return header + b"\n" + ids


def split_manifest(value: bytes) -> tuple[dict[str, Any], bytes]:
    """Take a manifest record's value apart into header and packed ids.

    Bytes that are no manifest: ValueError with the reason. The ids are not looked at: whether they are
    ours is said by the header. `check_ids` holds them against it, `unpack_ids` reads them.
    """
    line, newline, ids = value.partition(b"\n")
    if not newline:
        message = f"manifest: no newline after the header in {len(value)} bytes"
        raise ValueError(message)
    return _read_header(line), ids


def check_ids(header: dict[str, Any], ids: bytes) -> None:
    """Refuse packed ids that are not as many as the header says, with a ValueError."""
    count = header.get("ids")
    if type(count) is not int or count * ID_BYTES != len(ids):
        message = (
            f"manifest ids: {count} of {ID_BYTES} bytes, as the header says, found {len(ids)} bytes"
        )
        raise ValueError(message)


def check_ids_length(ids: bytes) -> None:
    """Refuse packed ids whose last one is cut off, with a ValueError."""
    if len(ids) % ID_BYTES:
        message = f"manifest ids: {len(ids)} bytes, must be a multiple of {ID_BYTES}"
        raise ValueError(message)


def _pack(remembered: RememberedId) -> bytes:
    if len(remembered.hash) != HASH_BYTES:
        message = f"manifest id hash: {remembered.hash!r}, must be {HASH_BYTES} bytes"
        raise ValueError(message)
    _check_range("content", remembered.content, CONTENT_MAX)
    _check_range("place", remembered.place, PLACE_MAX)
    _check_range("day", remembered.day, DAY_MAX)
    high = IdState(remembered.state) | remembered.day << _STATE_BITS
    tail = remembered.place | high << _PLACE_BITS
    return _LAYOUT.pack(remembered.hash, remembered.content, tail)


def _unpack(digest: bytes, content: int, tail: int) -> RememberedId:
    state = IdState(tail >> _PLACE_BITS & (1 << _STATE_BITS) - 1)
    day = tail >> _PLACE_BITS + _STATE_BITS
    return RememberedId(digest, content, tail & PLACE_MAX, state, day)


def _check_range(field: str, value: int, most: int) -> None:
    if not 0 <= value <= most:
        message = f"manifest id {field}: {value}, must be 0 to {most}"
        raise ValueError(message)


def _read_header(line: bytes) -> dict[str, Any]:
    try:
        header = json.loads(line, parse_constant=_refuse_constant)
    except RecursionError:
        message = f"manifest header: nested too deep: {line[:80]!r}"
        raise ValueError(message) from None
    except ValueError as error:
        message = f"manifest header: not JSON ({error}): {line[:80]!r}"
        raise ValueError(message) from error
    if not isinstance(header, dict):
        message = f"manifest header: {line[:80]!r}, must be a JSON object"
        raise ValueError(message)  # noqa: TRY004  # One kind of error for bad bytes.
    return header


def _refuse_constant(constant: str) -> NoReturn:
    message = f"{constant} is not JSON"
    raise ValueError(message)
