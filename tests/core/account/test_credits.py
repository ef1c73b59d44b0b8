"""Credits: a lot of new money pays debt, takes its place among the others, and may be refused."""

from rater.core.account.credits import new_lot, open_lot, refuse_lot, refuse_money
from rater.core.limits import LOTS_MAX
from rater.core.rejections import Rejected
from tests.build import NOW, UNIT, YEAR, account, lot


def test_debt_is_paid_of_a_new_lot_and_the_rest_is_drawn_in_its_turn() -> None:
    there = account(lot("b"), debt=5)
    opened = new_lot(there, "a", UNIT, NOW)
    open_lot(there, opened, NOW)

    assert (opened.overdraft_paid_micros, opened.remaining_micros) == (5, UNIT - 5)
    assert (there.debt, [each.lot_id for each in there.lots]) == (0, ["a", "b"])
    assert there.lots[0].expires_ms == NOW + YEAR


def test_what_only_pays_debt_is_no_lot() -> None:
    there = account(debt=5)
    open_lot(there, new_lot(there, "a", 5, NOW), NOW)

    assert (there.debt, there.lots) == (0, [])


def test_money_may_be_of_another_currency_too_much_or_one_lot_too_many() -> None:
    there = account(lot("a", 7))
    full = account(*(lot(f"L{number}", 1) for number in range(LOTS_MAX)))
    found = [
        refuse_money(there, "EUR", 1, UNIT),
        refuse_money(there, "USD", 4, 10),
        refuse_money(full, "USD", 1, UNIT),
        refuse_lot(there, "a"),
    ]

    assert [refusal and refusal.reason for refusal in found] == [
        Rejected.CURRENCY_MISMATCH,
        Rejected.AMOUNT_TOO_LARGE,
        Rejected.TOO_MANY_LOTS,
        Rejected.LOT_EXISTS,
    ]
    assert refuse_money(there, "USD", 3, 10) is None
    assert refuse_lot(there, "b") is None
