"""Balance events."""

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
from topics.records.causes import CauseKind
from topics.records.draws import PaysLater, PoolOwner, PoolSeconds, SourceId
from topics.records.ledger import CommandReason
from topics.records.record import TAG, Record
from topics.records.requests import PaymentMethod, RechargeMode, StatementsTold

OnHold = Annotated[
    bool,
    Meta(
        description="A spend limit was broken by this charge, or before it and not resumed since."
    ),
]


class Event(Record, frozen=True, tag_field="kind"):
    """What every balance event says."""

    kind: ClassVar[str] = TAG
    event_id: EventId
    tenant_id: TenantId
    seq: Annotated[Count, Meta(description="The entry that caused it.")]
    at_ms: Millis
    currency: AccountCurrency
    balance_micros: Micros
    cause: CauseKind
    cause_id: Annotated[Id, Meta(description="The CDR or command behind it.")]
    hours_remaining: HoursRemaining | None


class ThresholdCrossed(Event, frozen=True, tag="threshold_crossed"):
    """The balance, or the runway, went from at or above the threshold to below it (strictly)."""

    kind: ClassVar[Literal["threshold_crossed"]]
    threshold_id: ThresholdId
    threshold_micros: Micros | None = None
    threshold_h: Hours | None = None
    label: ThresholdLabel | None = None
    on_hold: OnHold = False


class ThresholdRearmed(Event, frozen=True, tag="threshold_rearmed"):
    """The balance, or the runway, is at or above the threshold again."""

    kind: ClassVar[Literal["threshold_rearmed"]]
    threshold_id: ThresholdId
    threshold_micros: Micros | None = None
    threshold_h: Hours | None = None
    on_hold: OnHold = False


class BalanceExhausted(Event, frozen=True, tag="balance_exhausted"):
    """The balance went from above zero to zero or below, or is there when an account stops to pay later."""

    kind: ClassVar[Literal["balance_exhausted"]]
    on_hold: OnHold = False


class BalanceRestored(Event, frozen=True, tag="balance_restored"):
    """The balance is above zero again, or not asked any more: the account pays later."""

    kind: ClassVar[Literal["balance_restored"]]


class FundsCredited(Event, frozen=True, tag="funds_credited"):
    """Money arrived as a lot."""

    kind: ClassVar[Literal["funds_credited"]]
    lot_id: Id
    amount_micros: Positive
    category: LotCategory | None = None


class CreditRefused(Event, frozen=True, tag="credit_refused"):
    """Money of a recharge was captured, and the account refused its credit; `seq` is that of the last entry."""

    kind: ClassVar[Literal["credit_refused"]]
    lot_id: Annotated[Id, Meta(description="The payment's id.")]
    amount_micros: Positive
    reason: CommandReason
    payment_command_id: Id | None = None


class PaymentReversedEvent(Event, frozen=True, tag="payment_reversed"):
    """The provider took money of a credited payment back; recharge is paused until resumed."""

    kind: ClassVar[Literal["payment_reversed"]]
    lot_id: Annotated[Id, Meta(description="The payment's id.")]
    amount_micros: Annotated[Positive, Meta(description="What was taken with this entry.")]
    reversal: Literal["refund", "dispute"]
    reversal_id: Id


class PaymentRestoredEvent(Event, frozen=True, tag="payment_restored"):
    """Money that a reversal had taken came back."""

    kind: ClassVar[Literal["payment_restored"]]
    lot_id: Annotated[Id, Meta(description="The payment's id.")]
    amount_micros: Positive
    reversal: Literal["refund", "dispute"]
    reversal_id: Id


class FundsExpired(Event, frozen=True, tag="funds_expired"):
    """A lot expired with money in it."""

    kind: ClassVar[Literal["funds_expired"]]
    lot_id: Id
    amount_micros: Positive
    category: LotCategory | None = None


class SettingsChanged(Event, frozen=True, tag="settings_changed"):
    """The thresholds were replaced."""

    kind: ClassVar[Literal["settings_changed"]]


class AutoRechargeChanged(Event, frozen=True, tag="auto_recharge_changed"):
    """Auto-recharge was set; recharge looks at the balance at once."""

    kind: ClassVar[Literal["auto_recharge_changed"]]
    enabled: bool
    mode: RechargeMode
    trigger_micros: Positive | None = None
    trigger_h: Hours | None = None
    amount_micros: Positive | None = None
    target_micros: Positive | None = None
    count_cap: Annotated[int, Meta(ge=1, le=100)] | None = None
    money_cap_micros: Positive | None = None


