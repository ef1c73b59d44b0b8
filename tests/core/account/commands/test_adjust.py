"""Adjustments by hand, up and down."""

from rater.core.rejections import Rejected
from tests.build import UNIT, account, lot
from tests.core.account.asked import adjust, asked, funds, refused
from topics import records as r


def test_an_adjustment_never_opens_a_second_lot_of_one_name() -> None:
    there = account()
    asked(there, funds("adjust:a1"))
    assert refused(there, adjust(5, "a1")) is Rejected.LOT_EXISTS

    # Names are cut to 128 characters; two commands never mean the same lot.
    asked(there, adjust(5, "x" * 121 + "1"))
    asked(there, adjust(5, "x" * 121 + "2"))
    assert len({each.lot_id for each in there.lots}) == 3


def test_an_adjustment_upwards_opens_a_lot_and_one_downwards_draws() -> None:
    there = account(lot("L1", 300_000))
    _, up = asked(there, adjust(UNIT, "up"))
    _, down = asked(there, adjust(-1_500_000, "down"))

    assert [each.lot_id for each in there.lots] == []
    assert (there.balance, there.debt) == (-200_000, 200_000)
    opened, drawn = up.entries[0], down.entries[0]
    assert isinstance(opened, r.Adjusted)
    assert isinstance(drawn, r.Adjusted)
    assert opened.lot is not None
    assert opened.lot.lot_id == "adjust:up"
    assert [(draw.source, draw.amount_micros) for draw in drawn.draws] == [
        ("lot", 300_000),
        ("lot", 1_000_000),
        ("shortfall", 200_000),
    ]


def test_an_adjustment_of_nothing_is_refused() -> None:
    assert refused(account(), adjust(0)) is Rejected.ZERO_AMOUNT
