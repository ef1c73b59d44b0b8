"""AccountCommand: all that one account command is. Each file beside this one declares one; `registry` lists them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from rater.core.account.account import Account
from rater.core.account.cause import Cause
from rater.core.cdr import Source
from rater.core.charging_settings import ChargingSettings
from rater.core.pricing.plans.book import PlanBook
from rater.core.rejections import Refusal
from topics.records import Command, Event, MoneyEntry
from topics.records.causes import CauseKind

C = TypeVar("C", bound=Command)
E = TypeVar("E", bound=MoneyEntry)


def _never_refused(
    _account: Account, _command: Any, _source: Source, _settings: ChargingSettings
) -> Refusal | None:
    return None


def _changes_nothing(_account: Account, _entry: Any) -> None:
    pass


def _never(_command: Any) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCommand(Generic[C, E]):
    """A command that an account exists for, from its record to what it does; only `apply` changes the account."""

    record: type[C]
    content: tuple[str, ...]
    """Its fields, beside the head, by which a redelivery is told from another command of the same id; new ones last."""
    cause: CauseKind
    """What its event, and whatever the entry crosses, say as their cause."""
    refuse: Callable[[Account, C, Source, ChargingSettings], Refusal | None] = _never_refused
    """Say why it cannot be; the account is open, or the command reaches closed ones."""
    entry: type[E] | None = None
    """What it posts; None: all that is due was posted before any command is looked at, and it asks for nothing more."""
    post: Callable[[Account, C, Source], E] | None = None
    """Make its entry, which decides."""
    post_by_clocks: Callable[[Account, C, Source, PlanBook], E] | None = None
    """Likewise, where the entry depends on the account's months; of the book the time zones are asked for."""
    apply: Callable[[Account, E], None] = _changes_nothing
    """Change the account as the entry says, besides its sequence number and balance; no rule is applied here."""
    event: Callable[[Account, C, Cause], Event] | None = None
    """What is told, once the entry is applied."""
    told_of: Callable[[Account, E, Cause], Callable[[], Event] | None] | None = None
    """Likewise, where it depends on the entry whether anything is; None: nothing is."""
    moves_money: bool = False
    """Then what the balance crosses is told first, else the event."""
    reaches_closed: Callable[[C], bool] = _never
    """Say whether a closed account takes it, too."""
    needs_credits: bool = False
    """Whether an account without credits refuses it: it is about money, or about what recharges it."""
    warns_of_decks: bool = False
    """Whether the decks that the account then has are looked at."""


def always(_command: Any) -> bool:
    """Say yes: a closed account takes every such command."""
    return True
