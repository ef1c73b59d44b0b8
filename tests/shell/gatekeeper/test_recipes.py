"""For whom switches ask nobody, by the recipes of the page: `tests/e2e/test_gatekeeper_kafka.py` has them asked."""

import csv
import re
from importlib.resources import files

import pytest

from tests.recipes import contexts, field, unasked_by_kamailio

EMERGENCY = sorted(
    {
        each["number"]
        for each in csv.DictReader(
            files("rater").joinpath("data", "emergency.csv").read_text().splitlines()
        )
    }
)


@pytest.mark.parametrize("number", EMERGENCY)
def test_no_emergency_call_of_any_country_is_asked_for(number: str) -> None:
    """15, 17, 18, 110 and 000 fell out of the dialplan, and with nobody to answer Kamailio barred them."""
    emergency, ask = contexts()["outbound"]
    taken = re.search(field(emergency, "expression"), number)

    assert taken is not None
    assert emergency[0][0].attrib["data"].endswith("/$1")
    assert taken[1] == number
    assert not re.search(field(ask, "expression"), number)
    assert re.search(unasked_by_kamailio(), number)


@pytest.mark.parametrize("number", ["+33612345678", "33612345678", "+2907123", "+49301234567890"])
def test_numbers_of_subscribers_are_asked_for(number: str) -> None:
    emergency, ask = contexts()["outbound"]

    assert not re.search(field(emergency, "expression"), number)
    assert re.search(field(ask, "expression"), number)
    assert not re.search(unasked_by_kamailio(), number)


@pytest.mark.parametrize("number", ["", "1", *(f"{n:07}" for n in range(0, 9_999_999, 999_999))])
def test_what_is_short_ends_where_what_is_asked_for_begins(number: str) -> None:
    """Between the two no number falls out; one digit is nobody's."""
    emergency, ask = contexts()["outbound"]
    is_short = re.search(field(emergency, "expression"), number) is not None

    assert not is_short
    assert (re.search(field(ask, "expression"), number) is not None) == (len(number) > 1)
