"""Post-paid: which month owes what lots do not pay of a call, and what an account that pays later may do.

Rule 1: the billing mode at the start of a call decides. Of one that is paid later lots pay first; the rest is owed of
        the month in which it starts, in the account's time zone. That is no debt and moves no balance.
Rule 2: what is owed of a month is what was drawn of it, less what corrections gave back.
Rule 3: from when on the account pays later, from when on it is prepaid again, and that as much is owed of the present
        month as its credit limit allows, or not any more: each is an entry, posted by whatever reaches the account
        first, a CDR, a command, or the timer's at the instant that the entry before has named.
Rule 4: the limit blocks calls that are still to come: a CDR is charged beyond it. A late CDR of a month that is over
        blocks nothing.
Rule 5: entries do not go back in time: what was said last holds at its instant and after it.
"""

from rater.core.account.account import Account
from rater.core.account.carried_contract import state_of
from rater.core.account.cause import Cause
from rater.core.account.contract import Billing, Contract, billing_mode_at, next_mode_ms
from rater.core.account.heads import entry_head, event_head
from rater.core.account.journal import Journal
from rater.core.account.month import month_at, month_end_ms
from rater.core.cdr import Source
from rater.core.limits import NEVER_MS
from rater.core.pricing.rules import Rules
from topics import records as r
from topics.records.balance import CreditLimitReached


def owing_month(account: Account, started_ms: int, rules: Rules) -> str | None:
    """Return the month that owes what lots do not pay of a call that started then; None where it is prepaid."""
    contract = account.contract
    if contract is None or not contract.billing_modes:
        return None
    mode = billing_mode_at(contract, started_ms)
    if mode is None or not mode.pays_later:
        return None
    return month_at(account, rules.plans, started_ms)


def has_billing(contract: Contract) -> bool:
    """Tell whether something was ever said of how the account pays."""
    return bool(contract.billing_modes) or contract.billing.pays_later


def look_at_billing(
    account: Account, source: Source, cause: Cause, rules: Rules, journal: Journal
) -> None:
    """Say how the account pays now, where that is not what was said last."""
    contract = account.contract
    if contract is None or not has_billing(contract):
        return
    billing = contract.billing
    now_ms = max(source.at_ms, billing.said_ms)
    mode = billing_mode_at(contract, now_ms)
    later = mode is not None and mode.pays_later
    limit = mode.limit if mode is not None and later else 0
    month = month_at(account, rules.plans, now_ms) if limit else None
    reached = month is not None and contract.owed.get(month, 0) >= limit
    found = Billing(later, limit, reached, billing.look_ms, billing.said_ms)
    if found == billing and now_ms < billing.look_ms:
        return
    found.look_ms = next_mode_ms(contract, now_ms)
    if reached:
        found.look_ms = min(found.look_ms, month_end_ms(account, rules.plans, now_ms))
    _say(account, source, (found, month), cause, journal)


def _say(
    account: Account,
    source: Source,
    now: tuple[Billing, str | None],
    cause: Cause,
    journal: Journal,
) -> None:
    """Post the entry; that the limit is reached is told, too, once each time."""
    (found, month), contract = now, account.contract
    assert contract is not None, found
    owed = None if month is None else contract.owed.get(month, 0)
    entry = r.BillingStateChanged(
        *entry_head(account, source, 0, account.debt),
        state_of(found),
        "charge" if cause.kind == "charge" else "settings",
        cause.cause_id,
        found.limit or None,
        month,
        owed,
        None if found.look_ms == NEVER_MS else found.look_ms,
    )

    def event() -> CreditLimitReached:
        head = event_head(account, "credit_limit", cause)
        return CreditLimitReached(*head, month or "", found.limit, owed or 0, found.look_ms)

    is_new = found.is_reached and not contract.billing.is_reached
    journal.settle(account, entry, cause, event if is_new else None)
