"""Draws: planned without a change, taken one by one."""

import pytest

from rater.core.account.draws import LotDraw, lot_draw_of, plan_draws, plan_of, take
from tests.build import NOW, account, draw, lot


def test_the_first_lot_pays_first_and_the_next_pays_the_rest() -> None:
    lots = [lot("a", 30), lot("b", 50), lot("c", 50)]

    drawn = [draw("a", 30, empties=lots[0]), draw("b", 15)]
    assert plan_draws(lots, [], 45, NOW) == (drawn, 0)
    assert [each.remaining for each in lots] == [30, 50, 50]


def test_what_no_lot_covers_is_the_shortfall() -> None:
    assert plan_draws([lot("a", 30)], [], 45, NOW) == ([draw("a", 30, empties=lot())], 15)
    assert plan_draws([], [], 45, NOW) == ([], 45)


def test_a_charge_of_nothing_draws_nothing() -> None:
    assert plan_draws([lot("a", 30)], [lot("x", 30)], 0, NOW) == ([], 0)


def test_an_expired_lot_pays_first_for_a_call_that_ended_in_time() -> None:
    expired = [lot("old", 20, expires_ms=NOW)]

    assert plan_draws([lot("a", 30)], expired, 25, NOW) == (
        [draw("old", 20, grace=True, empties=expired[0]), draw("a", 5)],
        0,
    )
    assert plan_draws([lot("a", 30)], expired, 25, NOW + 1) == ([draw("a", 25)], 0)


def test_a_lot_does_not_pay_for_a_call_that_ended_after_its_expiry() -> None:
    lots = [lot("a", 30, expires_ms=NOW - 1), lot("b", 30, expires_ms=NOW)]

    assert plan_draws(lots, [], 10, NOW) == ([draw("b", 10)], 0)


def test_a_draw_on_promotional_credit_says_so_and_what_opens_it_again() -> None:
    given = lot("g", 30, category="promotional")

    assert plan_draws([given], [], 10, NOW) == ([draw("g", 10, empties=given)], 0)
    assert draw("g", 10, empties=given).category == "promotional"


def test_promotional_credit_is_drawn_last_where_the_settings_adopted_ask_for_it() -> None:
    given, paid = lot("g", 30, category="promotional"), lot("p", 30)
    old = lot("o", 5, category="promotional", expires_ms=NOW)
    older = lot("q", 5, expires_ms=NOW)
    who = account(given, paid, expired=[old, older])

    drawn, _ = plan_of(who, 45, NOW)
    who.paid_first = True
    turned, _ = plan_of(who, 45, NOW)

    assert [each.lot.lot_id for each in drawn] == ["o", "q", "g", "p"]
    assert [each.lot.lot_id for each in turned] == ["q", "o", "p", "g"]
    assert [each.lot_id for each in who.lots] == ["g", "p"]


def test_a_lot_with_nothing_left_is_gone() -> None:
    there = account(lot("a", 30), lot("b", 50))
    first, second = there.lots

    take(there, LotDraw(second, 20, False))
    take(there, LotDraw(first, 30, False))

    assert [(each.lot_id, each.remaining) for each in there.lots] == [("b", 30)]


def test_a_draw_beyond_what_is_left_is_a_broken_invariant() -> None:
    there = account(lot("a", 30))

    with pytest.raises(AssertionError, match="amount_micros=31"):
        take(there, lot_draw_of(there, draw("a", 31)))


def test_a_draw_on_a_lot_that_is_not_there_is_a_broken_invariant() -> None:
    with pytest.raises(AssertionError, match=r"not there: .*id='z'"):
        lot_draw_of(account(lot("a", 30)), draw("z", 1))


def test_what_is_planned_to_be_taken_is_what_its_entry_says() -> None:
    there = account(lot("a", 30), lot("b", 50), expired=[lot("old", 20, expires_ms=NOW)])

    planned, shortfall = plan_of(there, 130, NOW)
    drawn, _ = plan_draws(there.lots, there.expired, 130, NOW)
    named = [lot_draw_of(there, each) for each in drawn]

    assert shortfall == 30
    assert [each.draw() for each in planned] == drawn
    assert [(e.lot, e.micros, e.grace) for e in named] == [
        (e.lot, e.micros, e.grace) for e in planned
    ]
