"""Ledger entries of settings: auto-recharge, payment methods, recipients, spend limits, and what the breaker held."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from topics.fields import (
    CallClass,
    CallClasses,
    Count,
    Hours,
    Id,
    Language,
    Micros,
    Millis,
    Month,
    Name,
    Note,
    NotNegative,
    Positive,
    SettingsVersion,
)
from topics.records.balance import LimitKind
from topics.records.ledger import MoneyEntry
from topics.records.requests import PaymentMethod, RechargeMode, StatementsTold


class AutoRechargeSet(MoneyEntry, frozen=True, tag="auto_recharge_set"):
    """Auto-recharge was set."""

    kind: ClassVar[Literal["auto_recharge_set"]]
    command_id: Id
    enabled: bool
    mode: RechargeMode
    trigger_micros: Positive | None = None
    trigger_h: Hours | None = None
    recharge_micros: Annotated[Positive, Meta(description="Of modes fixed and gap.")] | None = None
    target_micros: Positive | None = None
    count_cap: Annotated[int, Meta(ge=1, le=100)] | None = None
    money_cap_micros: Positive | None = None
    actor: Id | None = None
    actor_role: Name | None = None
    settings_version: SettingsVersion | None = None


class PaymentMethodsSet(MoneyEntry, frozen=True, tag="payment_methods_set"):
    """The payment methods were replaced."""

    kind: ClassVar[Literal["payment_methods_set"]]
    command_id: Id
    methods: Annotated[tuple[PaymentMethod, ...], Meta(max_length=8)]
    actor: Id | None = None
    actor_role: Name | None = None


class RecipientsSet(MoneyEntry, frozen=True, tag="recipients_set"):
    """Who is told was replaced. How many, not who: the ledger is kept for years."""

    kind: ClassVar[Literal["recipients_set"]]
    command_id: Id
    emails: Count
    language: Language
    webhook: bool
    actor: Id | None = None
    actor_role: Name | None = None
    statements: StatementsTold = False


class SpendLimitsSet(MoneyEntry, frozen=True, tag="spend_limits_set"):
    """The limits of the fraud breaker were set."""

    kind: ClassVar[Literal["spend_limits_set"]]
    command_id: Id
    spend_per_hour_micros: NotNegative | None = None
    cost_per_call_micros: NotNegative = 0
    high_rate_micros: NotNegative = 0
    new_high_rate_destinations_max: Annotated[int, Meta(ge=0, le=100)] = 0
    actor: Id | None = None
    actor_role: Name | None = None


class SpendLimitTripped(MoneyEntry, frozen=True, tag="spend_limit_tripped"):
    """The charge before this passed a spend limit: the classes named are denied, recharge is held."""

    kind: ClassVar[Literal["spend_limit_tripped"]]
    cdr_id: Id
    limit: LimitKind
    limit_micros: Micros
    found_micros: Micros
    denied: CallClasses
    settings_version: SettingsVersion | None = None


class RechargeResumed(MoneyEntry, frozen=True, tag="recharge_resumed"):
    """An administrator resumed recharge; what the breaker denied is allowed again."""

    kind: ClassVar[Literal["recharge_resumed"]]
    command_id: Id
    allowed: Annotated[
        tuple[CallClass, ...], Meta(max_length=16, description="The classes that were denied.")
    ]
    reason: Note | None = None
    actor: Id | None = None
    actor_role: Name | None = None


class TimeZoneSet(MoneyEntry, frozen=True, tag="time_zone_set"):
    """From the account's next month on its months are those of another time zone; what was to come before is not.

    The month that runs ends when it would have ended.
    """

    kind: ClassVar[Literal["time_zone_set"]]
    command_id: Id
    time_zone: Annotated[
        Name,
        Meta(description="The one of now takes back what was to come."),
    ]
    previous_time_zone: Annotated[Name, Meta(description="The one of now.")]
    valid_from_ms: Annotated[
        Millis, Meta(description="When the next month begins by the clocks of before.")
    ]
    month: Annotated[Month, Meta(description="The one that begins then.")]
    reason: Note | None = None
    actor: Id | None = None
    actor_role: Name | None = None
