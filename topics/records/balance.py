"""Account statuses and balance events."""

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
    NotNegative,
    Positive,
    Range,
    RunwayHours,
    TenantId,
    ThresholdId,
    ThresholdLabel,
    WebhookUrl,
)
from topics.records.commands import PaymentMethod, RechargeMode
from topics.records.ledger import CommandReason


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStatus:
    """The balance and what is allowed now; compacted, one per tenant."""

    tenant_id: TenantId
    seq: Count
    at_ms: Millis
    state: Literal["open", "closed"]
    currency: Currency
    balance_micros: Micros
    debt_micros: NotNegative
    allow: Annotated[list[Name], Items(16)]
    deny: Annotated[list[Name], Items(16)]
    deny_reason: Literal["balance_not_positive", "account_closed", "spend_limit"] | None = None
    next_expiry_ms: Millis | None = None
    runway_h: RunwayHours | None = None


Cause = Literal[
    "charge", "credit", "reversal", "adjustment", "expiry", "settings", "close", "reopen"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every balance event says."""

    event_id: EventId
    tenant_id: TenantId
    seq: Annotated[Count, About("The entry that caused it.")]
    at_ms: Millis
    currency: Currency
    balance_micros: Micros
    cause: Cause
    cause_id: Annotated[Id, About("The CDR or command behind it.")]
    runway_h: RunwayHours | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdCrossed(Event):
    """The balance, or the runway, went from at or above the threshold to below it (strictly)."""

    kind: Literal["threshold_crossed"]
    threshold_id: ThresholdId
    threshold_micros: Micros | None = None
    threshold_h: Hours | None = None
    label: ThresholdLabel | None = None
    on_hold: Annotated[
        bool, About("A spend limit was broken by this charge, or before it and not resumed since.")
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdRearmed(Event):
    """The balance, or the runway, is at or above the threshold again."""

    kind: Literal["threshold_rearmed"]
    threshold_id: ThresholdId
    threshold_micros: Micros | None = None
    threshold_h: Hours | None = None
    on_hold: Annotated[
        bool, About("A spend limit was broken by this charge, or before it and not resumed since.")
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceExhausted(Event):
    """The balance went from above zero to zero or below."""

    kind: Literal["balance_exhausted"]
    on_hold: Annotated[
        bool, About("A spend limit was broken by this charge, or before it and not resumed since.")
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceRestored(Event):
    """The balance is above zero again."""

    kind: Literal["balance_restored"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FundsCredited(Event):
    """Money arrived as a lot."""

    kind: Literal["funds_credited"]
    lot_id: Id
    amount_micros: Positive


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRefused(Event):
    """Money of a recharge was captured, and the account refused its credit; `seq` is that of the last entry."""

    kind: Literal["credit_refused"]
    lot_id: Annotated[Id, About("The payment's id.")]
    amount_micros: Positive
    reason: CommandReason
    payment_command_id: Id | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReversedEvent(Event):
    """The provider took money of a credited payment back; recharge is paused until resumed."""

    kind: Literal["payment_reversed"]
    lot_id: Annotated[Id, About("The payment's id.")]
    amount_micros: Annotated[Positive, About("What was taken with this entry.")]
    reversal: Literal["refund", "dispute"]
    reversal_id: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRestoredEvent(Event):
    """Money that a reversal had taken came back."""

    kind: Literal["payment_restored"]
    lot_id: Annotated[Id, About("The payment's id.")]
    amount_micros: Positive
    reversal: Literal["refund", "dispute"]
    reversal_id: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class FundsExpired(Event):
    """A lot expired with money in it."""

    kind: Literal["funds_expired"]
    lot_id: Id
    amount_micros: Positive


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsChanged(Event):
    """The thresholds were replaced."""

    kind: Literal["settings_changed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoRechargeChanged(Event):
    """Auto-recharge was set; recharge looks at the balance at once."""

    kind: Literal["auto_recharge_changed"]
    enabled: bool
    trigger_micros: Positive | None = None
    trigger_h: Hours | None = None
    mode: RechargeMode = "fixed"
    amount_micros: Positive | None = None
    target_micros: Positive | None = None
    count_cap: Annotated[int, Range(1, 100)] | None = None
    money_cap_micros: Positive | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethodsChanged(Event):
    """The payment methods were replaced."""

    kind: Literal["payment_methods_changed"]
    methods: Annotated[list[PaymentMethod], Items(8)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientsChanged(Event):
    """Who is told was replaced."""

    kind: Literal["recipients_changed"]
    emails: Annotated[list[Email], Items(16)]
    language: Language = "en"
    webhook: WebhookUrl | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RechargeResumedEvent(Event):
    """An administrator resumed what was paused or held."""

    kind: Literal["recharge_resumed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FundsExpiring(Event):
    """A lot with money in it expires in 30, 7 or 1 days."""

    kind: Literal["funds_expiring"]
    lot_id: Id
    amount_micros: Positive
    days: Annotated[int, Range(1, 30)]
    expires_ms: Millis


LimitKind = Literal["spend_per_hour", "cost_per_call", "new_destinations", "recharge_cap"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FraudSuspected(Event):
    """A charge passed a spend limit: the classes named are denied and recharge is held, until resumed."""

    kind: Literal["fraud_suspected"]
    limit: LimitKind
    limit_micros: Annotated[Micros, About("The limit; of new_destinations their number.")]
    found_micros: Annotated[Micros, About("What passed it.")]
    denied: Annotated[list[Name], Items(16)]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountClosedEvent(Event):
    """The account was closed: nothing recharges it any more."""

    kind: Literal["account_closed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReopenedEvent(Event):
    """The account is open again: what was set of recharge holds again, and it looks at the balance at once."""

    kind: Literal["account_reopened"]
