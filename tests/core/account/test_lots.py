"""Draw order."""

from collections.abc import Callable

import pytest

from rater.core.account.lots import (
    CreditLot,
    adjustment_lot_id,
    days_left,
    draw_order,
    next_look,
    paid_first,
    restored_lot_id,
)
from rater.core.limits import DAY_MS


def test_lots_are_drawn_in_the_order_of_purchase_then_of_id() -> None:
    lots = [CreditLot(lot_id, at, 9, 1, 9) for lot_id, at in (("b", 2), ("c", 1), ("a", 2))]

    assert [lot.lot_id for lot in sorted(lots, key=draw_order)] == ["c", "a", "b"]


def test_promotional_credit_is_kept_before_what_was_paid_for_and_may_be_drawn_after_it() -> None:
    paid = [CreditLot(lot_id, at, 9, 1, 9) for lot_id, at in (("b", 2), ("a", 2))]
    given = [CreditLot(lot_id, at, 9, 1, 9, "promotional") for lot_id, at in (("d", 3), ("c", 3))]
    kept = sorted(paid + given, key=draw_order)

    assert [lot.lot_id for lot in kept] == ["c", "d", "a", "b"]
    assert [lot.lot_id for lot in paid_first(kept)] == ["a", "b", "c", "d"]
    assert [lot.lot_id for lot in kept] == ["c", "d", "a", "b"]
    assert paid_first(given) == given
    assert paid_first(paid) is paid
    assert paid_first([]) == []


def test_a_lot_is_looked_at_30_7_and_1_days_before_its_expiry_and_at_it() -> None:
    expires = 100 * DAY_MS
    looks = [0]
    while looks[-1] < expires:
        looks.append(next_look(expires, looks[-1]))

    assert [at // DAY_MS for at in looks[1:]] == [70, 93, 99, 100]


def test_of_the_warnings_that_are_due_the_most_urgent_is_said() -> None:
    expires = 100 * DAY_MS

    assert [days_left(expires, day * DAY_MS) for day in (69, 70, 92, 93, 98, 99)] == [
        *(0, 30, 30, 7, 7, 1),
    ]


@pytest.mark.parametrize("named", [adjustment_lot_id, restored_lot_id])
def test_long_command_ids_name_different_lots(named: Callable[[str], str]) -> None:
    names = {named("r" * 127 + last) for last in "ab"}

    assert {len(name) for name in names} == {128}
    assert len(names) == 2
