"""What a CDR costs an account, and how its entry tells the number; the rules of it are in the stories."""

from typing import Any

import pytest

from rater.core.account.past import Past
from rater.core.account.priced import price_of, told_of
from rater.core.limits import AMOUNT_MICROS_MAX
from rater.core.pricing.rated import Rated
from rater.core.suspension import Suspended, Suspension
from tests.build import NOW, RULES, UNIT, account, cdr, lot, source

PARIS = cdr(to="+33142685300")


def test_the_account_s_decks_price_a_call_unless_it_was_closed_or_has_no_room() -> None:
    price = price_of(account(lot()), PARIS, source(), RULES, (0, None), None)
    assert isinstance(price, Rated)
    assert price.charge_micros == 20_000

    closed = price_of(
        account(lot(), closed_ms=NOW - 120_000), PARIS, source(), RULES, (0, None), None
    )
    assert isinstance(closed, Suspension)
    assert closed.reason is Suspended.ACCOUNT_CLOSED

    deep = account(debt=AMOUNT_MICROS_MAX, balance=-AMOUNT_MICROS_MAX)
    full = price_of(deep, PARIS, source(), RULES, (0, None), None)
    assert isinstance(full, Suspension)
    assert full.reason is Suspended.AMOUNT_TOO_LARGE
    again = price_of(deep, PARIS, source(), RULES, (2 * AMOUNT_MICROS_MAX, None), None)
    assert isinstance(again, Rated)


@pytest.mark.parametrize(
    ("fields", "free"),
    [
        ({"to": "112"}, "emergency"),
        ({"to": "911", "usage_country": "US"}, "emergency"),
        ({"call_type": "Emergency_Out"}, "emergency"),
        ({"to": "112", "billsec": 0}, "zero_duration"),
        ({"to": "112", "billsec": 0, "disposition": "busy"}, "unanswered"),
        # All else waits, also what costs nothing: a closed account allows nothing else.
        ({}, None),
        ({"billsec": 0}, None),
        ({"direction": "in", "service_number_type": "Subscriber"}, None),
        ({"direction": "in", "call_type": "emergency"}, None),
    ],
)
def test_a_closed_account_still_makes_emergency_calls(
    fields: dict[str, Any], free: str | None
) -> None:
    closed = account(lot(), closed_ms=NOW - 120_000)
    reopened = account(lot(), past=Past(NOW + 1, [(NOW - 120_000, NOW + 1)], []))
    for there in (closed, reopened):
        price = price_of(there, cdr(**fields), source(), RULES, (0, None), None)

        if free is None:
            assert isinstance(price, Suspension)
            assert price.reason is Suspended.ACCOUNT_CLOSED
        else:
            assert price == free


def test_without_masks_an_entry_tells_the_numbers_as_they_came() -> None:
    there = account(lot(remaining=UNIT))
    price = price_of(there, PARIS, source(), RULES, (0, None), None)

    assert isinstance(price, Rated)
    assert told_of(there, PARIS, price, source(), RULES, None) is PARIS
