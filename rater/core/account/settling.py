"""Settling: a charge is applied, told, and held where it breaks a limit of spending."""

from rater.core.account.account import Account
from rater.core.account.applying import apply
from rater.core.account.breaker import SPEND_PER_HOUR, denied_by, is_new_destination, passed
from rater.core.account.cause import Cause
from rater.core.account.heads import entry_head
from rater.core.account.journal import Journal
from rater.core.account.user import User, is_waived, usage_country_of
from rater.core.cdr import Cdr, Source
from topics import records as r
from topics.records import Charge


def settle(  # noqa: PLR0913, PLR0917
    account: Account,
    cdr: Cdr,
    source: Source,
    journal: Journal,
    charged: tuple[Charge, str],
    user: User | None = None,
) -> None:
    """Apply a charge to a number in a country, look at the limits, tell what it crosses, then hold what it breaks."""
    entry, country = charged
    if not entry.charge_micros or is_waived(entry.draws):
        # What costs nothing, or nobody pays, is not spent: it passes no limit.
        journal.post(account, entry, "charge", cdr.cdr_id)
        return
    spending, before = account.spending, account.balance
    is_new = spending.high_rate is not None and is_new_destination(spending.high_rate, entry)
    apply(account, entry)
    broken: list[tuple[r.LimitKind, int, int]] = []
    if spending.spent + spending.spent_before > spending.limit or spending.cost_limit or is_new:
        broken = passed(spending, entry, is_new)
    journal.look(account, entry, before, "charge", cdr.cdr_id, bool(broken))
    if broken:
        home = usage_country_of(account, cdr, user)
        _hold(account, cdr, source, journal, (broken, country, home))


def _hold(
    account: Account,
    cdr: Cdr,
    source: Source,
    journal: Journal,
    why: tuple[list[tuple[r.LimitKind, int, int]], str, str | None],
) -> None:
    """Post what the breaker holds after a charge: the limits broken, the country called, and where from."""
    broken, country, home = why
    for limit, most, found in broken:
        denied = denied_by(limit, cdr, country, home)
        is_default = limit == SPEND_PER_HOUR and account.spending.per_hour < 0
        fields = entry_head(account, source, 0, account.debt)
        adopted = account.adopted if is_default else None
        version = None if adopted is None else adopted.version
        held = r.SpendLimitTripped(*fields, cdr.cdr_id, limit, most, found, denied, version)
        journal.post(account, held, "charge", cdr.cdr_id)
        journal.suspected(account, held, Cause("charge", cdr.cdr_id, source.at_ms))
