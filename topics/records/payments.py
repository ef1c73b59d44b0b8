"""Payments: what recharge asks of the payment gateway, and what the gateway answers."""

from typing import Annotated, ClassVar, Literal, TypeAlias

from msgspec import Meta

from topics.fields import (
    LATEST_MS,
    Currency,
    CustomerReference,
    Id,
    MethodReference,
    Millis,
    Name,
    Note,
    NotNegative,
    Offset,
    Partition,
    Positive,
    TenantId,
)
from topics.records.record import TAG, OpenRecord, Record


class PaymentOrder(Record, frozen=True, tag_field="type", kw_only=True):
    """What charging a stored payment method and taking that back have in common: the words of the attempt."""

    type: ClassVar[str] = TAG
    command_id: Annotated[
        Id, Meta(description="The idempotency key at the provider; one per attempt.")
    ]
    tenant_id: TenantId
    recharge_id: Annotated[Id, Meta(description="The recharge that this is an attempt of.")]
    attempt: Annotated[int, Meta(ge=1, le=1_000)]
    amount_micros: Positive
    currency: Currency
    method: MethodReference
    customer: CustomerReference | None = None
    requested_ms: Millis


class PaymentCommand(PaymentOrder, frozen=True, tag="make_payment", kw_only=True):
    """Charge an amount to a stored payment method. Sent again it is the same bytes, and asks what became of it."""

    type: ClassVar[Literal["make_payment"]]
    answer_by_ms: Annotated[
        int,
        Meta(
            ge=0,
            le=LATEST_MS,
            description="Later, by the gateway's clock, it is looked up and never charged.",
        ),
    ]


CancelReason = Literal["disabled", "account_closed", "method_removed"]


class PaymentCancel(PaymentOrder, frozen=True, tag="cancel_payment", kw_only=True):
    """Do not make a payment that was asked for: consent was withdrawn. Its id and words are the command's own."""

    type: ClassVar[Literal["cancel_payment"]]
    reason: CancelReason


PaymentMode = Literal["live", "test"]


class PaymentResult(OpenRecord, frozen=True, tag_field="outcome"):
    """What every result says."""

    outcome: ClassVar[str] = TAG
    command_id: Id
    tenant_id: TenantId
    at_ms: Annotated[Millis, Meta(description="When the gateway learnt it.")]
    provider: Name
    mode: Annotated[
        PaymentMode, Meta(description="What the gateway was started for: real money, or play.")
    ]


ReversalKind = Literal["refund", "dispute"]


class PaymentSucceeded(PaymentResult, frozen=True, tag="succeeded"):
    """The money was captured; the payment id becomes the lot id."""

    outcome: ClassVar[Literal["succeeded"]]
    payment_id: Id
    amount_micros: Positive
    currency: Currency
    livemode: Annotated[
        bool, Meta(description="What the payment says of itself: false, and no money moved.")
    ]


class ReversalResult(PaymentResult, frozen=True):
    """What is said of a captured payment whose money moves back: two sums that only ever grow.

    What the provider keeps of it is the capture less `reversed_micros` plus `restored_micros`. Because neither sum
    falls, records may come late, twice and in any order: the greatest of each is what holds.
    """

    payment_id: Annotated[Id, Meta(description="The payment whose money it was: the lot's id.")]
    reversal_id: Annotated[
        Id, Meta(description="The provider's id of the refund or dispute that changed.")
    ]
    reversal: ReversalKind
    reversed_micros: Annotated[
        Positive, Meta(description="All that was ever taken back of the payment.")
    ]
    currency: Currency
    restored_micros: Annotated[
        NotNegative, Meta(description="All of that which came back since.")
    ] = 0


class PaymentReversed(ReversalResult, frozen=True, tag="reversed"):
    """Money of a captured payment was taken back: a refund, or a dispute."""

    outcome: ClassVar[Literal["reversed"]]


class PaymentRestored(ReversalResult, frozen=True, tag="restored"):
    """Money that was taken back came back: a dispute was won, or a refund failed."""

    outcome: ClassVar[Literal["restored"]]


DeclineClass = Literal["hard", "soft"]


class PaymentDeclined(PaymentResult, frozen=True, tag="declined"):
    """Nothing was captured. Hard: this method will not do; soft: it may do later."""

    outcome: ClassVar[Literal["declined"]]
    decline_class: DeclineClass
    code: Annotated[Name, Meta(description="The provider's code, such as expired_card.")]
    detail: Note | None = None
    payment_id: Id | None = None


class PaymentUnknown(PaymentResult, frozen=True, tag="unknown"):
    """The gateway could not find out; only the same command may be sent again, never a new one."""

    outcome: ClassVar[Literal["unknown"]]
    detail: Note | None = None


QuarantineReason = Literal[
    "misrouted",
    "unknown_command",
    "currency_mismatch",
    "amount_mismatch",
    "second_capture",
    "mode_mismatch",
    "unknown_payment",
]


class QuarantinedResult(Record, frozen=True):
    """A readable result that must not be credited, whole, with the reason: a human looks at it."""

    quarantine_id: Id
    reason: QuarantineReason
    detail: Note
    tenant_id: TenantId
    command_id: Id
    at_ms: Millis
    source_topic: Name
    source_partition: Partition
    source_offset: Offset
    result: Annotated[
        str,
        Meta(min_length=1, max_length=1_048_576, description="The record's own text, unchanged."),
    ]
    payment_id: Id | None = None


AnyResult: TypeAlias = (
    PaymentSucceeded | PaymentDeclined | PaymentUnknown | PaymentReversed | PaymentRestored
)
