"""Reversal: a charge taken back by its own draws; worked cases with their numbers."""

from typing import Any

import pytest

from rater.core.account.account import Account
from rater.core.account.journal import Journal
from rater.core.account.reversal import reversal_of
from rater.core.engine import charge, correct
from rater.core.limits import AMOUNT_MICROS_MAX, GRACE_MS, LOTS_MAX
from rater.core.suspension import Suspension
from tests.build import (
    DAY,
    HOUR,
    NOW,
    RULES,
    UNIT,
    YEAR,
    account,
    cdr,
    correcting,
    draw,
    lot,
    settings_version,
    source,
)
from topics import records as r

CALL = 125_000
"""A minute to a French mobile."""
Lots = list[tuple[str, int]]


def charged(there: Account, at_ms: int = NOW, **fields: Any) -> r.Charge:
    """Charge a call, and return its entry."""
    journal = Journal()
    assert charge(there, cdr(**fields), source(at_ms), RULES, journal) == "rated"
    (entry,) = [each for each in journal.entries if isinstance(each, r.Charge)]
    return entry


def put_right(
    there: Account, original: r.Charge | None, at_ms: int = NOW, **fields: Any
) -> tuple[Any, Journal]:
    """Take a second version."""
    journal = Journal()
    changed = cdr(**{"version": 2, "kind": "correction", **fields})
    outcome = correct(there, changed, source(at_ms), correcting(), journal, original)
    return outcome, journal


def held(there: Account) -> Lots:
    return [(each.lot_id, each.remaining) for each in there.lots]


def in_grace(there: Account) -> Lots:
    return [(each.lot_id, each.remaining) for each in there.expired]


def void(there: Account, original: r.Charge, at_ms: int = NOW) -> r.ChargeReversed:
    outcome, journal = put_right(there, original, at_ms, kind="void")
    assert outcome == "voided"
    found = [each for each in journal.entries if isinstance(each, r.ChargeReversed)]
    assert len(found) == 1
    return found[0]


def test_a_void_gives_the_lots_back_what_they_paid_the_last_one_first() -> None:
    there = account(lot("a", 50_000), lot("b", 60_000), lot("c", 90_000))
    original = charged(there)
    assert held(there) == [("c", 75_000)]

    entry = void(there, original)

    emptied = lot("a")
    assert entry.returns == (
        draw("c", 15_000),
        draw("b", 60_000, empties=emptied),
        draw("a", 50_000, empties=emptied),
    )
    assert held(there) == [("a", 50_000), ("b", 60_000), ("c", 90_000)]
    assert (entry.reverses, entry.reversed_micros, entry.lot) == (original.entry_id, CALL, None)
    assert (entry.amount_micros, there.balance, there.debt) == (CALL, 200_000, 0)
    assert (entry.by, entry.version, entry.by_version) == ("void", 1, 2)


def test_the_debt_that_a_call_caused_is_paid_first() -> None:
    there = account(lot("a", 100_000))
    original = charged(there)
    assert (there.balance, there.debt) == (-25_000, 25_000)

    entry = void(there, original)

    assert entry.returns == (
        r.Draw("shortfall", None, 25_000),
        draw("a", 100_000, empties=lot("a")),
    )
    assert (there.balance, there.debt, held(there)) == (100_000, 0, [("a", 100_000)])


def test_the_debt_that_a_call_left_to_others_is_paid_first() -> None:
    there = account(lot("a", 200_000))
    original = charged(there)
    charged(there, cdr_id="c2")
    assert (there.balance, there.debt) == (-50_000, 50_000)

    void(there, original)

    # 125,000 come back: 50,000 for the debt; the lot was emptied by the other call, so the rest is a lot of its own.
    assert (there.balance, there.debt) == (75_000, 0)
    assert held(there) == [("returned:acme/1", 75_000)]


def test_a_debt_that_was_paid_meanwhile_comes_back_as_a_lot() -> None:
    there = account()
    original = charged(there)
    there.debt, there.balance = 0, 0

    entry = void(there, original)

    assert (entry.returns, held(there)) == ((), [("returned:acme/1", CALL)])
    assert there.balance == CALL


def test_what_a_lot_in_grace_paid_goes_back_without_moving_the_balance() -> None:
    there = account(lot("b", UNIT), expired=[lot("a", 100_000, NOW - HOUR)])
    original = charged(there, ended_ms=NOW - HOUR)
    assert (there.balance, held(there)) == (UNIT - 25_000, [("b", 975_000)])

    entry = void(there, original)

    old = lot("a", expires_ms=NOW - HOUR)
    assert entry.returns == (draw("b", 25_000), draw("a", 100_000, grace=True, empties=old))
    assert (entry.amount_micros, there.balance) == (25_000, UNIT)
    assert in_grace(there) == [("a", 100_000)]


