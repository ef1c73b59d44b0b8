"""What we write, as bytes: entries, events and statuses as they are, suspense records and dead letters."""

from base64 import b64encode
from hashlib import sha256
from typing import cast

import msgspec

from rater.core.account.account import Account
from rater.core.account.calendar import month_of, next_month_ms
from rater.core.cdr import Cdr, Source
from rater.core.charging_settings import ChargingSettings
from rater.core.limits import DAY_MS, DEAD_BYTES_KEPT_MAX
from rater.core.pricing.masking import Masks
from rater.core.suspension import Suspension
from rater.wire.malformed import Malformed
from rater.wire.masking import masked_detail, masked_json, masked_text
from topics.records import Dead, DeadReason, OpenSuspense, Suspended, SuspenseReason

OUTPUT_KEY_MAX = 1_024
"""Longest key that our records take over: a tenant's is far shorter, and a poisoned one can be megabytes."""

_encoder = msgspec.json.Encoder()
encode = _encoder.encode
"""Any entry, event or status to JSON."""
encode_into = _encoder.encode_into
"""The same into a buffer, whose length is then that of the JSON."""


def encode_suspended(  # noqa: PLR0913, PLR0917
    cdr: Cdr,
    value: bytes,
    source: Source,
    why: Suspension,
    belongs_to: int | None = None,
    settings: ChargingSettings | None = None,
    kept: bool = False,  # noqa: FBT001, FBT002
) -> bytes:
    """Return the suspense record of a CDR; `belongs_to`: its right partition; `kept`: whether charging keeps it."""
    masks, named = _decided(settings, source)
    return encode(
        Suspended(
            _place(source),
            cast("SuspenseReason", why.reason),
            masked_detail(why.detail, masks)[:1000],
            cdr.tenant_id,
            cdr.cdr_id,
            cdr.version,
            source.at_ms,
            source.topic,
            source.partition,
            source.offset,
            masked_json(value, masks).decode(),
            belongs_to,
            named if why.settings_version is None else why.settings_version,
            kept,
        )
    )


def encode_dead(  # noqa: PLR0913, PLR0917
    key: bytes | None,
    value: bytes | None,
    source: Source,
    why: Malformed,
    last_offset: int | None = None,
    settings: ChargingSettings | None = None,
) -> bytes:
    """Return the dead letter of a record, or of all up to `last_offset`; `settings` say what of a CDR is hidden."""
    masks, named = _decided(settings, source)
    return encode(
        Dead(
            _place(source),
            cast("DeadReason", why.reason),
            masked_detail(why.detail, masks)[:1000],
            source.at_ms,
            source.topic,
            source.partition,
            source.offset,
            why.field,
            last_offset,
            *_kept(key),
            *_kept(value, masks),
            named,
        )
    )


def _decided(settings: ChargingSettings | None, source: Source) -> tuple[Masks, int | None]:
    """Return what settings hide, and their version where it has to be named."""
    if settings is None:
        return (), None
    return settings.number_masks, settings.named_at(source.at_ms)


def output_key(key: bytes | None) -> bytes | None:
    """Return the key for a record about a record with this key."""
    return key if key is None or len(key) <= OUTPUT_KEY_MAX else key[:OUTPUT_KEY_MAX]


def _kept(text: bytes | None, masks: Masks = ()) -> tuple[str | None, int | None, str | None]:
    """Return what a dead letter keeps of a text, and of one that is cut its length and digest."""
    if text is None:
        return None, None, None
    if len(text) <= DEAD_BYTES_KEPT_MAX:
        return b64encode(masked_text(text, masks)).decode(), None, None
    kept = b64encode(masked_text(text[:DEAD_BYTES_KEPT_MAX], masks)).decode()
    return kept, len(text), sha256(text).hexdigest()


def timer_command(account: Account, due_ms: int) -> bytes:
    """Return the command for an account that is due: a new month, which asks for what lots do, too; or its lots."""
    if account.carry_ms <= due_ms:
        return carry_command(account)
    return expire_command(account, due_ms)


def carry_command(account: Account) -> bytes:
    """Return the command that carries an account forward; its id names when: sent again it is a duplicate."""
    carry_ms = account.carry_ms
    is_of_utc = next_month_ms(carry_ms - 1) == carry_ms
    return encode(
        {
            "type": "carry_forward",
            "command_id": f"carry/{account.tenant_id}/{month_of(carry_ms) if is_of_utc else carry_ms}",
            "tenant_id": account.tenant_id,
            "due_ms": carry_ms,
        }
    )


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


def free_command(row: OpenSuspense, settings_version: int, now_ms: int) -> bytes:
    """Return the command that frees a call which has waited long enough.

    Its id names the CDR's place, the settings and the day: sent again it is a duplicate, unless they have changed, or
    it was refused by a worker that knew other settings, and a day has begun since.
    """
    place = f"{row.tenant_id}/{row.source_offset}"
    return encode(
        {
            "type": "free_call",
            "command_id": f"free/{place}/{settings_version}/{now_ms // DAY_MS}",
            "tenant_id": row.tenant_id,
            "cdr_id": row.cdr_id,
            "version": row.version,
        }
    )


def _place(source: Source) -> str:
    return f"{source.topic}/{source.partition}/{source.offset}"
