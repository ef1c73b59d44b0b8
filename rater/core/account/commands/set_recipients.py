"""Replace who is told. The event has the addresses, the ledger, which is kept for good, only how many."""

from typing import Final

from rater.core.account.account import Account
from rater.core.account.cause import Cause
from rater.core.account.commands.command import AccountCommand
from rater.core.account.heads import entry_head, event_head
from rater.core.cdr import Source
from topics.records import RecipientsChanged, RecipientsSet, SetRecipients


def _post(account: Account, command: SetRecipients, source: Source) -> RecipientsSet:
    return RecipientsSet(
        *entry_head(account, source, 0, account.debt),
        command.command_id,
        len(command.emails),
        command.language,
        command.webhook is not None,
        command.actor,
        command.actor_role,
        command.statements,
    )


def _event(account: Account, command: SetRecipients, cause: Cause) -> RecipientsChanged:
    head = event_head(account, "recipients", cause)
    to = (command.emails, command.language, command.webhook, command.statements)
    return RecipientsChanged(*head, *to)


COMMAND: Final[AccountCommand[SetRecipients, RecipientsSet]] = AccountCommand(
    record=SetRecipients,
    content=("emails", "language", "webhook", "actor", "actor_role", "statements"),
    cause="settings",
    entry=RecipientsSet,
    post=_post,
    event=_event,
)
