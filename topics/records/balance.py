"""Account statuses and balance events."""

from dataclasses import dataclass
from typing import Annotated, Literal

from topics.fields import (
    About,
    Count,
    Currency,
    EventId,
    Id,
    Items,
    Micros,
    Millis,
    Name,
    NotNegative,
    Positive,
    TenantId,
    ThresholdId,
)


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
    deny_reason: Literal["balance_not_positive", "account_closed"] | None = None
    next_expiry_ms: Millis | None = None


Cause = Literal["charge", "credit", "adjustment", "expiry", "settings", "close"]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdCrossed(Event):
    """The balance went from at or above the threshold to below it (strictly)."""

    kind: Literal["threshold_crossed"]
    threshold_id: ThresholdId
    threshold_micros: Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdRearmed(Event):
    """The balance is at or above the threshold again."""

    kind: Literal["threshold_rearmed"]
    threshold_id: ThresholdId
    threshold_micros: Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceExhausted(Event):
    """The balance went from above zero to zero or below."""

    kind: Literal["balance_exhausted"]


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
class FundsExpired(Event):
    """A lot expired with money in it."""

    kind: Literal["funds_expired"]
    lot_id: Id
    amount_micros: Positive


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsChanged(Event):
    """The thresholds were replaced."""

    kind: Literal["settings_changed"]
