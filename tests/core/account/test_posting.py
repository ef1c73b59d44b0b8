"""Posting: what the engine makes of a charge is what its entry says, of every kind of draw."""

from dataclasses import dataclass

import pytest

from rater.core.account.charges import charge_of, free_charge
from rater.core.account.posting import Posting, posting_of
from rater.core.pricing.plans.funding import Funding, PoolDraw
from rater.core.pricing.rated import Rated, waived
from tests.build import NOW, account, cdr, lot, source
from topics.records import ChargeLine

POOLS = (PoolDraw("2026-03/CALLS/all/DE", 60, False), PoolDraw("2026-03/OWN/user=ada", 6, True))


@dataclass
class Case:
    """A price, and who pays it."""

    micros: int
    funding: Funding | None = None
    owed_of: str | None = None
    reverses: str | None = None


CASES = {
    "lots": Case(80),
    "debt": Case(500),
    "nothing": Case(0),
    "pools": Case(0, Funding(POOLS, 1, 3)),
    "pools and money": Case(70, Funding(POOLS[:1], 1, 3)),
    "owed of the month": Case(500, owed_of="2026-03"),
    "a correction": Case(80, reverses="acme/1"),
}


def said(posting: Posting) -> tuple[object, ...]:
    """Return all that a posting says."""
    lots = [(each.lot, each.micros, each.grace) for each in posting.lots or []]
    return (
        *(posting.at_ms, posting.seq, posting.change, posting.balance, posting.debt),
        *(posting.micros, posting.is_spent, posting.is_waived),
        *(posting.pools, lots, posting.shortfall, posting.owed_of),
    )


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
@pytest.mark.parametrize("is_waived", [False, True], ids=["paid", "waived"])
def test_a_posting_is_what_its_entry_says(case: Case, is_waived: bool) -> None:  # noqa: FBT001
    there = account(lot("b", 90), expired=[lot("a", 70, NOW)])
    line = (ChargeLine("usage", case.micros, 60, 1, 60),)
    price = Rated(
        *("rated", case.micros, "acs", 3, "336", "France", "FR", "mobile", line),
        funding=case.funding,
    )
    if is_waived and case.micros:
        price = waived(price)

    posting = charge_of(there, cdr(), source(), price, case.reverses, case.owed_of)

    assert said(posting_of(there, posting.entry)) == said(posting)


def test_a_free_call_is_what_its_entry_says() -> None:
    there = account(lot("a", 30))
    posting = free_charge(there, cdr(disposition="busy"), source(), "unanswered")

    assert said(posting_of(there, posting.entry)) == said(posting)
