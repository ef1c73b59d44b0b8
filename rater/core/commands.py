"""Account commands after validation; amounts in micros, times in milliseconds."""

import msgspec

from rater.core.entries import ThresholdSetting


class Command(msgspec.Struct, frozen=True, gc=False):
    """What every command says."""

    command_id: str
    tenant_id: str


class OpenAccount(Command, frozen=True, gc=False):
    """Open a tenant's account; its currency never changes."""

    currency: str
    decks: tuple[str, ...]
    time_zone: str


class AddFunds(Command, frozen=True, gc=False):
    """Open a credit lot; debt is paid first."""

    lot_id: str
    amount_micros: int
    currency: str
    purchased_ms: int


class SetThresholds(Command, frozen=True, gc=False):
    """Replace the thresholds."""

    thresholds: tuple[ThresholdSetting, ...]


class Adjust(Command, frozen=True, gc=False):
    """Correct a balance by hand."""

    amount_micros: int
    currency: str
    reason: str


class CloseAccount(Command, frozen=True, gc=False):
    """Close the account."""

    reason: str | None


class ExpireLots(Command, frozen=True, gc=False):
    """The timer's: stream time has come to `due_ms`."""

    due_ms: int


TYPE_NAMES: dict[type[Command], str] = {
    OpenAccount: "open_account",
    AddFunds: "add_funds",
    SetThresholds: "set_thresholds",
    Adjust: "adjust",
    CloseAccount: "close_account",
    ExpireLots: "expire_lots",
}
