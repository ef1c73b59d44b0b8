"""Deliveries: what the notifier has sent of notifications, has begun to send, and could not."""

from typing import Annotated, Final, Literal, TypeAlias

from msgspec import Meta

from topics.fields import Count, EventId, Millis, Name, Note, Offset, Partition, TenantId, whole
from topics.records.record import Record

Digest: TypeAlias = Annotated[
    str, Meta(min_length=32, max_length=32, pattern=whole(r"[0-9a-f]{32}"))
]
Channel: TypeAlias = Literal["email", "webhook"]
MarkState: TypeAlias = Literal["sending", "sent", "undelivered", "folded"]
UndeliveredReason: TypeAlias = Literal[
    "no_recipient", "refused", "retries_spent", "in_doubt", "unreadable", "crowded_out"
]


class UndeliveredNotification(Record, frozen=True):
    """A notification that could not be sent, whole, with the reason."""

    undelivered_id: Annotated[str, Meta(min_length=1, max_length=700)]
    notification_id: EventId
    tenant_id: TenantId
    channel: Channel
    reason: Annotated[
        UndeliveredReason,
        Meta(description="crowded_out: too many webhooks of the tenant were waiting already."),
    ]
    detail: Note
    attempts: Count
    at_ms: Millis
    source_partition: Partition
    source_offset: Offset
    notification: Annotated[
        str,
        Meta(min_length=1, max_length=1_048_576, description="The record's own text, unchanged."),
    ]


MARK_LAYOUT: Final = 1


class SentMark(Record, frozen=True):
    """What the notifier has sent, or has begun to send: its memory."""

    layout: Annotated[
        int,
        Meta(
            ge=MARK_LAYOUT,
            le=MARK_LAYOUT,
            description="Of this record; another release's is refused.",
        ),
    ]
    notification_id: EventId
    channel: Channel
    recipient: Annotated[
        Digest,
        Meta(
            description="A digest of the address: it is no one's business.",
        ),
    ]
    state: Annotated[
        MarkState,
        Meta(description="folded: another letter tells of it."),
    ]
    at_ms: Millis
    kind: Annotated[Name, Meta(description="Of an e-mail: the notification's.")] | None = None
    mailbox: (
        Annotated[
            Digest,
            Meta(
                description="A digest of tenant and address: e-mails are counted by it.",
            ),
        ]
        | None
    ) = None
    into: (
        Annotated[
            Digest,
            Meta(
                description="The recipient of the digest that tells of it; none: its occasion has one letter.",
            ),
        ]
        | None
    ) = None
