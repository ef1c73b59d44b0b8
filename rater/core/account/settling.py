"""Settling: a charge is applied, told, and held where it breaks a limit of spending."""

from typing import Final

from rater.core.account.account import Account
from rater.core.account.applying import apply_charge
from rater.core.account.breaker import SPEND_PER_HOUR, denied_by, is_new_destination, passed
from rater.core.account.cause import Cause
from rater.core.account.heads import entry_head
from rater.core.account.journal import Journal
from rater.core.account.posting import Posting
from rater.core.account.user import User, usage_country_of
from rater.core.cdr import Cdr, Source
from topics import records as r

Broken = list[tuple[r.LimitKind, int, int]]
"""The limits of spending that a charge has passed: name, limit, what was found."""
_NONE: Final[Broken] = []


def settle(account: Account, cdr: Cdr, journal: Journal, posting: Posting) -> Broken:
    """Apply a charge and tell what it crosses; return the limits that it breaks: `hold_broken` posts these next."""
    if not posting.micros or posting.is_waived:
        # What costs nothing, or nobody pays, is not spent: it passes no limit.
        journal.post_charge(account, posting, cdr.cdr_id)
        return _NONE
    spending, before = account.spending, account.balance
    high_rate, entry = spending.high_rate, posting.entry
    is_new = high_rate is not None and is_new_destination(high_rate, entry)
    apply_charge(account, posting)
    broken = _NONE
    if spending.spent + spending.spent_before > spending.limit or spending.cost_limit or is_new:
        broken = passed(spending, entry, is_new)
    journal.look(account, posting, before, cdr.cdr_id, bool(broken))
    return broken


def hold_broken(  # noqa: PLR0913, PLR0917
    account: Account,
    cdr: Cdr,
    source: Source,
    journal: Journal,
    why: tuple[Broken, str],
    user: User | None = None,
) -> None:
    """Post what the breaker holds after a charge of a user: the limits broken, and the country called."""
    broken, country = why
    home = usage_country_of(account, cdr, user)
    for limit, most, found in broken:
        denied = denied_by(limit, cdr, country, home)
        is_default = limit == SPEND_PER_HOUR and account.spending.per_hour < 0
        fields = entry_head(account, source, 0, account.debt)
        adopted = account.adopted if is_default else None
        version = None if adopted is None else adopted.version
        held = r.SpendLimitTripped(*fields, cdr.cdr_id, limit, most, found, denied, version)
        journal.post(account, held, "charge", cdr.cdr_id)
        journal.suspected(account, held, Cause("charge", cdr.cdr_id, source.at_ms))
