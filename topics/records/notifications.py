"""Notifications: requests that a tenant's people be told; written on transitions only."""

from dataclasses import dataclass
from typing import Annotated, Literal

from topics.fields import (
    About,
    Count,
    Currency,
    Email,
    EventId,
    Hours,
    Id,
    Items,
    Language,
    Micros,
    Millis,
    Name,
    Note,
    Offset,
    Partition,
    Positive,
    Range,
    TenantId,
    Text,
    ThresholdId,
    ThresholdLabel,
    WebhookUrl,
)
from topics.records.balance import LimitKind
from topics.records.payments import DeclineClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What every notification says."""

    notification_id: Annotated[EventId, About("Deterministic: the same transition, the same id.")]
    tenant_id: TenantId
    at_ms: Millis
    currency: Currency
    balance_micros: Annotated[Micros, About("As last heard of by whoever notifies.")]
    emails: Annotated[list[Email], Items(16)]
    language: Language = "en"
    webhook: WebhookUrl | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FundsAddedByRecharge(Notification):
    """A recharge succeeded and its money is on the account."""

    kind: Literal["funds_added"]
    amount_micros: Positive
    lot_id: Annotated[Id, About("The payment's id.")]
    method_label: Annotated[str, Text(64)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _MoneyMovedBack(Notification):
    """What is told of a refund or a dispute."""

    amount_micros: Positive
    lot_id: Annotated[Id, About("The payment's id.")]
    reversal: Literal["refund", "dispute"]
    reversal_id: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentWasReversed(_MoneyMovedBack):
    """The provider took money of a payment back; recharge is paused until an administrator resumes it."""

    kind: Literal["payment_reversed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentWasRestored(_MoneyMovedBack):
    """Money that was taken back is on the account again; recharge stays paused."""

    kind: Literal["payment_restored"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RechargeFailed(Notification):
    """A recharge was declined for the first time; it is tried again, with this method or the next."""

    kind: Literal["recharge_failed"]
    amount_micros: Positive
    decline_class: DeclineClass
    code: Name
    method_label: Annotated[str, Text(64)] | None = None
    next_try_ms: Annotated[Millis, About("None: at once, with the next method.")] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RechargePaused(Notification):
    """No further attempt is made until an administrator acts."""

    kind: Literal["recharge_paused"]
    reason: Literal[
        "no_method",
        "methods_spent",
        "retries_spent",
        "result_quarantined",
        "credit_refused",
        "payment_reversed",
    ]
    code: Annotated[Name, About("Of the last decline.")] | None = None
    method_label: Annotated[str, Text(64)] | None = None
    amount_micros: Annotated[Positive, About("Of credit_refused: what was captured.")] | None = None
    lot_id: Annotated[Id, About("Of credit_refused: the payment's id.")] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RechargeCapped(Notification):
    """A cap holds back a recharge that is needed."""

    kind: Literal["recharge_capped"]
    cap: Literal["count", "money"]
    limit: Annotated[Positive, About("Recharges in 24 hours, or micros in 30 days.")]
    until_ms: Annotated[Millis, About("When the cap lets the next one pass.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceLow(Notification):
    """The balance, or the hours that it lasts, fell below a threshold."""

    kind: Literal["balance_low"]
    threshold_id: ThresholdId
    threshold_micros: Micros | None = None
    threshold_h: Hours | None = None
    runway_h: Count | None = None
    label: ThresholdLabel | None = None
    cause_id: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceIsExhausted(Notification):
    """The balance fell to zero or below: paid calls are refused."""

    kind: Literal["balance_exhausted"]
    cause_id: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class FundsExpireSoon(Notification):
    """A lot expires in 30, 7 or 1 days."""

    kind: Literal["funds_expiring"]
    lot_id: Id
    amount_micros: Positive
    days: Annotated[int, Range(1, 30)]
    expires_ms: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class FundsHaveExpired(Notification):
    """A lot expired with money in it."""

    kind: Literal["funds_expired"]
    lot_id: Id
    amount_micros: Positive


@dataclass(frozen=True, slots=True, kw_only=True)
class FraudIsSuspected(Notification):
    """A spend limit was passed, or a cap was reached with an empty account: recharge is held."""

    kind: Literal["fraud_suspected"]
    limit: LimitKind
    limit_micros: Micros | None = None
    found_micros: Micros | None = None
    denied: Annotated[list[Name], Items(16)]
    cause_id: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class UndeliveredNotification:
    """A notification that could not be sent, whole, with the reason."""

    undelivered_id: Annotated[str, Text(700)]
    notification_id: EventId
    tenant_id: TenantId
    channel: Literal["email", "webhook"]
    reason: Annotated[
        Literal[
            "no_recipient", "refused", "retries_spent", "in_doubt", "unreadable", "crowded_out"
        ],
        About("crowded_out: too many webhooks of the tenant were waiting already."),
    ]
    detail: Note
    attempts: Count
    at_ms: Millis
    source_partition: Partition
    source_offset: Offset
    notification: Annotated[str, Text(1_048_576), About("The record's own text, unchanged.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMark:
    """What the notifier has sent, or has begun to send: its memory."""

    notification_id: EventId
    channel: Literal["email", "webhook"]
    recipient: Annotated[
        str,
        Text(32, 32, r"[0-9a-f]{32}"),
        About("A digest of the address: it is no one's business."),
    ]
    state: Annotated[
        Literal["sending", "sent", "undelivered", "folded"],
        About("folded: another letter tells of it."),
    ]
    at_ms: Millis
    kind: Annotated[Name, About("Of an e-mail: the notification's.")] | None = None
    mailbox: (
        Annotated[
            str,
            Text(32, 32, r"[0-9a-f]{32}"),
            About("A digest of tenant and address: e-mails are counted by it."),
        ]
        | None
    ) = None
    into: (
        Annotated[
            str,
            Text(32, 32, r"[0-9a-f]{32}"),
            About(
                "The recipient of the digest that tells of it; none: its occasion has one letter."
            ),
        ]
        | None
    ) = None
