"""Calls that nobody pays."""

from typing import Any

import pytest

from rater.core.pricing.decks import DeckBook
from rater.core.pricing.exemptions import exemption, silence
from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.rates import Direction, Row
from tests.build import NOW, RULES, cdr, deck
from tests.plan_build import allowance, catalog, plan
from topics.records import FundingChain

IN = DeckBook.of(
    [
        deck(
            Row(2, "33800", 22_000_000, Direction.IN, number_type="toll_free"),
            Row(3, "33142", 9_000_000, Direction.IN, number_type="landline"),
            Row(4, "33170", 9_000_000, Direction.IN, number_type="Toll-Free"),
            Row(5, "33180", 9_000_000, Direction.IN, number_type="premium", end_s=60),
        )
    ]
)


def reason(book: DeckBook = RULES.book, **fields: Any) -> str | None:
    return exemption(cdr(**fields), RULES.with_book(book), ("acs",), "USD")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, None),
        ({"disposition": "no_answer"}, "unanswered"),
        ({"disposition": "busy", "billsec": 0}, "unanswered"),
        ({"billsec": 0}, "zero_duration"),
        ({"to": "112", "disposition": "failed"}, "unanswered"),
    ],
)
def test_a_call_without_a_connection_is_silent(fields: dict[str, Any], why: str | None) -> None:
    assert silence(cdr(**fields)) == why


@pytest.mark.parametrize(
    "fields",
    [
        {"to": "112"},
        {"to": "+112"},
        {"to": "+911"},
        {"to": "+1911"},
        {"to": "1911"},
        {"to": "911", "usage_country": "US"},
        {"to": "+911", "usage_country": "US"},
        {"to": "+1911", "usage_country": "US"},
        {"to": "112", "usage_country": "US"},
        {"to": "911", "usage_country": "FR"},
        {"to": "+49112", "usage_country": "DE"},
        {"to": "49110", "usage_country": "DE"},
        {"to": "+49110"},
        {"to": "+110", "usage_country": "DE"},
        {"to": "17", "from_": "+33142685300"},
        {"to": "+17", "from_": "+331426*****"},
        {"to": "+3317", "from_": "+33142685300"},
        {"to": "+1911", "usage_country": "FR", "from_": "+12065550100"},
        {"to": "+291127799", "usage_country": "ER"},
        {"call_type": "emergency"},
        {"call_type": "emergency_out"},
        {"call_type": "dr_emergency_out"},
        {"call_type": "Dr_Emergency_Out"},
    ],
    ids=str,
)
def test_an_emergency_call_is_free_however_it_was_dialled(fields: dict[str, Any]) -> None:
    assert reason(**fields) == "emergency"


@pytest.mark.parametrize(
    "fields",
    [
        {"to": "17"},
        {"to": "+17"},
        {"to": "17", "usage_country": "US"},
        {"to": "17", "usage_country": "US", "from_": "+33142685300"},
        {"to": "+49110", "usage_country": "FR"},
        {"to": "+1001", "usage_country": "US"},
        {"to": "+33", "usage_country": "FR"},
        {"to": "+9112345678"},
        {"to": "+1911", "usage_country": "FR"},
        {"to": "17", "from_": "33142685300"},
        {"to": "17", "from_": "anonymous"},
        {"call_type": "conf_out"},
    ],
    ids=str,
)
def test_other_numbers_are_no_emergency(fields: dict[str, Any]) -> None:
    assert reason(**fields) is None


@pytest.mark.parametrize("kind", ["subscriber", "Subscriber", "SUBSCRIBER", " subscriber"])
def test_a_call_to_a_subscriber_is_free_to_receive(kind: str) -> None:
    fields = {"direction": "in", "to": "+33800123456", "service_number_type": kind}

    assert reason(IN, **fields) == "inbound"


@pytest.mark.parametrize("kind", ["toll_free", "TollFree", "service", "Service", "toll", "other"])
def test_a_call_to_any_other_kind_of_number_is_the_deck_s(kind: str) -> None:
    fields = {"direction": "in", "to": "+33142685300", "service_number_type": kind}

    assert reason(IN, **fields) is None


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("+33800123456", None),
        ("+33800******", None),
        ("+18005550100", None),
        ("+33170123456", None),
        ("+33180123456", None),
        ("+33142685300", "inbound"),
        ("+33612345678", "inbound"),
        ("3635", "inbound"),
    ],
)
def test_where_the_kind_is_not_said_numbering_and_deck_decide(to: str, why: str | None) -> None:
    assert reason(IN, direction="in", to=to) == why
    assert reason(DeckBook.of([]), direction="in", to="+33170123456") == "inbound"


@pytest.mark.parametrize(
    ("call_type", "kind", "why"),
    [
        ("user_in", None, "inbound"),
        ("conf_in", None, None),
        ("CONF_IN", "Subscriber", None),
        ("conf_in", "Toll", None),
        (None, None, "inbound"),
        ("*", None, "inbound"),
    ],
)
def test_a_chain_that_names_incoming_calls_makes_them_cost_what_decks_say(
    call_type: str | None, kind: str | None, why: str | None
) -> None:
    """From NOW on; the one of `*` says what pays those that cost."""
    chains = (
        FundingChain("Conf_In", ("credits",), "in"),
        FundingChain("*", ("calling_plan", "credits"), "in"),
    )
    plans = catalog(plan("P", allowance()), chains=chains, valid_from_ms=NOW)
    rules = RULES.with_plans(PlanBook([plans]))
    fields = {"direction": "in", "call_type": call_type, "service_number_type": kind}
    now = cdr(**fields, to="+33142685300", ended_ms=NOW + 60_000)
    before = cdr(**fields, to="+33142685300", ended_ms=NOW + 59_000)

    assert exemption(now, rules, ("acs",), "USD") == why
    assert exemption(before, rules, ("acs",), "USD") == (None if kind == "Toll" else "inbound")
