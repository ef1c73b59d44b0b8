"""Replace the decks of an account: they price the calls answered from the time of this command on."""

from typing import Final

from rater.core.account.account import Account
from rater.core.account.commands.command import AccountCommand
from rater.core.account.heads import entry_head
from rater.core.account.past import CHANGES_MAX, too_many_changes, without_the_oldest
from rater.core.cdr import Source
from rater.core.charging_settings import ChargingSettings
from rater.core.rejections import Refusal
from topics.records import DecksSet, SetDecks


def _refuse(
    account: Account, _command: SetDecks, source: Source, _settings: ChargingSettings
) -> Refusal | None:
    if len(without_the_oldest(account.past, source.at_ms).decks) >= CHANGES_MAX:
        return too_many_changes("decks", "were set")
    return None


def _post(account: Account, command: SetDecks, source: Source) -> DecksSet:
    fields = entry_head(account, source, 0, account.debt)
    return DecksSet(*fields, command.command_id, command.decks, command.reason)


def _apply(account: Account, entry: DecksSet) -> None:
    replace_decks(account, entry.decks, entry.at_ms)


def replace_decks(account: Account, decks: tuple[str, ...], at_ms: int) -> None:
    """Give an account other decks from an instant on, and keep those of before for calls that come late."""
    past = without_the_oldest(account.past, at_ms)
    since = past.decks[-1][0] if past.decks else -1
    if at_ms > since and decks != account.decks:
        past.decks.append((at_ms, account.decks))
        past.settled_ms = max(past.settled_ms, at_ms)
        account.past = past
    account.decks = decks


COMMAND: Final[AccountCommand[SetDecks, DecksSet]] = AccountCommand(
    record=SetDecks,
    content=("decks", "reason"),
    cause="settings",
    refuse=_refuse,
    entry=DecksSet,
    post=_post,
    apply=_apply,
    warns_of_decks=True,
    needs_credits=True,
)
