"""Counting: what a charge, or its return, adds to what is counted of the user whose call it was, and what it tells."""

from rater.core.account.account import Account
from rater.core.account.cause import Cause
from rater.core.account.journal import Journal
from rater.core.account.month import month_at
from rater.core.account.pool_use import own_running_out, tell_use
from rater.core.account.user import (
    User,
    Users,
    consumer_of,
    count_charge,
    count_reversal,
    started_ms,
)
from rater.core.account.user_status import note_user
from rater.core.pricing.rules import Rules
from topics.records import Charge, ChargeReversed


def count(
    account: Account, entry: Charge, rules: Rules, users: Users | None, journal: Journal
) -> None:
    """Count a charge that has been applied; tell which pools of the user's own run out, and its status when due.

    Before any other entry of the account: events say the balance and the number after this one.
    """
    user = user_of(account, consumer_of(entry.call), users)
    if user is None or users is None or not entry.draws:
        return
    contract = account.contract
    if (
        count_charge(user, entry, month_at(account, rules.plans, started_ms(entry.call)))
        and contract is not None
        and (running := own_running_out(account, contract, user, entry, rules.plans))
    ):
        why = Cause("charge", entry.cdr_id, entry.at_ms)
        tell_use(account, running, why, rules.plans, journal.events, user)
    users.change(user)
    note_user(user, account, rules, entry.at_ms, journal.users)


def count_back(
    account: Account,
    entry: ChargeReversed,
    original: Charge,
    rules: Rules,
    users: Users | None,
) -> None:
    """Count what has been taken back of a charge."""
    user = user_of(account, consumer_of(original.call), users)
    if user is None or users is None or not original.draws:
        return
    count_reversal(user, entry, original, month_at(account, rules.plans, started_ms(original.call)))
    users.change(user)


def user_of(account: Account, user_id: str | None, users: Users | None) -> User | None:
    """Return a user of the account; one that has no contract has none."""
    if users is None or account.contract is None:
        return None
    return users.find(account.tenant_id, user_id)
