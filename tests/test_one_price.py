"""`rater price` and the worker come to the same for any call: one outcome, one reason, one charge."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from rater.core.cdr import Cdr
from rater.core.pricing.decks import DeckBook
from rater.core.pricing.rates import Action, Direction, Row
from rater.core.times import to_text
from rater.wire.pricing.amounts import parse_micros
from rater.wire.pricing.quotes import Quoter, read_call
from tests.build import NOW, UNIT, call, deck, opened
from tests.build import RULES as RULES_OF_ACS

BOOK = DeckBook.of(
    [
        deck(
            Row(2, "33", 20_000_000),
            Row(3, "33", 5_000_000, origin_prefix="32"),
            Row(4, "34", 20_000_000),
            Row(5, "34", 5_000_000, origin_prefix="32"),
            Row(6, "34", 90_000_000, origin_prefix="unknown"),
            Row(7, "44", 15_000_000),
            Row(8, "449", 0, action=Action.DENY),
            Row(9, "7800", 0, action=Action.FREE),
            Row(10, "1", 13_000_000),
            Row(11, "9", 50_000_000),
            Row(12, "1800", 22_000_000, Direction.IN, number_type="toll_free"),
            Row(13, "1206", 8_500_000, Direction.IN, number_type="mixed"),
            Row(14, "33170", 9_000_000, Direction.IN, number_type="Toll-Free"),
        )
    ]
)
RULES = RULES_OF_ACS.with_book(BOOK)
NUMBERS = (
    *("+33142685300", "+34911234567", "+442079460034", "+449098765432", "+78001234567"),
    *(
        "+18005550100",
        "+12065550100",
        "+33800123456",
        "+33170123456",
        "+3301426853",
        "+390612345678",
    ),
    *("112", "+112", "+911", "+1911", "+3317", "17", "+1001", "3635", "+3314268****", "+4********"),
)
CALLERS = (
    *(None, "", "+32475123456", "+442079460034", "0032475123456", "Bob", "+3247*****"),
    *("+3********", "+330142685300", "+12065550100"),
)
KINDS = (None, "Subscriber", "subscriber", "TollFree", "toll_free", "Service", "toll")

calls = st.fixed_dictionaries(
    {
        "to": st.sampled_from(NUMBERS),
        "from": st.sampled_from(CALLERS),
        "direction": st.sampled_from(("out", "in")),
        "service_number_type": st.sampled_from(KINDS),
        "usage_country": st.sampled_from((None, "US", "FR", "DE")),
        "billsec": st.sampled_from((0, 1, 61)),
    }
)


def charged(fields: dict[str, Any]) -> tuple[str, str | None, int | None]:
    """Return what the worker makes of a call: outcome, reason, micros."""
    partition = opened(("L1", 100 * UNIT), rules=RULES)
    partition.take(call(NOW, **fields))
    if partition.suspense:
        return "none", json.loads(partition.suspense[0])["reason"], None
    entry = partition.entries()[-1]
    return entry["outcome"], entry.get("reason"), entry["charge_micros"]


def quoted(fields: dict[str, Any]) -> tuple[str, str | None, int | None]:
    """Return what `rater price` makes of it."""
    answered = datetime.fromtimestamp(NOW // 1_000 - fields["billsec"], UTC)
    cdr = read_call(
        {
            **fields,
            "country": fields["usage_country"],
            "duration": fields["billsec"],
            "answered_at": to_text(int(answered.timestamp() * 1_000)),
        }
    )
    assert isinstance(cdr, Cdr), cdr
    answer = Quoter(BOOK, "acs", "USD").quote(cdr)
    if answer["charge"] is None:
        return "none", answer["reason"], None
    micros = parse_micros(answer["charge"])
    assert isinstance(micros, int)
    return answer["outcome"], answer["reason"], micros


@settings(max_examples=300, deadline=None)
@given(calls)
def test_price_and_worker_agree_on_any_call(fields: dict[str, Any]) -> None:
    found = charged(fields)
    event(f"{found[0]} {found[1]}")

    assert quoted(fields) == found
