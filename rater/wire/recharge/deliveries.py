"""What the notifier writes and reads of its deliveries: marks of what was sent, and dead letters of what was not."""

from typing import Annotated, Literal, Protocol, TypeAlias

import msgspec
from msgspec import Meta

from rater.core.cdr import Source
from rater.wire.outputs import encode

Channel: TypeAlias = Literal["email", "webhook"]
MarkState: TypeAlias = Literal["sending", "sent", "undelivered", "folded"]
Reason: TypeAlias = Literal[
    "no_recipient", "refused", "retries_spent", "in_doubt", "unreadable", "crowded_out"
]

_DETAIL_MAX = 1_000
_NOTIFICATION_MAX = 1_048_576


_Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]


class Named(Protocol):
    """What is delivered: a notification, or a letter on several."""

    @property
    def notification_id(self) -> str:
        """The notification's."""

    @property
    def tenant_id(self) -> str:
        """Whose it is."""


class SentMark(msgspec.Struct, frozen=True, omit_defaults=True):
    """One delivery, and how far it has come. `recipient` is a digest that another notification does not share.

    Of e-mails also the kind, and `mailbox`, a digest of tenant and address, by which they are counted; folded `into`
    is the recipient of the digest that tells of it, None where its occasion has one letter.
    """

    notification_id: str
    channel: Channel
    recipient: _Digest
    state: MarkState
    at_ms: int
    kind: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    mailbox: _Digest | None = None
    into: _Digest | None = None


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
    notice: Named, value: bytes, source: Source, mark: SentMark, why: tuple[Reason, str, int]
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
