"""Notifications: requests that a tenant's people be told; written on transitions only."""

from typing import Annotated, ClassVar, Literal, TypeAlias

from msgspec import Meta

from topics.fields import (
    AccountCurrency,
    CallClasses,
    Count,
    Email,
    EventId,
    Hours,
    HoursRemaining,
    Id,
    Language,
    LotCategory,
    Micros,
    Millis,
    Month,
    Name,
    Positive,
    TenantId,
    ThresholdId,
    ThresholdLabel,
    WebhookUrl,
)
from topics.records.balance import LimitKind, PoolLevel
from topics.records.draws import PaysLater, PoolOwner, PoolSeconds, SourceId
from topics.records.payments import DeclineClass
from topics.records.record import TAG, Record


class Notification(Record, frozen=True, tag_field="kind"):
    """What every notification says."""

    kind: ClassVar[str] = TAG
    notification_id: Annotated[
        EventId, Meta(description="Deterministic: the same transition, the same id.")
    ]
    tenant_id: TenantId
    at_ms: Millis
    currency: AccountCurrency
    balance_micros: Annotated[Micros, Meta(description="As last heard of by whoever notifies.")]
    emails: Annotated[tuple[Email, ...], Meta(max_length=16)]
    language: Language
    webhook: WebhookUrl | None = None


class FundsAddedNotification(Notification, frozen=True, tag="funds_added", kw_only=True):
    """A recharge succeeded and its money is on the account."""

    kind: ClassVar[Literal["funds_added"]]
    amount_micros: Positive
    lot_id: Annotated[Id, Meta(description="The payment's id.")]
    method_label: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


class _MoneyMovedBack(Notification, frozen=True, kw_only=True):
    """What is told of a refund or a dispute."""

    amount_micros: Positive
    lot_id: Annotated[Id, Meta(description="The payment's id.")]
    reversal: Literal["refund", "dispute"]
    reversal_id: Id


class PaymentReversedNotification(_MoneyMovedBack, frozen=True, tag="payment_reversed"):
    """The provider took money of a payment back; recharge is paused until an administrator resumes it."""

    kind: ClassVar[Literal["payment_reversed"]]


class PaymentRestoredNotification(_MoneyMovedBack, frozen=True, tag="payment_restored"):
    """Money that was taken back is on the account again; recharge stays paused."""

    kind: ClassVar[Literal["payment_restored"]]


class RechargeFailedNotification(Notification, frozen=True, tag="recharge_failed", kw_only=True):
    """A recharge was declined for the first time; it is tried again, with this method or the next."""

    kind: ClassVar[Literal["recharge_failed"]]
    amount_micros: Positive
    decline_class: DeclineClass
    code: Name
    method_label: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    next_try_ms: (
        Annotated[Millis, Meta(description="None: at once, with the next method.")] | None
    ) = None


PauseReason: TypeAlias = Literal[
    "no_method",
    "methods_spent",
    "retries_spent",
    "result_quarantined",
    "credit_refused",
    "payment_reversed",
]


class RechargePausedNotification(Notification, frozen=True, tag="recharge_paused", kw_only=True):
    """No further attempt is made until an administrator acts."""

    kind: ClassVar[Literal["recharge_paused"]]
    reason: PauseReason
    code: Annotated[Name, Meta(description="Of the last decline.")] | None = None
    method_label: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    amount_micros: (
        Annotated[Positive, Meta(description="Of credit_refused: what was captured.")] | None
    ) = None
    lot_id: Annotated[Id, Meta(description="Of credit_refused: the payment's id.")] | None = None


CapKind: TypeAlias = Literal["count", "money"]


class RechargeCappedNotification(Notification, frozen=True, tag="recharge_capped", kw_only=True):
    """A cap holds back a recharge that is needed."""

    kind: ClassVar[Literal["recharge_capped"]]
    cap: CapKind
    limit: Annotated[Positive, Meta(description="Recharges in 24 hours, or micros in 30 days.")]
    until_ms: Annotated[Millis, Meta(description="When the cap lets the next one pass.")]


class BalanceLowNotification(Notification, frozen=True, tag="balance_low", kw_only=True):
    """The balance, or the hours that it lasts, fell below a threshold."""

    kind: ClassVar[Literal["balance_low"]]
    threshold_id: ThresholdId
    threshold_micros: Micros | None = None
    threshold_h: Hours | None = None
    hours_remaining: HoursRemaining | None = None
    label: ThresholdLabel | None = None
    cause_id: Id