def test_a_lot_that_expired_meanwhile_takes_it_in_grace() -> None:
    there = account(lot("a", UNIT, NOW + HOUR), lot("b", UNIT))
    original = charged(there)

    entry = void(there, original, NOW + 2 * HOUR)

    assert entry.returns == (draw("a", CALL, grace=True),)
    assert (entry.amount_micros, there.balance, in_grace(there)) == (0, UNIT, [("a", UNIT)])


def test_a_lot_that_was_emptied_and_expired_meanwhile_is_open_in_grace_again() -> None:
    there = account(lot("a", CALL, NOW + HOUR), lot("b", UNIT))
    original = charged(there)

    void(there, original, NOW + 2 * HOUR)

    assert (there.balance, in_grace(there), held(there)) == (UNIT, [("a", CALL)], [("b", UNIT)])
    assert there.due_ms == NOW + HOUR + GRACE_MS


def test_a_refund_to_a_forfeited_lot_is_a_lot_of_its_own_and_no_lot_is_opened_again() -> None:
    """Scenario 42: a correction of -.125; the lot that paid is gone for good."""
    there = account(lot("a", 500_000, NOW + HOUR), lot("b", UNIT, NOW + YEAR))
    original = charged(there, billsec=219)
    assert held(there) == [("b", UNIT)]
    later = NOW + 4 * DAY

    outcome, journal = put_right(there, original, later, billsec=159)

    assert outcome == "rated"
    assert (there.balance, in_grace(there)) == (UNIT + CALL, [])
    assert held(there) == [("returned:acme/1", CALL), ("b", UNIT)]
    reversed_, again = journal.entries
    assert isinstance(reversed_, r.ChargeReversed)
    assert isinstance(again, r.Charge)
    assert reversed_.lot is not None
    assert reversed_.lot.granted_micros == 500_000
    assert reversed_.lot.expires_ms == later + 30 * DAY
    assert again.draws == (draw("returned:acme/1", 375_000),)


def test_what_a_forfeited_lot_in_grace_paid_pays_debt_as_new_money_does() -> None:
    there = account(expired=[lot("a", CALL, NOW - HOUR)])
    original = charged(there, ended_ms=NOW - HOUR)
    charged(there, cdr_id="c2")
    assert there.debt == CALL

    entry = void(there, original, NOW + 3 * DAY)

    assert entry.lot is not None
    assert (entry.lot.granted_micros, entry.lot.overdraft_paid_micros) == (CALL, CALL)
    assert (there.balance, there.debt, held(there)) == (0, 0, [])


@pytest.mark.parametrize("seconds", [1, 60, 61, 159, 600, 6_000])
def test_a_correction_leaves_what_the_corrected_call_alone_would_have_left(seconds: int) -> None:
    lots = [lot("a", 50_000), lot("b", 60_000), lot("c", UNIT)]
    alone = account(*[lot(each.lot_id, each.remaining) for each in lots])
    charged(alone, billsec=seconds)
    there = account(*lots)
    original = charged(there)

    put_right(there, original, billsec=seconds)

    assert (held(there), there.balance, there.debt) == (held(alone), alone.balance, alone.debt)


def test_a_correction_posts_the_reversal_and_the_new_charge_and_looks_at_thresholds_once() -> None:
    there = account(lot("a", UNIT))
    original = charged(there, billsec=219)

    outcome, journal = put_right(there, original, billsec=159)

    back, again = journal.entries
    assert outcome == "rated"
    assert isinstance(back, r.ChargeReversed)
    assert isinstance(again, r.Charge)
    assert (back.seq, back.by, again.seq, again.reverses) == (2, "correction", 3, original.entry_id)
    assert (back.amount_micros, again.charge_micros, again.version) == (500_000, 375_000, 2)
    assert [status.seq for status in journal.statuses] in ([], [3])
    assert journal.events == []


def test_money_of_a_correction_counts_for_no_limit_and_no_runway() -> None:
    there = account(lot("a", 100 * UNIT), limit=400_000)
    original = charged(there)
    before = (there.spending.burn, there.spending.spent)

    _, journal = put_right(there, original, billsec=600)

    assert (there.spending.burn, there.spending.spent, there.spending.tripped) == (*before, 0)
    assert len(journal.entries) == 2


def test_a_correction_without_a_price_waits_and_the_charge_stands() -> None:
    there = account(lot("a", UNIT))
    original = charged(there)

    outcome, journal = put_right(there, original, to="+999123456")

    assert isinstance(outcome, Suspension)
    assert (outcome.reason, journal.entries) == ("no_rate", [])
    assert there.balance == UNIT - CALL


def test_a_correction_that_costs_nothing_gives_all_back() -> None:
    there = account(lot("a", UNIT))
    original = charged(there)

    outcome, journal = put_right(there, original, disposition="busy", billsec=0)

    assert (outcome, held(there)) == ("free", [("a", UNIT)])
    assert isinstance(journal.entries[-1], r.Charge)
    assert journal.entries[-1].reverses == original.entry_id


