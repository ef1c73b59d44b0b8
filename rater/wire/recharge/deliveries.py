"""What the notifier writes and reads of its deliveries: marks of what was sent, and dead letters of what was not."""

from typing import Protocol

import msgspec

from rater.core.cdr import Source
from rater.wire.layouts import check_layout
from rater.wire.outputs import encode
from topics.records.deliveries import (
    MARK_LAYOUT,
    SentMark,
    UndeliveredNotification,
    UndeliveredReason,
)

_DETAIL_MAX = 1_000
_NOTIFICATION_MAX = 1_048_576


class Named(Protocol):
    """What is delivered: a notification, or a letter on several."""

    @property
    def notification_id(self) -> str:
        """The notification's."""

    @property
    def tenant_id(self) -> str:
        """Whose it is."""


_decode_mark = msgspec.json.Decoder(SentMark).decode


def decode_mark(value: bytes | None) -> SentMark | None:
    """Read one of our own marks; None for what is none.

    One of another layout raises ValueError: passed over, what it says would be sent again.
    """
    try:
        return _decode_mark(value or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        check_layout("notifier mark", value or b"", MARK_LAYOUT)
        return None


def encode_undelivered(
    notice: Named,
    value: bytes,
    source: Source,
    mark: SentMark,
    why: tuple[UndeliveredReason, str, int],
) -> bytes:
    """Return the dead letter of one delivery; `why` is the reason, a detail, and how often it was tried."""
    reason, detail, attempts = why
    return encode(
        UndeliveredNotification(
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
