"""Payments: what recharge asks of the payment gateway, and what the gateway answers."""

from dataclasses import dataclass
from typing import Annotated, Literal

from topics.fields import (
    About,
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
    Range,
    TenantId,
    Text,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOrder:
    """What charging a stored payment method and taking that back have in common: the words of the attempt."""

    command_id: Annotated[Id, About("The idempotency key at the provider; one per attempt.")]
    tenant_id: TenantId
    recharge_id: Annotated[Id, About("The recharge that this is an attempt of.")]
    attempt: Annotated[int, Range(1, 1_000)]
    amount_micros: Positive
    currency: Currency
    method: MethodReference
    customer: CustomerReference | None = None
    requested_ms: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCommand(PaymentOrder):
    """Charge an amount to a stored payment method. Sent again it is the same bytes, and asks what became of it."""

    type: Literal["make_payment"]
    answer_by_ms: Annotated[
        int,
        Range(0, 4_133_980_800_000),
        About("Later, by the gateway's clock, it is looked up and never charged."),
    ]


CancelReason = Literal["disabled", "account_closed", "method_removed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCancel(PaymentOrder):
    """Do not make a payment that was asked for: consent was withdrawn. Its id and words are the command's own."""

    type: Literal["cancel_payment"]
    reason: CancelReason


PaymentMode = Literal["live", "test"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentResult:
    """What every result says."""

    command_id: Id
    tenant_id: TenantId
    at_ms: Annotated[Millis, About("When the gateway learnt it.")]
    provider: Name
    mode: Annotated[PaymentMode, About("What the gateway was started for: real money, or play.")]


ReversalKind = Literal["refund", "dispute"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSucceeded(PaymentResult):
    """The money was captured; the payment id becomes the lot id."""

    outcome: Literal["succeeded"]
    payment_id: Id
    amount_micros: Positive
    currency: Currency
    livemode: Annotated[bool, About("What the payment says of itself: false, and no money moved.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class _TakenBack(PaymentResult):
    """What is said of a captured payment whose money moves back: two sums that only ever grow.

    What the provider keeps of it is the capture less `reversed_micros` plus `restored_micros`. Because neither sum
    falls, records may come late, twice and in any order: the greatest of each is what holds.
    """

    payment_id: Annotated[Id, About("The payment whose money it was: the lot's id.")]
    reversal_id: Annotated[Id, About("The provider's id of the refund or dispute that changed.")]
    reversal: ReversalKind
    reversed_micros: Annotated[Positive, About("All that was ever taken back of the payment.")]
    restored_micros: Annotated[NotNegative, About("All of that which came back since.")] = 0
    currency: Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReversed(_TakenBack):
    """Money of a captured payment was taken back: a refund, or a dispute."""

    outcome: Literal["reversed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRestored(_TakenBack):
    """Money that was taken back came back: a dispute was won, or a refund failed."""

    outcome: Literal["restored"]


DeclineClass = Literal["hard", "soft"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDeclined(PaymentResult):
    """Nothing was captured. Hard: this method will not do; soft: it may do later."""

    outcome: Literal["declined"]
    decline_class: DeclineClass
    code: Annotated[Name, About("The provider's code, such as expired_card.")]
    detail: Note = ""
    payment_id: Id | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentUnknown(PaymentResult):
    """The gateway could not find out; only the same command may be sent again, never a new one."""

    outcome: Literal["unknown"]
    detail: Note = ""


QuarantineReason = Literal[
    "misrouted",
    "unknown_command",
    "currency_mismatch",
    "amount_mismatch",
    "second_capture",
    "mode_mismatch",
    "unknown_payment",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedResult:
    """A readable result that must not be credited, whole, with the reason: a human looks at it."""

    quarantine_id: Id
    reason: QuarantineReason
    detail: Note
    tenant_id: TenantId
    command_id: Id
    payment_id: Id | None = None
    at_ms: Millis
    source_topic: Name
    source_partition: Partition
    source_offset: Offset
    result: Annotated[str, Text(1_048_576), About("The record's own text, unchanged.")]
