"""Draw order."""

from rater.core.lots import CreditLot, draw_order


def test_lots_are_drawn_in_the_order_of_purchase_then_of_id() -> None:
    lots = [CreditLot("b", 2, 9, 1), CreditLot("c", 1, 9, 1), CreditLot("a", 2, 9, 1)]

    assert [lot.lot_id for lot in sorted(lots, key=draw_order)] == ["c", "a", "b"]
