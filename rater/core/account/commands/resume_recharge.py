"""Forget what is paused, and allow what the breaker denied."""

from typing import Final

from rater.core.account.account import Account
from rater.core.account.breaker import held_calls, resume
from rater.core.account.cause import Cause
from rater.core.account.commands.command import AccountCommand
from rater.core.account.heads import entry_head, event_head
from rater.core.cdr import Source
from topics.records import RechargeResumed, RechargeResumedEvent, ResumeRecharge


def _post(account: Account, command: ResumeRecharge, source: Source) -> RechargeResumed:
    return RechargeResumed(
        *entry_head(account, source, 0, account.debt),
        command.command_id,
        held_calls(account.spending),
        command.reason,
        command.actor,
        command.actor_role,
    )


def _apply(account: Account, _entry: RechargeResumed) -> None:
    resume(account.spending)


def _event(account: Account, _command: ResumeRecharge, cause: Cause) -> RechargeResumedEvent:
    return RechargeResumedEvent(*event_head(account, "resumed", cause))


COMMAND: Final[AccountCommand[ResumeRecharge, RechargeResumed]] = AccountCommand(
    record=ResumeRecharge,
    content=("reason", "actor", "actor_role"),
    cause="settings",
    entry=RechargeResumed,
    post=_post,
    apply=_apply,
    event=_event,
    needs_credits=True,
)
