"""A value is equal to its like, and says what it is."""

import pytest

from rater.core.cdr import Call, Source
from rater.core.pricing.decks import Heading
from rater.core.pricing.rates import Row
from rater.core.pricing.rating import Rated
from rater.core.value import Value
from tests.build import account, lot
from tests.finals import finals


def test_values_of_equal_fields_are_equal_and_of_other_ones_are_not() -> None:
    assert Source("t", 0, 1, 2) == Source("t", 0, 1, 2)
    assert Source("t", 0, 1, 2) != Source("t", 0, 1, 3)
    assert account(lot()) == account(lot())
    assert account(lot()) != account(lot(remaining=5))


def test_values_of_different_classes_are_not_equal() -> None:
    assert Call("out", "+33", None, 1, 2) != ("out", "+33", None, 1, 2)


def test_equal_values_have_equal_hashes_and_one_with_a_list_has_none() -> None:
    assert hash(Source("t", 0, 1, 2)) == hash(Source("t", 0, 1, 2))
    with pytest.raises(TypeError):
        hash(account())


def test_a_value_shows_its_fields() -> None:
    assert repr(Source("t", 0, 1, 2)) == "Source(topic='t', partition=0, offset=1, at_ms=2)"


@pytest.mark.parametrize("kind", [Heading, Rated, Row])
def test_what_prices_a_call_cannot_be_changed(kind: type[Value]) -> None:
    # How a price came about is no part of it.
    assert set(kind.__match_args__) == finals(kind) - {"row"}
