"""Set what becomes of calls that money would pay, of users without a licence to spend it.

It holds for every CDR that comes after it, whenever its call was: a rule of charging, not a term of the call.
"""

from typing import Final

from rater.core.account.account import Account, contract_of
from rater.core.account.commands.command import AccountCommand
from rater.core.account.heads import entry_head
from rater.core.cdr import Source
from topics.records import SetUnlicensedCalls, UnlicensedCallsSet


def _post(account: Account, command: SetUnlicensedCalls, source: Source) -> UnlicensedCallsSet:
    fields = entry_head(account, source, 0, account.debt)
    return UnlicensedCallsSet(*fields, command.command_id, command.calls, command.reason)


def _apply(account: Account, entry: UnlicensedCallsSet) -> None:
    contract_of(account).unlicensed_calls = entry.calls


COMMAND: Final[AccountCommand[SetUnlicensedCalls, UnlicensedCallsSet]] = AccountCommand(
    record=SetUnlicensedCalls,
    content=("calls", "reason"),
    cause="settings",
    entry=UnlicensedCallsSet,
    post=_post,
    apply=_apply,
)
