"""Ledger entries of settings: auto-recharge, payment methods, recipients, spend limits, and what the breaker held."""

from dataclasses import dataclass
from typing import Annotated, Literal

from topics.fields import (
    About,
    Count,
    Hours,
    Id,
    Items,
    Language,
    Micros,
    Name,
    Note,
    NotNegative,
    Positive,
    Range,
    SettingsVersion,
)
from topics.records.balance import LimitKind
from topics.records.commands import PaymentMethod, RechargeMode
from topics.records.ledger import MoneyEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoRechargeSet(MoneyEntry):
    """Auto-recharge was set."""

    kind: Literal["auto_recharge_set"]
    command_id: Id
    enabled: bool
    trigger_micros: Positive | None = None
    trigger_h: Hours | None = None
    mode: RechargeMode = "fixed"
    recharge_micros: Annotated[Positive, About("Of modes fixed and gap.")] | None = None
    target_micros: Positive | None = None
    count_cap: Annotated[int, Range(1, 100)] | None = None
    money_cap_micros: Positive | None = None
    actor: Id | None = None
    actor_role: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethodsSet(MoneyEntry):
    """The payment methods were replaced."""

    kind: Literal["payment_methods_set"]
    command_id: Id
    methods: Annotated[list[PaymentMethod], Items(8)]
    actor: Id | None = None
    actor_role: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientsSet(MoneyEntry):
    """Who is told was replaced. How many, not who: the ledger is kept for ever."""

    kind: Literal["recipients_set"]
    command_id: Id
    emails: Count
    language: Language
    webhook: bool
    actor: Id | None = None
    actor_role: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendLimitsSet(MoneyEntry):
    """The limits of the fraud breaker were set."""

    kind: Literal["spend_limits_set"]
    command_id: Id
    spend_per_hour_micros: NotNegative | None = None
    cost_per_call_micros: NotNegative = 0
    dear_rate_micros: NotNegative = 0
    dear_destinations_max: Annotated[int, Range(0, 100)] = 0
    actor: Id | None = None
    actor_role: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendHeld(MoneyEntry):
    """The charge before this passed a spend limit: the classes named are denied, recharge is held."""

    kind: Literal["spend_held"]
    cdr_id: Id
    limit: LimitKind
    limit_micros: Micros
    found_micros: Micros
    denied: Annotated[list[Name], Items(16)]
    settings_version: SettingsVersion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RechargeResumed(MoneyEntry):
    """An administrator resumed recharge; what the breaker denied is allowed again."""

    kind: Literal["recharge_resumed"]
    command_id: Id
    allowed: Annotated[list[Name], Items(16), About("The classes that were denied.")]
    reason: Note | None = None
    actor: Id | None = None
    actor_role: Name | None = None
