"""Surcharge: owed by every charged call, after the fees, within the cap, and by no other."""

import pytest

from rater.core.cdr import Call
from rater.core.pricing.components.surcharge import owed
from rater.core.pricing.decks import DeckBook
from rater.core.pricing.rates import Fee, Row
from rater.core.pricing.rating import Rated, rate_call
from rater.wire.pricing.numbering import load_numbers
from tests.build import NOW, deck

FEES: tuple[Fee, ...] = (("connection_fee", 30), ("surcharge", 350))
DECK = deck(
    Row(2, "33", 60_000, fees=FEES),
    Row(3, "34", 60_000, fees=FEES, max_charge_micros=100),
    Row(4, "35", 0, fees=(("surcharge", 350),)),
)


def test_a_call_of_any_length_owes_it_and_one_of_none_does_not() -> None:
    assert [owed(50, seconds) for seconds in (0, 1, 3_600)] == [0, 50, 50]


@pytest.mark.parametrize(
    ("to", "seconds", "charge", "lines"),
    [
        # One minute at 60, the fee of 30, 350 on top.
        ("+3314268530", 60, 440, [("usage", 60), ("connection_fee", 30), ("surcharge", 350)]),
        # 440 capped at 100: the fee first, the surcharge takes the rest.
        ("+3491123456", 60, 100, [("usage", 0), ("connection_fee", 30), ("surcharge", 70)]),
        ("+3512345678", 60, 350, [("usage", 0), ("surcharge", 350)]),
        ("+3314268530", 0, 0, []),
    ],
    ids=["whole", "capped", "alone", "no seconds"],
)
def test_it_is_a_line_of_its_own_inside_the_cap(
    to: str, seconds: int, charge: int, lines: list[tuple[str, int]]
) -> None:
    call = Call("out", to, None, NOW, seconds)

    found = rate_call(DeckBook.of([DECK]), load_numbers(), (DECK.deck_id,), "USD", call)

    assert isinstance(found, Rated)
    assert found.charge_micros == charge
    assert [(line.kind, line.amount_micros) for line in found.lines] == lines
