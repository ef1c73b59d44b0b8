"""What we write, as bytes: entries, events and statuses as they are, suspense records and dead letters."""

from base64 import b64encode

import msgspec

from rater.core.account import Account
from rater.core.cdr import Cdr, Source
from rater.core.suspension import Suspension
from rater.wire.malformed import Malformed

VALUE_KEPT_MAX = 4 * 1024 * 1024
KEY_KEPT_MAX = 64 * 1024
"""What a dead letter keeps of a record: all that a source topic takes. Compressed, a record can be any size."""

OUTPUT_KEY_MAX = 1_024
"""Longest key that our records take over: a tenant's is far shorter, and a poisoned one can be megabytes."""

encode = msgspec.json.Encoder().encode
"""Any entry, event or status to JSON."""


class SuspendedRecord(msgspec.Struct, omit_defaults=True):
    """A readable CDR that waits, whole, with the reason."""

    suspense_id: str
    reason: str
    detail: str
    tenant_id: str
    cdr_id: str
    version: int
    at_ms: int
    source_topic: str
    source_partition: int
    source_offset: int
    cdr: str
    belongs_to_partition: int | None = None
    settings_version: int | None = None


class DeadRecord(msgspec.Struct, omit_defaults=True):
    """Bytes we could not read, whole, with the reason."""

    dead_id: str
    reason: str
    detail: str
    at_ms: int
    source_topic: str
    source_partition: int
    source_offset: int
    field: str | None = None
    key_b64: str | None = None
    value_b64: str | None = None


def encode_suspended(
    cdr: Cdr, value: bytes, source: Source, why: Suspension, belongs_to: int | None = None
) -> bytes:
    """Return the suspense record of a CDR; `belongs_to` is its right partition, where it lies in another."""
    return encode(
        SuspendedRecord(
            _place(source),
            why.reason,
            why.detail[:1000],
            cdr.tenant_id,
            cdr.cdr_id,
            cdr.version,
            source.at_ms,
            source.topic,
            source.partition,
            source.offset,
            value.decode(),
            belongs_to,
            why.settings_version,
        )
    )


def encode_dead(key: bytes | None, value: bytes | None, source: Source, why: Malformed) -> bytes:
    """Return the dead letter of a record: whole, unless it is larger than any dead letter could be."""
    cut = _cut("key", key, KEY_KEPT_MAX) + _cut("value", value, VALUE_KEPT_MAX)
    return encode(
        DeadRecord(
            _place(source),
            why.reason,
            f"{cut}{why.detail}"[:1000],
            source.at_ms,
            source.topic,
            source.partition,
            source.offset,
            why.field,
            None if key is None else b64encode(key[:KEY_KEPT_MAX]).decode(),
            None if value is None else b64encode(value[:VALUE_KEPT_MAX]).decode(),
        )
    )


def output_key(key: bytes | None) -> bytes | None:
    """Return the key for a record about a record with this key."""
    return key if key is None or len(key) <= OUTPUT_KEY_MAX else key[:OUTPUT_KEY_MAX]


def _cut(name: str, text: bytes | None, kept: int) -> str:
    """Return what must be said of a part that is not kept whole."""
    if text is None or len(text) <= kept:
        return ""
    return f"{name}: {len(text)} bytes, of which the first {kept} are kept; "


def expire_command(account: Account, due_ms: int) -> bytes:
    """Return the command that expires what is due in an account.

    Its id names the account's sequence number: sent again it is a duplicate, unless the account has changed.
    """
    return encode(
        {
            "type": "expire_lots",
            "command_id": f"expire/{account.tenant_id}/{due_ms}/{account.seq}",
            "tenant_id": account.tenant_id,
            "due_ms": due_ms,
        }
    )


def _place(source: Source) -> str:
    return f"{source.topic}/{source.partition}/{source.offset}"
