"""Open a tenant's account; its currency never changes. Without one, and without decks, it has no credits."""

from typing import Final

from rater.core.account.account import Account
from rater.core.account.commands.command import AccountCommand, always
from rater.core.account.heads import entry_head
from rater.core.account.month import next_carry_ms, said_month_end
from rater.core.account.thresholds import note_calm
from rater.core.cdr import Source
from rater.core.charging_settings import ChargingSettings
from rater.core.pricing.plans.book import PlanBook
from rater.core.rejections import Refusal, Rejected
from topics.fields import NO_CURRENCY
from topics.records import AccountOpened, OpenAccount


def new_account(command: OpenAccount) -> Account:
    """Make the account, before its first entry."""
    currency = NO_CURRENCY if command.currency is None else command.currency
    account = Account(command.tenant_id, currency, command.time_zone, command.decks or ())
    note_calm(account)
    return account


def _refuse(
    _account: Account, command: OpenAccount, _source: Source, _settings: ChargingSettings
) -> Refusal | None:
    return Refusal(Rejected.ACCOUNT_EXISTS, f"tenant_id: {command.tenant_id} has an account")


def _post(account: Account, command: OpenAccount, source: Source, plans: PlanBook) -> AccountOpened:
    fields = entry_head(account, source, 0, 0)
    ends_ms = said_month_end(account, plans, source.at_ms, source.at_ms)
    return AccountOpened(*fields, command.command_id, command.time_zone, account.decks, ends_ms)


def _apply(account: Account, entry: AccountOpened) -> None:
    account.carry_ms = next_carry_ms(entry)


COMMAND: Final[AccountCommand[OpenAccount, AccountOpened]] = AccountCommand(
    record=OpenAccount,
    content=("currency", "decks", "time_zone"),
    cause="settings",
    refuse=_refuse,
    entry=AccountOpened,
    post_by_clocks=_post,
    apply=_apply,
    reaches_closed=always,
    warns_of_decks=True,
)
