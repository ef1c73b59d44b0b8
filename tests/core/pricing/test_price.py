"""From a CDR to its price: which of several answers is given."""

from typing import Any

import pytest

from rater.core.pricing.price import price_call
from rater.core.pricing.rating import Rated
from rater.core.pricing.unrated import Refusal, Unrated
from tests.build import NOW, RULES, SETTINGS, cdr


def price(**fields: Any) -> Rated | Refusal | str:
    return price_call(cdr(**fields), ("acs",), "USD", RULES, SETTINGS)


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"disposition": "busy", "billsec": 0}, "unanswered"),
        ({"disposition": "busy", "billsec": 0, "to": "+3301426853"}, "unanswered"),
        ({"billsec": 0}, "zero_duration"),
        ({"to": "+112", "disposition": "failed"}, "emergency"),
        ({"to": "112", "answered_ms": NOW - 600_000}, "emergency"),
        ({"direction": "in", "answered_ms": NOW - 600_000}, "inbound"),
        ({"disposition": "failed"}, Unrated.CONTRADICTORY),
        ({"billsec": 0, "answered_ms": NOW - 600_000}, Unrated.CONTRADICTORY),
        ({"to": "+3301426853", "answered_ms": NOW - 600_000}, Unrated.CONTRADICTORY),
        ({"to": "+3301426853"}, Unrated.IMPOSSIBLE_NUMBER),
        ({"direction": "in", "to": "+10800555010"}, "inbound"),
        (
            {"direction": "in", "to": "+10800555010", "service_number_type": "TollFree"},
            Unrated.IMPOSSIBLE_NUMBER,
        ),
        ({"direction": "in", "to": "+112", "service_number_type": "Service"}, Unrated.SHORT_NUMBER),
        ({"to": "+881612345678", "from_": "+330142685300"}, Unrated.AMBIGUOUS_ORIGIN),
        ({"to": "+881612345678", "from_": "33142685300"}, Unrated.AMBIGUOUS_ORIGIN),
    ],
    ids=str,
)
def test_an_answer_has_its_place_in_the_order(
    fields: dict[str, Any], answer: str | Unrated
) -> None:
    found = price(**fields)

    assert (found.reason if isinstance(found, Refusal) else found) == answer


def test_a_caller_who_can_be_read_is_priced_by_the_rows_for_him() -> None:
    found = price(to="+881612345678", from_="+33142685300")

    assert isinstance(found, Rated)
    assert found.charge_micros == 90_000


@pytest.mark.parametrize(
    ("to", "dialled", "reason", "detail"),
    [
        ("+33612345678", "+449098765432", Unrated.DENIED, "to: +449098765432 is denied"),
        ("+449098765432", "+33612345678", Unrated.DENIED, "routing_number: +449098765432 is"),
        ("+9607000000", "+33612345678", Unrated.NO_RATE, "routing_number: no prefix"),
        ("081", "+33612345678", Unrated.SHORT_NUMBER, "routing_number: 081 is not E.164"),
        ("+3301426853", "+33612345678", Unrated.IMPOSSIBLE_NUMBER, "routing_number: +3301426853"),
    ],
)
def test_where_a_call_leads_is_named_as_such(
    to: str, dialled: str, reason: Unrated, detail: str
) -> None:
    found = price(to=to, dialled=dialled)

    assert isinstance(found, Refusal)
    assert found.reason is reason
    assert found.detail.startswith(detail), found.detail


def test_an_emergency_call_is_free_wherever_it_leads() -> None:
    assert price(to="+33142685300", dialled="112") == "emergency"