class PaymentMethodsChanged(Event, frozen=True, tag="payment_methods_changed"):
    """The payment methods were replaced."""

    kind: ClassVar[Literal["payment_methods_changed"]]
    methods: Annotated[tuple[PaymentMethod, ...], Meta(max_length=8)]


class RecipientsChanged(Event, frozen=True, tag="recipients_changed"):
    """Who is told was replaced."""

    kind: ClassVar[Literal["recipients_changed"]]
    emails: Annotated[tuple[Email, ...], Meta(max_length=16)]
    language: Language
    webhook: WebhookUrl | None = None
    statements: StatementsTold = False


class RechargeResumedEvent(Event, frozen=True, tag="recharge_resumed"):
    """An administrator resumed what was paused or held."""

    kind: ClassVar[Literal["recharge_resumed"]]


class FundsExpiring(Event, frozen=True, tag="funds_expiring"):
    """A lot with money in it expires in 30, 7 or 1 days."""

    kind: ClassVar[Literal["funds_expiring"]]
    lot_id: Id
    amount_micros: Positive
    days: Annotated[int, Meta(ge=1, le=30)]
    expires_ms: Millis
    category: LotCategory | None = None


LimitKind = Literal["spend_per_hour", "cost_per_call", "new_destinations", "recharge_cap"]


class FraudSuspected(Event, frozen=True, tag="fraud_suspected"):
    """A charge passed a spend limit: the classes named are denied and recharge is held, until resumed."""

    kind: ClassVar[Literal["fraud_suspected"]]
    limit: LimitKind
    limit_micros: Annotated[
        Micros, Meta(description="The limit; of new_destinations their number.")
    ]
    found_micros: Annotated[Micros, Meta(description="What passed it.")]
    denied: CallClasses


class AccountClosedEvent(Event, frozen=True, tag="account_closed"):
    """The account was closed: nothing recharges it any more."""

    kind: ClassVar[Literal["account_closed"]]


class AccountReopenedEvent(Event, frozen=True, tag="account_reopened"):
    """The account is open again: what was set of recharge holds again, and it looks at the balance at once."""

    kind: ClassVar[Literal["account_reopened"]]


class CreditsOpenedEvent(Event, frozen=True, tag="credits_opened"):
    """An account that had no credits has them: from here on it has a currency, and may be funded."""

    kind: ClassVar[Literal["credits_opened"]]


class EntitlementsChanged(Event, frozen=True, tag="entitlements_changed"):
    """Licences of plans were set; the entry with this `seq` says which, and from when."""

    kind: ClassVar[Literal["entitlements_changed"]]


class BillingModeChanged(Event, frozen=True, tag="billing_mode_changed"):
    """It was set whether the account is prepaid; the entry with this `seq` says how, and from when."""

    kind: ClassVar[Literal["billing_mode_changed"]]


class CreditLimitReached(Event, frozen=True, tag="credit_limit_reached"):
    """As much is owed of the present month as the account may owe: paid calls that no balance pays are blocked."""

    kind: ClassVar[Literal["credit_limit_reached"]]
    month: Month
    limit_micros: Positive
    owed_micros: Positive
    until_ms: Annotated[Millis, Meta(description="When the next month begins, or another mode.")]


PoolLevel = Annotated[Literal[80, 100], Meta(description="Per cent.")]


class PoolUsed(Event, frozen=True, tag="pool_used"):
    """So much of a pool of the month is used; at 100 % it pays nothing more."""

    kind: ClassVar[Literal["pool_used"]]
    pool: SourceId
    plan_name: Annotated[Name, Meta(description="As the plan catalog calls the plan.")]
    level: PoolLevel
    used_s: PoolSeconds
    total_s: PoolSeconds
    user_id: PoolOwner = None
    pays_later: PaysLater = False


class MonthEnded(Event, frozen=True, tag="month_ended"):
    """A month in which the account was open is over by its clocks: nothing more comes on its statement."""

    kind: ClassVar[Literal["month_ended"]]
    month: Month


AnyEvent: TypeAlias = (
    ThresholdCrossed
    | ThresholdRearmed
    | BalanceExhausted
    | BalanceRestored
    | FundsCredited
    | CreditRefused
    | PaymentReversedEvent
    | PaymentRestoredEvent
    | FundsExpired
    | SettingsChanged
    | AutoRechargeChanged
    | PaymentMethodsChanged
    | RecipientsChanged
    | RechargeResumedEvent
    | FundsExpiring
    | FraudSuspected
    | AccountClosedEvent
    | AccountReopenedEvent
    | CreditsOpenedEvent
    | EntitlementsChanged
    | BillingModeChanged
    | CreditLimitReached
    | PoolUsed
    | MonthEnded
)
