"""Open a closed account again; calls answered while it was closed stay uncharged, in suspense."""

from typing import Final

from rater.core.account.account import Account
from rater.core.account.cause import Cause
from rater.core.account.commands.command import AccountCommand, always
from rater.core.account.heads import entry_head, event_head
from rater.core.account.past import CHANGES_MAX, too_many_changes, without_the_oldest
from rater.core.cdr import Source
from rater.core.charging_settings import ChargingSettings
from rater.core.limits import NEVER_MS
from rater.core.rejections import Refusal, Rejected
from topics.records import AccountReopened, AccountReopenedEvent, ReopenAccount


def _refuse(
    account: Account, command: ReopenAccount, source: Source, _settings: ChargingSettings
) -> Refusal | None:
    if account.closed_ms == NEVER_MS:
        return Refusal(Rejected.ACCOUNT_OPEN, f"tenant_id: {command.tenant_id} is open")
    if len(without_the_oldest(account.past, source.at_ms).closures) >= CHANGES_MAX:
        return too_many_changes("tenant_id", "was closed and reopened")
    return None


def _post(account: Account, command: ReopenAccount, source: Source) -> AccountReopened:
    fields = entry_head(account, source, 0, account.debt)
    return AccountReopened(*fields, command.command_id, account.closed_ms, command.reason)


def _apply(account: Account, entry: AccountReopened) -> None:
    past = without_the_oldest(account.past, entry.at_ms)
    if entry.at_ms > account.closed_ms:
        past.closures.append((account.closed_ms, entry.at_ms))
        past.settled_ms = max(past.settled_ms, entry.at_ms)
        account.past = past
    account.closed_ms = NEVER_MS


def _event(account: Account, _command: ReopenAccount, cause: Cause) -> AccountReopenedEvent:
    return AccountReopenedEvent(*event_head(account, "reopened", cause))


COMMAND: Final[AccountCommand[ReopenAccount, AccountReopened]] = AccountCommand(
    record=ReopenAccount,
    content=("reason",),
    cause="reopen",
    refuse=_refuse,
    entry=AccountReopened,
    post=_post,
    apply=_apply,
    event=_event,
    reaches_closed=always,
    warns_of_decks=True,
)
