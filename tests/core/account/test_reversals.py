"""Reversals: what is taken back of which lot, in what order."""

import pytest

from rater.core.account.reversals import plan_reversal
from tests.core.account.asked import with_lots


@pytest.mark.parametrize(
    ("lots", "expired", "amount", "drawn", "shortfall"),
    [
        ((("A", 10), ("P", 10)), (), 7, [("P", 7, False)], 0),
        ((("A", 10), ("P", 10)), (), 15, [("P", 10, False), ("A", 5, False)], 0),
        ((("A", 10),), (), 15, [("A", 10, False)], 5),
        ((("A", 10),), (("P", 4),), 6, [("P", 4, True), ("A", 2, False)], 0),
        ((("A", 10),), (("B", 4),), 12, [("A", 10, False)], 2),
        ((), (), 3, [], 3),
    ],
)
def test_the_payments_own_lot_gives_first_then_the_others_then_it_is_debt(
    lots: tuple[tuple[str, int], ...],
    expired: tuple[tuple[str, int], ...],
    amount: int,
    drawn: list[tuple[str, int, bool]],
    shortfall: int,
) -> None:
    draws, debt = plan_reversal(with_lots(*lots, expired=expired), "P", amount)

    assert drawn == [(draw.id, draw.amount_micros, draw.grace) for draw in draws]
    assert shortfall == debt
