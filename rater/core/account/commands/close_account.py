"""Close the account: no further money, no calls answered later."""

from typing import Final

from rater.core.account.account import Account
from rater.core.account.cause import Cause
from rater.core.account.commands.command import AccountCommand
from rater.core.account.heads import entry_head, event_head
from rater.core.cdr import Source
from topics.records import AccountClosed, AccountClosedEvent, CloseAccount


def _post(account: Account, command: CloseAccount, source: Source) -> AccountClosed:
    fields = entry_head(account, source, 0, account.debt)
    return AccountClosed(*fields, command.command_id, command.reason)


def _apply(account: Account, entry: AccountClosed) -> None:
    account.closed_ms = entry.at_ms


def _event(account: Account, _command: CloseAccount, cause: Cause) -> AccountClosedEvent:
    return AccountClosedEvent(*event_head(account, "closed", cause))


COMMAND: Final[AccountCommand[CloseAccount, AccountClosed]] = AccountCommand(
    record=CloseAccount,
    content=("reason",),
    cause="close",
    entry=AccountClosed,
    post=_post,
    apply=_apply,
    event=_event,
)
