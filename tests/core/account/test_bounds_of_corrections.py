"""Bounds of corrections: what comes back with a charge moves the balance by its draws, not by its price.

What was owed of a month, waived, or drawn on a lot that is in its grace by now, is no balance that comes back.
"""

from functools import cache
from random import Random
from typing import Any

import pytest

from rater.core import engine
from rater.core.account.account import Account
from rater.core.account.contract import BillingMode, Contract
from rater.core.account.journal import Journal
from rater.core.pricing.rules import Rules
from rater.core.suspension import Suspended, Suspension
from tests.build import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    RULES,
    UNIT,
    account,
    cdr,
    lot,
    settings_version,
    source,
)
from topics import records as r
from topics.records.charging_settings import CurrencyTerms

CALL = 125_000
"""A minute to a French mobile."""
MODES = [BillingMode(NOW - DAY, True, 1), BillingMode(NOW, False, 2)]
"""It pays later until now."""


@cache
def rules(most: int) -> Rules:
    """Return rules by which corrections are taken, and no balance is so far below zero."""
    usd = CurrencyTerms("USD", 2, 0, UNIT, most)
    version = settings_version(corrections=True, USD=usd)
    return RULES.with_settings(RULES.settings.with_version(version))


def charged(there: Account, most: int, at_ms: int = NOW, **fields: Any) -> r.Charge:
    journal = Journal()
    assert engine.charge(there, cdr(**fields), source(at_ms), rules(most), journal) == "rated"
    return next(each for each in journal.entries if isinstance(each, r.Charge))


def put_right(
    there: Account, original: r.Charge, most: int, at_ms: int = NOW, **fields: Any
) -> str | Suspension:
    changed = cdr(**{"version": 2, "kind": "correction", **fields})
    return engine.correct(there, changed, source(at_ms), rules(most), Journal(), original)


def is_too_large(found: str | Suspension) -> bool:
    return isinstance(found, Suspension) and found.reason is Suspended.AMOUNT_TOO_LARGE


@pytest.mark.parametrize(("most", "waits"), [(CALL - 1, True), (CALL, False)])
def test_what_comes_back_to_a_lot_in_its_grace_is_no_balance_for_a_later_call(
    most: int,
    waits: bool,  # noqa: FBT001
) -> None:
    """The lot dies between the call as it was told first and as it was."""
    there = account(lot("a", CALL + 5, NOW + HOUR))
    original = charged(there, most)
    found = put_right(there, original, most, NOW + 3 * HOUR, ended_ms=NOW + 3 * HOUR)

    assert is_too_large(found) == waits
    assert there.balance == (0 if waits else -CALL)


@pytest.mark.parametrize(("most", "waits"), [(CALL - 1, True), (CALL, False)])
def test_what_was_owed_of_a_month_is_no_balance_for_a_call_that_is_prepaid(
    most: int,
    waits: bool,  # noqa: FBT001
) -> None:
    there = account(contract=Contract([], MODES))
    original = charged(there, CALL)
    assert there.balance == 0
    found = put_right(there, original, most, ended_ms=NOW + HOUR)

    assert is_too_large(found) == waits
    assert there.balance == (0 if waits else -CALL)


@pytest.mark.parametrize(("most", "waits"), [(CALL - 1, True), (CALL, False)])
def test_what_was_waived_is_no_balance_for_a_call_that_is_charged(
    most: int,
    waits: bool,  # noqa: FBT001
) -> None:
    there = account(contract=Contract([], [], None, "waive"))
    original = charged(there, CALL)
    assert there.contract is not None
    there.contract.unlicensed_calls = "charge"
    found = put_right(there, original, most)

    assert is_too_large(found) == waits
    assert there.balance == (0 if waits else -CALL)


def test_what_is_owed_of_a_month_comes_back_before_the_new_charge_is_owed_of_it() -> None:
    """A month that owes as much as may be: the call becomes shorter, or as long again, but no longer."""
    there = account(contract=Contract([], MODES[:1]))
    original = charged(there, 2 * CALL, billsec=120)

    assert is_too_large(put_right(there, original, 2 * CALL, billsec=121))
    assert put_right(there, original, 2 * CALL, billsec=60) == "rated"
    assert there.contract is not None
    assert there.contract.owed == {"2026-03": CALL}


def test_what_comes_back_to_the_balance_counts_whole() -> None:
    there = account(lot("a", CALL), debt=0)
    original = charged(there, CALL, billsec=120)
    assert there.balance == -CALL

    assert is_too_large(put_right(there, original, CALL, billsec=180))
    assert put_right(there, original, CALL, billsec=90) == "rated"


SEEDS = range(150)


@pytest.mark.parametrize("seed", SEEDS)
def test_property_no_charge_and_no_correction_takes_a_balance_or_a_month_beyond_its_bound(
    seed: int,
) -> None:
    chance = Random(seed)
    most = chance.choice((CALL, 2 * CALL, 5 * CALL))
    lots = [lot(f"L{n}", chance.choice((1, CALL, 3 * CALL)), NOW + n * HOUR) for n in range(1, 4)]
    there = account(*lots, contract=Contract([], chance.choice(([], MODES, MODES[:1]))))
    standing: dict[str, r.Charge] = {}
    now_ms = NOW
    for number in range(60):
        now_ms += chance.choice((0, MINUTE, HOUR))
        assert there.contract is not None
        there.contract.unlicensed_calls = chance.choice(("charge", "charge", "waive"))
        cdr_id = f"c{chance.randrange(6)}"
        fields = {
            "cdr_id": cdr_id,
            "version": number + 1,
            "billsec": chance.choice((1, 60, 61, 200)),
            "ended_ms": now_ms - chance.choice((0, HOUR, 3 * HOUR)),
            "kind": chance.choice(("correction", "correction", "void")),
        }
        if cdr_id not in standing:
            fields["kind"] = "final"
        journal = Journal()
        before = there.balance
        original = standing.get(cdr_id)
        call = cdr(**fields)
        outcome = engine.correct(there, call, source(now_ms), rules(most), journal, original)
        for entry in journal.entries:
            if isinstance(entry, r.Charge):
                standing[cdr_id] = entry
        if outcome == "voided":
            del standing[cdr_id]
        assert there.balance >= min(before, -most), (number, fields)
        assert max(there.contract.owed.values(), default=0) <= most, (number, fields)
