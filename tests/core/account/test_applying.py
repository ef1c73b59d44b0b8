"""Applying: an entry changes its account, and a wrong one is a broken invariant."""

from typing import Any

import pytest
from msgspec.structs import replace

from rater.core.account.account import Account
from rater.core.account.applying import apply
from rater.core.account.heads import entry_head
from rater.core.limits import GRACE_MS
from tests.build import NOW, UNIT, account, draw, lot, source
from topics import records as r
from topics.records import Draw


def charge(there: Account, amount: int, balance: int, draws: list[Draw], debt: int = 0) -> r.Charge:
    fields: list[Any] = list(entry_head(there, source(), amount, debt))
    fields[9] = balance
    call = r.ChargedCall("out", "+33", NOW, NOW + 60_000, 60)
    terms: dict[str, Any] = {"draws": tuple(draws)}
    fields += ("c1", "rated", -amount, call)
    return r.Charge(*fields, **terms)


def test_a_charge_takes_its_draws_and_leaves_its_shortfall() -> None:
    there = account(lot("a", 30), lot("b", 30))
    apply(
        there,
        charge(there, -70, -10, [draw("a", 30), draw("b", 30), Draw("shortfall", None, 10)], 10),
    )

    assert (there.balance, there.debt, there.lots, there.seq) == (-10, 10, [], 1)


def test_a_draw_in_grace_is_taken_from_the_expired_lot() -> None:
    there = account(lot("b", 30), expired=[lot("a", 20)])
    apply(there, charge(there, 0, 30, [draw("a", 5, grace=True)]))

    assert (there.expired[0].remaining, there.lots[0].remaining) == (15, 30)


def test_an_entry_whose_balance_is_wrong_is_a_broken_invariant() -> None:
    there = account(lot("a", 30))

    with pytest.raises(AssertionError, match="balance_micros=26"):
        apply(there, charge(there, -5, 26, [draw("a", 5)]))


def test_an_entry_whose_debt_is_wrong_is_a_broken_invariant() -> None:
    there = account(lot("a", 30))
    entry = replace(charge(there, -5, 25, [draw("a", 5)]), overdraft_micros=1)

    with pytest.raises(AssertionError, match="overdraft_micros=1"):
        apply(there, entry)


def test_a_lot_expires_then_is_forfeited() -> None:
    there = account(lot("a", UNIT, NOW), lot("b", UNIT))
    apply(there, r.LotExpired(*entry_head(there, source(), -UNIT, 0), "a", NOW + GRACE_MS))
    assert ([x.lot_id for x in there.expired], there.balance) == (["a"], UNIT)
    assert there.due_ms == NOW + GRACE_MS

    apply(there, r.LotForfeited(*entry_head(there, source(), 0, 0), "a", UNIT))
    assert (there.expired, there.forfeited_to_ms) == ([], NOW)
    assert there.due_ms == there.lots[0].expires_ms


def test_lots_stay_in_draw_order_whatever_order_they_come_in() -> None:
    there = account()
    for lot_id, bought in (("late", 3), ("b", 2), ("a", 2), ("early", 1)):
        opened = r.Lot(lot_id, 5, 0, 5, bought, NOW + bought)
        apply(there, r.FundsAdded(*entry_head(there, source(), 5, 0), "f", opened))

    assert [each.lot_id for each in there.lots] == ["early", "a", "b", "late"]
    assert there.due_ms == NOW + 1


def test_a_threshold_that_stays_as_it_was_stays_disarmed() -> None:
    there = account()
    for amounts in ((5, 3), (5, 9)):
        settings = tuple(r.ThresholdSetting(f"t{n}", at) for n, at in enumerate(amounts))
        apply(there, r.ThresholdsSet(*entry_head(there, source(), 0, 0), "t", settings))
        shown = [(each.threshold_id, each.amount, each.armed) for each in there.thresholds]
        for each in there.thresholds:
            each.armed = False

    assert shown == [("t1", 9, True), ("t0", 5, False)]


def test_another_label_arms_nothing_and_recharge_settings_keep_it() -> None:
    there = account()
    for label in ("Soon", "Top up soon"):
        setting = r.ThresholdSetting("low", 5, None, label)
        apply(there, r.ThresholdsSet(*entry_head(there, source(), 0, 0), "t", (setting,)))
        there.thresholds[0].armed = False
    values: tuple[Any, ...] = (True, "fixed", 9, None, 7, None, None, None, None, None)
    apply(there, r.AutoRechargeSet(*entry_head(there, source(), 0, 0), "r", *values))

    shown = [(each.threshold_id, each.armed, each.label) for each in there.thresholds]
    assert shown == [("auto_recharge", True, None), ("low", False, "Top up soon")]
