"""Callers: which rows of a prefix are for the caller of a call."""

import pytest

from rater.core.cdr import Call
from rater.core.pricing.callers import slots_for
from rater.core.pricing.rates import Row
from rater.core.pricing.terms import Terms
from rater.core.pricing.unrated import Refusal
from tests.build import NOW, RULES, deck

FALLBACK, BELGIUM, UNKNOWN = 2, 3, 4
ROWS = (
    Row(2, "33", 1),
    Row(3, "33", 2, origin_prefix="32"),
    Row(4, "33", 3, origin_prefix="unknown"),
)


def line_for(caller: str | None, *rows: Row) -> int | str | None:
    """Return the line of the row that a caller takes, the reason why none, or None where none fits."""
    made = deck(*rows)
    terms = made.outward.find("+33142685300")
    assert isinstance(terms, Terms)
    found = slots_for(made, terms, RULES.numbering, Call("out", "+33142685300", caller, NOW, 60))
    if isinstance(found, Refusal):
        return found.reason.value
    return None if found is None else found.rows()[0].line


@pytest.mark.parametrize(
    ("caller", "line"),
    [
        ("+32475123456", BELGIUM),
        ("+32*********", BELGIUM),
        ("+442079460034", FALLBACK),
        ("+44**********", FALLBACK),
        ("+3**********", UNKNOWN),
        ("32475123456", UNKNOWN),
        ("+32 475 123456", UNKNOWN),
        ("+32", UNKNOWN),
        ("+320475123456", UNKNOWN),
        ("", UNKNOWN),
        (None, UNKNOWN),
    ],
)
def test_a_caller_takes_his_rows_or_those_of_unknown_callers(caller: str | None, line: int) -> None:
    assert line_for(caller, *ROWS) == line
    assert line_for(caller, *ROWS[:2]) == (line if line != UNKNOWN else "ambiguous_origin")


def test_rows_for_unknown_callers_are_for_no_others() -> None:
    assert line_for("+442079460034", *ROWS[1:]) is None
    assert line_for("+32475123456", *ROWS[1:]) == BELGIUM


@pytest.mark.parametrize("caller", [None, "Bob", "+3*****", "+442079460034"])
def test_where_no_row_asks_for_the_caller_it_does_not_matter_who_he_is(caller: str | None) -> None:
    hours = Row(2, "33", 1, end_s=43_200), Row(3, "33", 2, start_s=43_200)

    assert line_for(caller, *hours) == FALLBACK
