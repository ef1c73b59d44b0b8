"""Account commands: what administrators, payments and timers ask of an account."""

from dataclasses import dataclass
from typing import Annotated, Literal

from topics.fields import (
    About,
    Currency,
    Id,
    Items,
    Micros,
    Millis,
    Moment,
    Name,
    Note,
    Positive,
    TenantId,
    Text,
    ThresholdId,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdSetting:
    """An amount that is announced once when the balance falls below it."""

    threshold_id: ThresholdId
    amount_micros: Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAccount:
    """Open a tenant's account; its currency never changes."""

    type: Literal["open_account"]
    command_id: Id
    tenant_id: TenantId
    currency: Currency
    decks: Annotated[
        list[Name], Items(16, 1), About("Deck ids in order; the first that prices a number wins.")
    ]
    time_zone: Annotated[str, Text(64), About("IANA name.")] = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddFunds:
    """Open a credit lot; debt is paid first."""

    type: Literal["add_funds"]
    command_id: Id
    tenant_id: TenantId
    lot_id: Id
    amount_micros: Positive
    currency: Currency
    purchased_at: Annotated[Moment, About("The lot expires 12 calendar months later.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetThresholds:
    """Replace the account's thresholds; they are evaluated at once."""

    type: Literal["set_thresholds"]
    command_id: Id
    tenant_id: TenantId
    thresholds: Annotated[list[ThresholdSetting], Items(16)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjust:
    """Correct a balance by hand, up or down, with a reason."""

    type: Literal["adjust"]
    command_id: Id
    tenant_id: TenantId
    amount_micros: Micros
    currency: Currency
    reason: Annotated[str, Text(200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAccount:
    """Close the account: no further money, no calls answered later."""

    type: Literal["close_account"]
    command_id: Id
    tenant_id: TenantId
    reason: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireLots:
    """The timer's command: the stream time has reached `due_ms`, expire and forfeit what is due."""

    type: Literal["expire_lots"]
    command_id: Id
    tenant_id: TenantId
    due_ms: Millis
