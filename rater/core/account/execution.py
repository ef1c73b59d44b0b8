"""Execution: a command on an account is refused, or becomes one entry with what is told of it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from rater.core.account.account import Account, has_credits
from rater.core.account.adoption import adopt
from rater.core.account.cause import Cause
from rater.core.account.commands.command import AccountCommand
from rater.core.account.commands.open_account import new_account
from rater.core.account.commands.registry import BY_RECORD
from rater.core.account.journal import Journal
from rater.core.cdr import Source
from rater.core.limits import NEVER_MS
from rater.core.pricing.rules import Rules
from rater.core.rejections import Refusal, Rejected
from topics import records as r
from topics.fields import ADMINISTRATOR_ROLES


def open_account(command: r.OpenAccount, source: Source, rules: Rules, journal: Journal) -> Account:
    """Make the account and post its first entry."""
    account = new_account(command)
    _post(account, command, source, rules, journal)
    return account


def execute(
    account: Account,
    command: r.Command,
    source: Source,
    rules: Rules,
    journal: Journal,
) -> Refusal | None:
    """Carry out a command on an account that exists; return why not, if so."""
    settings = rules.settings.at(source.at_ms)
    if account.adopted is not settings:
        adopt(account, settings)
    asked = BY_RECORD[type(command)]
    if account.closed_ms != NEVER_MS and not asked.reaches_closed(command):
        return Refusal(Rejected.ACCOUNT_CLOSED, f"tenant_id: {command.tenant_id} is closed")
    if isinstance(command, r.Setting) and (refusal := _refuse_role(command)):
        return refusal
    if asked.needs_credits and not has_credits(account):
        detail = f"type: {command.type}, but tenant_id {command.tenant_id} has no credits yet (open_credits)"
        return Refusal(Rejected.NO_CREDITS, detail)
    refusal = asked.refuse(account, command, source, settings)
    if refusal is None:
        _post(account, command, source, rules, journal)
    return refusal


def warns_of_decks(command: r.Command) -> bool:
    """Say whether the decks that the account then has are to be looked at."""
    return BY_RECORD[type(command)].warns_of_decks


def _refuse_role(command: r.Setting) -> Refusal | None:
    if command.actor_role is None or command.actor_role in ADMINISTRATOR_ROLES:
        return None
    who = command.actor or "somebody"
    detail = (
        f"actor_role: {who} is {command.actor_role}, must be {' or '.join(ADMINISTRATOR_ROLES)}"
    )
    return Refusal(Rejected.ROLE_NOT_ALLOWED, detail)


def _post(
    account: Account, command: r.Command, source: Source, rules: Rules, journal: Journal
) -> None:
    asked = BY_RECORD[type(command)]
    if asked.post_by_clocks is not None:
        entry = asked.post_by_clocks(account, command, source, rules.plans)
    elif asked.post is not None:
        entry = asked.post(account, command, source)
    else:
        return
    _settle(account, asked, command, entry, journal)


def _settle(
    account: Account,
    asked: AccountCommand[Any, Any],
    command: r.Command,
    entry: r.MoneyEntry,
    journal: Journal,
) -> None:
    """Apply the entry of a command, and tell of it."""
    cause = Cause(asked.cause, command.command_id, entry.at_ms)
    event = asked.event
    if not asked.moves_money:
        told: Callable[[], r.Event] | None
        told = None if event is None else partial(event, account, command, cause)
        if asked.told_of is not None:
            told = asked.told_of(account, entry, cause)
        journal.settle(account, entry, cause, told)
        return
    journal.post(account, entry, asked.cause, command.command_id)
    if event is not None:
        journal.events.append(event(account, command, cause))
