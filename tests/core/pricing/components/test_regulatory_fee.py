"""Regulatory fee: owed by every call that a deck prices, within its cap, and by no other."""

import pytest

from rater.core.cdr import Call
from rater.core.pricing.components.regulatory_fee import owed
from rater.core.pricing.decks import DeckBook
from rater.core.pricing.rates import Action, Fee, Row
from rater.core.pricing.rating import Rated, rate_call
from rater.wire.pricing.numbering import load_numbers
from tests.build import NOW, deck

FEES: tuple[Fee, ...] = (("connection_fee", 30), ("regulatory_fee", 50))
DECK = deck(
    Row(2, "33", 60_000, fees=FEES),
    Row(3, "34", 60_000, fees=FEES, max_charge_micros=90),
    Row(4, "35", 60_000, fees=FEES, max_charge_micros=20),
    Row(5, "36", 0, action=Action.FREE),
)


def test_a_call_of_any_length_owes_it_and_one_of_none_does_not() -> None:
    assert [owed(50, seconds) for seconds in (0, 1, 3_600)] == [0, 50, 50]


@pytest.mark.parametrize(
    ("to", "seconds", "charge", "lines"),
    [
        ("+3314268530", 60, 140, [("usage", 60), ("connection_fee", 30), ("regulatory_fee", 50)]),
        ("+3491123456", 60, 90, [("usage", 10), ("connection_fee", 30), ("regulatory_fee", 50)]),
        ("+3512345678", 60, 20, [("usage", 0), ("connection_fee", 20), ("regulatory_fee", 0)]),
        ("+3612345678", 60, 0, [("usage", 0)]),
        ("+3314268530", 0, 0, []),
    ],
    ids=["whole", "capped", "below the fees", "free", "no seconds"],
)
def test_it_is_a_line_of_its_own_inside_the_cap(
    to: str, seconds: int, charge: int, lines: list[tuple[str, int]]
) -> None:
    call = Call("out", to, None, NOW, seconds)

    found = rate_call(DeckBook.of([DECK]), load_numbers(), (DECK.deck_id,), "USD", call)

    assert isinstance(found, Rated)
    assert found.charge_micros == charge
    assert [(line.kind, line.amount_micros) for line in found.lines] == lines
