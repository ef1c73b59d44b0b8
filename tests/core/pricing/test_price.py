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


@pytest.mark.parametrize(
    ("dialled", "lost"),
    [
        ("449098765432", ": its plus sign may be missing"),
        ("00449098765432", ": its plus sign and calling code may be missing"),
        ("0899123456", ": its plus sign and calling code may be missing"),
        ("*31#449098765432", ""),
        ("4490987", ": its plus sign may be missing"),
    ],
)
def test_premium_without_its_plus_sign_is_not_priced_by_where_it_leads(
    dialled: str, lost: str
) -> None:
    """Denied is +449098765432; nobody can tell whether the same without a plus sign is that number."""
    found = price(to="+33142685300", dialled=dialled)

    assert isinstance(found, Refusal)
    assert found.reason is Unrated.SHORT_NUMBER
    unreadable = "is neither E.164 nor short, so what is denied cannot be told of it"
    assert found.detail == f"to: {dialled} {unreadable}{lost}"


@pytest.mark.parametrize("dialled", ["3639", "118712", "+3639"])
def test_a_short_number_is_priced_by_where_it_leads(dialled: str) -> None:
    assert isinstance(price(to="+33142685300", dialled=dialled), Rated)


def test_an_emergency_call_is_free_wherever_it_leads() -> None:
    assert price(to="+33142685300", dialled="112") == "emergency"
