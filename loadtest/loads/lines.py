"""Lines: a record of traffic as a line of JSON, and back; what is a CDR of its tenant stands there as it is sent.

A record that says itself where it goes (its key is its `tenant_id`, its partition that of the key) is its own line.
Any other, such as one that cannot be read or lies elsewhere, is wrapped: `{"_record":{"key":...,"partition":...,
"value_b64":...}}`, without a value where it has none.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

import msgspec

from loadtest.loads.faults import LoadError
from topics.partitioner import partition_of

if TYPE_CHECKING:
    from loadtest.accounts import Record


class Wrapped(msgspec.Struct, frozen=True, omit_defaults=True):
    """A record that does not say itself where it goes. `value_b64`: its bytes; None: it has none."""

    key: str
    partition: int
    value_b64: str | None = None


class Wrapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The line of such a record."""

    record: Wrapped = msgspec.field(name="_record")


class _Line(msgspec.Struct, frozen=True):
    tenant_id: str = ""
    record: Wrapped | None = msgspec.field(name="_record", default=None)


_read = msgspec.json.Decoder(_Line).decode
_encode = msgspec.json.Encoder().encode


def line_of(record: Record, partitions: int) -> bytes:
    """Return the line of a record, without its end."""
    partition, key, value = record
    if value is not None and _says_itself(record, value, partitions):
        return value
    encoded = None if value is None else b64encode(value).decode()
    return _encode(Wrapping(Wrapped(key.decode(), partition, encoded)))


def _says_itself(record: Record, value: bytes, partitions: int) -> bool:
    partition, key, _ = record
    if b"\n" in value or value != value.strip():
        return False
    try:
        value.decode()
        said = _read(value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
    is_its_own = said.record is None and said.tenant_id.encode() == key
    return is_its_own and partition_of(key, partitions) == partition


def record_of(line: bytes, partitions: int) -> Record:
    """Return the record of a line; LoadError says what is wrong with one that has none."""
    try:
        said = _read(line)
        if said.record is None:
            if not said.tenant_id:
                raise LoadError("tenant_id: must be there, found none")
            key = said.tenant_id.encode()
            return partition_of(key, partitions), key, line
        encoded = said.record.value_b64
        value = None if encoded is None else b64decode(encoded, validate=True)
    except (msgspec.MsgspecError, UnicodeDecodeError, binascii.Error) as error:
        raise LoadError(f"must be a CDR or a wrapped record: {error}") from None
    if not 0 <= said.record.partition < partitions:
        found = said.record.partition
        raise LoadError(f"_record.partition: must be 0 to {partitions - 1}, found {found}")
    return said.record.partition, said.record.key.encode(), value
