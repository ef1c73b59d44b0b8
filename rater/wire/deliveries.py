"""What the notifier writes and reads of its deliveries: marks of what was sent, and dead letters of what was not."""

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from rater.core.cdr import Source
from rater.wire.notifications import Notification
from rater.wire.outputs import encode

Channel: TypeAlias = Literal["email", "webhook"]
MarkState: TypeAlias = Literal["sending", "sent", "undelivered"]
Reason: TypeAlias = Literal[
    "no_recipient", "refused", "retries_spent", "in_doubt", "unreadable", "crowded_out"
]

_DETAIL_MAX = 1_000
_NOTIFICATION_MAX = 1_048_576


class SentMark(msgspec.Struct, frozen=True):
    """One delivery, and how far it has come. `recipient` is a digest that another notification does not share."""

    notification_id: str
    channel: Channel
    recipient: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
    state: MarkState
    at_ms: int


class _Undelivered(msgspec.Struct, frozen=True):
    undelivered_id: str
    notification_id: str
    tenant_id: str
    channel: Channel
    reason: Reason
    detail: str
    attempts: int
    at_ms: int
    source_partition: int
    source_offset: int
    notification: str


_decode_mark = msgspec.json.Decoder(SentMark).decode


def decode_mark(value: bytes | None) -> SentMark | None:
    """Read one of our own marks; None for what is none."""
    try:
        return _decode_mark(value or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def encode_undelivered(
    notice: Notification, value: bytes, source: Source, mark: SentMark, why: tuple[Reason, str, int]
) -> bytes:
    """Return the dead letter of one delivery; `why` is the reason, a detail, and how often it was tried."""
    reason, detail, attempts = why
    return encode(
        _Undelivered(
            f"{notice.notification_id}/{mark.channel}/{mark.recipient}",
            notice.notification_id,
            notice.tenant_id,
            mark.channel,
            reason,
            detail[:_DETAIL_MAX],
            attempts,
            mark.at_ms,
            source.partition,
            source.offset,
            value.decode()[:_NOTIFICATION_MAX],
        )
    )
