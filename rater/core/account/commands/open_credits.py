"""Give credits to an account that was opened without them, once: from then on it is as any other.

Calls answered before were made without them, and stay so.
"""

from typing import Final

from rater.core.account.account import Account, has_credits
from rater.core.account.cause import Cause
from rater.core.account.commands.command import AccountCommand
from rater.core.account.commands.set_decks import replace_decks
from rater.core.account.heads import entry_head, event_head
from rater.core.cdr import Source
from rater.core.charging_settings import ChargingSettings
from rater.core.rejections import Refusal, Rejected
from topics.records import CreditsOpened, CreditsOpenedEvent, OpenCredits


def _refuse(
    account: Account, command: OpenCredits, source: Source, _settings: ChargingSettings
) -> Refusal | None:
    if has_credits(account):
        detail = f"tenant_id: {command.tenant_id} has credits, in {account.currency}"
        return Refusal(Rejected.CREDITS_OPEN, detail)
    return None


def _post(account: Account, command: OpenCredits, source: Source) -> CreditsOpened:
    head = entry_head(account, source, 0, account.debt)
    return CreditsOpened(*head[:7], command.currency, *head[8:], command.command_id, command.decks)


def _apply(account: Account, entry: CreditsOpened) -> None:
    account.currency = entry.currency
    # What was noted are the bounds of no currency.
    account.adopted = None
    replace_decks(account, entry.decks, entry.at_ms)


def _event(account: Account, _command: OpenCredits, cause: Cause) -> CreditsOpenedEvent:
    return CreditsOpenedEvent(*event_head(account, "credits_opened", cause))


COMMAND: Final[AccountCommand[OpenCredits, CreditsOpened]] = AccountCommand(
    record=OpenCredits,
    content=("currency", "decks"),
    cause="settings",
    refuse=_refuse,
    entry=CreditsOpened,
    post=_post,
    apply=_apply,
    event=_event,
    warns_of_decks=True,
)