class BalanceExhaustedNotification(
    Notification, frozen=True, tag="balance_exhausted", kw_only=True
):
    """The balance fell to zero or below: paid calls are refused."""

    kind: ClassVar[Literal["balance_exhausted"]]
    cause_id: Id


class FundsExpiringNotification(Notification, frozen=True, tag="funds_expiring", kw_only=True):
    """A lot expires in 30, 7 or 1 days."""

    kind: ClassVar[Literal["funds_expiring"]]
    lot_id: Id
    amount_micros: Positive
    days: Annotated[int, Meta(ge=1, le=30)]
    expires_ms: Millis
    category: LotCategory | None = None


class FundsExpiredNotification(Notification, frozen=True, tag="funds_expired", kw_only=True):
    """A lot expired with money in it."""

    kind: ClassVar[Literal["funds_expired"]]
    lot_id: Id
    amount_micros: Positive
    category: LotCategory | None = None


class FraudSuspectedNotification(Notification, frozen=True, tag="fraud_suspected", kw_only=True):
    """A spend limit was passed, or a cap was reached with an empty account: recharge is held."""

    kind: ClassVar[Literal["fraud_suspected"]]
    limit: LimitKind
    limit_micros: Micros | None = None
    found_micros: Micros | None = None
    denied: CallClasses
    cause_id: Id


class PoolUsedNotification(Notification, frozen=True, tag="pool_used", kw_only=True):
    """So much of a plan's seconds of the month is used; at 100 % the plan pays nothing more of them."""

    kind: ClassVar[Literal["pool_used"]]
    pool: SourceId
    plan_name: Name
    level: PoolLevel
    used_s: PoolSeconds
    total_s: PoolSeconds
    cause_id: Id
    user_id: PoolOwner = None
    pays_later: PaysLater = False


class CreditLimitReachedNotification(
    Notification, frozen=True, tag="credit_limit_reached", kw_only=True
):
    """As much is owed of the month as may be: calls that the balance does not pay are refused."""

    kind: ClassVar[Literal["credit_limit_reached"]]
    month: Month
    limit_micros: Positive
    owed_micros: Positive
    until_ms: Annotated[
        Millis, Meta(description="When the next month begins, or another mode of billing.")
    ]
    cause_id: Id


class StatementMovement(Record, frozen=True):
    """By how much something moved the balance."""

    movement: Name
    amount_micros: Micros


class StatementLateCalls(Record, frozen=True):
    """Calls of an earlier month that were charged in this one."""

    month: Month
    calls: Count
    charge_micros: Micros


class StatementPool(Record, frozen=True):
    """What a plan paid."""

    pool: SourceId
    used_s: Annotated[int, Meta(description="Less what came back of calls that were taken back.")]


class StatementFee(Record, frozen=True):
    """Fees within the calls that stand."""

    kind: Name
    amount_micros: Micros


class StatementFigures(Record, frozen=True):
    """What `rater statement --format json` says of the month, in the same words; `calls` without its own braces."""

    opening_micros: Micros
    closing_micros: Micros
    movements: Annotated[tuple[StatementMovement, ...], Meta(max_length=16)]
    calls: Annotated[Count, Meta(description="That were charged, those taken back among them.")]
    seconds: Count
    charge_micros: Micros
    forfeited_micros: Micros = 0
    late: Annotated[tuple[StatementLateCalls, ...], Meta(max_length=64)] = ()
    pools: Annotated[tuple[StatementPool, ...], Meta(max_length=4_096)] = ()
    fees: Annotated[tuple[StatementFee, ...], Meta(max_length=64)] = ()


class StatementReadyNotification(Notification, frozen=True, tag="statement_ready", kw_only=True):
    """A month is over by the account's clocks, and its statement never changes."""

    kind: ClassVar[Literal["statement_ready"]]
    month: Month
    figures: (
        Annotated[
            StatementFigures,
            Meta(description="The notifier adds them where it tells; on the topic there are none."),
        ]
        | None
    ) = None


AnyNotification: TypeAlias = (
    FundsAddedNotification
    | PaymentReversedNotification
    | PaymentRestoredNotification
    | RechargeFailedNotification
    | RechargePausedNotification
    | RechargeCappedNotification
    | BalanceLowNotification
    | BalanceExhaustedNotification
    | FundsExpiringNotification
    | FundsExpiredNotification
    | FraudSuspectedNotification
    | PoolUsedNotification
    | CreditLimitReachedNotification
    | StatementReadyNotification
)