def test_a_version_without_an_original_is_charged_as_any_call() -> None:
    there = account(lot("a", UNIT))

    outcome, journal = put_right(there, None)

    assert (outcome, len(journal.entries), there.balance) == ("rated", 1, UNIT - CALL)
    assert there.spending.spent == CALL


def test_a_void_of_nothing_is_a_charge_of_nothing() -> None:
    there = account(lot())
    outcome, journal = put_right(there, None, kind="void")

    (entry,) = journal.entries
    assert isinstance(entry, r.Charge)
    assert (outcome, entry.reason, entry.charge_micros, there.balance) == (
        "free",
        "voided",
        0,
        UNIT,
    )


def test_what_a_void_took_back_and_a_correction_charges_again_is_late_money() -> None:
    """Two voids and two charges of one call are one call's spending, not three."""
    there = account(lot("a", UNIT), limit=2 * CALL)
    original = charged(there)
    taken_back = void(there, original)
    journal, again = Journal(), cdr(version=3, kind="correction", billsec=120)
    assert (
        correct(there, again, source(), correcting(), journal, None, original.entry_id) == "rated"
    )

    (entry,) = journal.entries
    assert isinstance(entry, r.Charge)
    assert entry.reverses == taken_back.reverses
    assert (there.balance, there.spending.spent, there.spending.tripped) == (
        UNIT - 2 * CALL,
        CALL,
        0,
    )


@pytest.mark.parametrize("fields", [{"kind": "void"}, {"version": 2, "kind": "final"}])
def test_nothing_of_it_is_taken_unless_the_settings_say_so(fields: dict[str, Any]) -> None:
    there, journal = account(lot()), Journal()
    rules = RULES.with_settings(RULES.settings.with_version(settings_version(corrections=False)))
    outcome = correct(there, cdr(**fields), source(), rules, journal, None)

    assert isinstance(outcome, Suspension)
    assert (outcome.reason, journal.entries) == ("correction_unsupported", [])
    assert "With `corrections` on" in outcome.detail


def test_what_has_no_room_to_come_back_waits() -> None:
    full = account(*[lot(f"L{n}") for n in range(LOTS_MAX - 1)])
    rich = account(lot("a", AMOUNT_MICROS_MAX))
    for there, reason in ((full, "correction_unsupported"), (rich, "amount_too_large")):
        original = charged(account(lot("x")))
        outcome, journal = put_right(there, original, kind="void")
        assert isinstance(outcome, Suspension)
        assert (outcome.reason, journal.entries) == (reason, [])


def test_the_same_reversal_is_the_same_entry() -> None:
    there = account(lot("a", 50_000))
    original = charged(there)
    twice = [reversal_of(there, original, cdr(version=2), source()) for _ in range(2)]

    assert twice[0] == twice[1]


def test_promotional_credit_that_another_call_emptied_is_opened_again_as_what_it_was() -> None:
    there = account(lot("g", CALL + 5, category="promotional"), lot("p", CALL))
    original = charged(there)
    charged(there, cdr_id="c2")
    assert held(there) == [("p", 5)]

    entry = void(there, original)

    given = lot("g", category="promotional")
    assert (entry.returns, entry.lot) == ((draw("g", CALL, empties=given),), None)
    assert [(each.lot_id, each.category) for each in there.lots] == [
        ("g", "promotional"),
        ("p", None),
    ]


def test_promotional_credit_that_is_forfeited_lives_30_days_more() -> None:
    given = lot("g", CALL, category="promotional", expires_ms=NOW)
    there = account(given)
    original = charged(there)

    entry = void(there, original, NOW + GRACE_MS)

    assert entry.lot is None
    assert [(each.lot_id, each.expires_ms, each.category) for each in there.lots] == [
        ("g", NOW + GRACE_MS + 30 * DAY, "promotional")
    ]


def test_what_comes_back_to_promotional_credit_that_is_there_says_its_category() -> None:
    there = account(lot("g", 2 * CALL, category="promotional"))
    entry = void(there, charged(there))

    assert [(each.id, each.category, each.expires_ms) for each in entry.returns] == [
        ("g", "promotional", None)
    ]


@pytest.mark.parametrize("given", [None, "promotional"])
def test_what_bears_the_name_of_a_lot_that_is_over_and_is_other_money_takes_nothing(
    given: Any,
) -> None:
    """Of a short campaign the id is forgotten, and given again, while a call that it paid can be corrected."""
    there = account(lot("L", 2 * CALL, category=given))
    original = charged(there)
    others = None if given else "promotional"
    there.lots[:] = [lot("L", UNIT, category=others)]
    there.balance = UNIT

    entry = void(there, original)

    assert entry.returns == ()
    assert entry.lot is not None
    assert (entry.lot.granted_micros, entry.lot.category) == (CALL, None)
    assert sorted((each.lot_id, each.remaining, each.category) for each in there.lots) == [
        ("L", UNIT, others),
        (f"returned:{original.entry_id}", CALL, None),
    ]
