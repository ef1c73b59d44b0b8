"""What a row says of a whole call: its grace, the least that it costs, and one price for it."""

import pytest

from rater.core.cdr import Call
from rater.core.money import Rounding
from rater.core.pricing.decks import DeckBook
from rater.core.pricing.rates import Action, Fee, Row
from rater.core.pricing.rating import Rated, Refusal, rate_call
from rater.wire.pricing.numbering import load_numbers
from tests.build import NOW, deck

FEES: tuple[Fee, ...] = (("connection_fee", 30), ("regulatory_fee", 20), ("surcharge", 350))


def rated(row: Row, seconds: int, *others: Row, to: str = "+3314268530") -> Rated | Refusal:
    made = deck(row, *others)
    call = Call("out", to, None, NOW, seconds)
    return rate_call(DeckBook.of([made]), load_numbers(), (made.deck_id,), "USD", call)


def cost(
    row: Row, seconds: int, *others: Row
) -> tuple[str, str | None, int, list[tuple[str, int]]]:
    """Return outcome, reason, charge, and the amount of each line."""
    found = rated(row, seconds, *others)
    assert isinstance(found, Rated), found
    lines: list[tuple[str, int]] = [(line.kind, line.amount_micros) for line in found.lines]
    assert sum(amount for _, amount in lines) == found.charge_micros
    return found.outcome, found.reason, found.charge_micros, lines


GRACE = Row(2, "33", 600_000, initial_s=1, increment_s=1, fees=FEES, grace_s=6)
"""600 micros a minute, by the second: 10 micros each."""


def test_a_call_shorter_than_its_grace_is_free_and_says_so() -> None:
    assert cost(GRACE, 1) == ("free", "grace", 0, [])
    assert cost(GRACE, 5) == ("free", "grace", 0, [])
    found = rated(GRACE, 5)
    assert isinstance(found, Rated)
    assert (found.grace_s, found.prefix, found.deck_id) == (6, "33", "acs")


def test_a_call_as_long_as_its_grace_is_charged_from_its_first_second_with_all_fees() -> None:
    # 6 s of 10, the fees of 30 and 20, the surcharge of 350.
    assert cost(GRACE, 6)[2] == 60 + 400
    assert cost(GRACE, 61)[2] == 610 + 400


def test_a_call_of_no_seconds_is_in_no_grace() -> None:
    assert cost(GRACE, 0) == ("rated", None, 0, [])


def test_a_free_row_is_free_for_what_it_is() -> None:
    free = Row(2, "33", 0, action=Action.FREE, grace_s=6)

    assert cost(free, 3)[:2] == ("free", "free_rate")


def test_a_denied_call_has_no_grace() -> None:
    found = rated(Row(2, "33", 0, action=Action.DENY, grace_s=6), 3)

    assert isinstance(found, Refusal)
    assert found.reason == "denied"


def test_the_row_at_the_answer_has_the_grace_whatever_comes_after_it() -> None:
    # Answered at 12:00:00; from 12:00:02 on there is no row, and from second 2 on another tier.
    noon, soon = 12 * 3_600, 12 * 3_600 + 2
    banded = Row(2, "33", 600_000, start_s=noon, end_s=soon, grace_s=6)
    assert cost(banded, 5)[:2] == ("free", "grace")
    assert isinstance(rated(banded, 6), Refusal)

    tier = Row(3, "33", 600_000, from_second=2, grace_s=60)
    assert cost(GRACE, 5, tier)[:2] == ("free", "grace")
    assert cost(GRACE, 6, tier)[0] == "rated"


def test_prefixes_of_other_graces_are_not_alike_under_a_mask() -> None:
    rows = [Row(2 + n, f"33{n}", 600_000, grace_s=6 if n == 7 else 0) for n in range(10)]
    found = rated(rows[0], 3, *rows[1:], to="+33*********")

    assert isinstance(found, Refusal)
    assert found.reason == "ambiguous_prefix"


LEAST = Row(2, "33", 600_000, initial_s=1, increment_s=1, min_charge_micros=250)
"""10 micros a second; 250 at the least: 25 seconds."""


@pytest.mark.parametrize(
    ("seconds", "charge", "lines"),
    [
        (1, 250, [("usage", 10), ("min_charge", 240)]),
        (24, 250, [("usage", 240), ("min_charge", 10)]),
        (25, 250, [("usage", 250)]),
        (26, 260, [("usage", 260)]),
        (0, 0, []),
    ],
)
def test_a_charged_call_costs_the_minimum_at_the_least(
    seconds: int, charge: int, lines: list[tuple[str, int]]
) -> None:
    assert cost(LEAST, seconds) == ("rated", None, charge, lines)


def test_fees_count_for_the_minimum() -> None:
    row = Row(2, "33", 600_000, initial_s=1, increment_s=1, fees=FEES, min_charge_micros=450)
    fees = [("connection_fee", 30), ("regulatory_fee", 20), ("surcharge", 350)]

    # 4 s of 10 and fees of 400 are 440; 6 s and the fees are 460.
    assert cost(row, 4)[2:] == (450, [("usage", 40), *fees, ("min_charge", 10)])
    assert cost(row, 6)[2:] == (460, [("usage", 60), *fees])


def test_a_minimum_that_is_the_cap_is_one_price_for_all() -> None:
    row = Row(2, "33", 600_000, max_charge_micros=450, min_charge_micros=450, fees=FEES[:1])

    # A minute is 600 and the fee 30: capped. A free second tier cannot lower it.
    assert cost(row, 60)[2:] == (450, [("usage", 420), ("connection_fee", 30)])
    cheap = Row(2, "33", 60_000, max_charge_micros=450, min_charge_micros=450)
    assert cost(cheap, 60)[2:] == (450, [("usage", 60), ("min_charge", 390)])


def test_the_minimum_holds_after_the_rounding_which_may_leave_less() -> None:
    # A second of 0.001 is rounded down to 0.00; the minimum is 0.005.
    row = Row(2, "33", 1_000_000, initial_s=1, increment_s=1, per_s=1)
    down = Row(
        *(2, "33", 1_000_000),
        per_s=1,
        initial_s=1,
        increment_s=1,
        rounding=Rounding.DOWN,
        decimals=2,
        min_charge_micros=5_000,
    )

    assert cost(row, 1)[2] == 1_000
    assert cost(down, 1)[2:] == (5_000, [("usage", 0), ("min_charge", 5_000)])
    assert cost(down, 29)[2:] == (20_000, [("usage", 20_000)])


def test_grace_comes_before_the_minimum() -> None:
    row = Row(2, "33", 600_000, grace_s=6, min_charge_micros=900)

    assert cost(row, 5) == ("free", "grace", 0, [])
    assert cost(row, 6)[2] == 900


def test_the_minimum_is_that_of_the_row_at_the_answer_over_all_tiers() -> None:
    # The first minute costs 60, all after it nothing: 60 in all, 100 at the least.
    first = Row(2, "33", 60_000, min_charge_micros=100)
    after = Row(3, "33", 0, from_second=60, action=Action.FREE)

    assert cost(first, 600, after)[2:] == (100, [("usage", 60), ("min_charge", 40)])


def test_prefixes_of_other_minimums_are_not_alike_under_a_mask() -> None:
    rows = [Row(2 + n, f"33{n}", 600_000, min_charge_micros=n // 9) for n in range(10)]
    found = rated(rows[0], 3, *rows[1:], to="+33*********")

    assert isinstance(found, Refusal)
    assert found.reason == "ambiguous_prefix"


@pytest.mark.parametrize("seconds", [1, 59, 60, 61, 600, 100_000])
def test_one_price_per_call_is_the_initial_increment_whatever_the_length(seconds: int) -> None:
    assert cost(Row(2, "33", 600, initial_s=60, increment_s=0), seconds)[2:] == (
        1,
        [("usage", 1)],
    )
    # 600 micros a minute for 90 seconds, and a fee.
    flat = Row(2, "33", 600_000, initial_s=90, increment_s=0, fees=FEES[:1])
    assert cost(flat, seconds)[2:] == (930, [("usage", 900), ("connection_fee", 30)])


def test_one_price_per_call_is_not_for_a_call_of_no_seconds_or_in_grace() -> None:
    flat = Row(2, "33", 600_000, increment_s=0, grace_s=6)

    assert cost(flat, 0)[2:] == (0, [])
    assert cost(flat, 5) == ("free", "grace", 0, [])
    assert cost(flat, 6)[2] == 600


NOON = 12 * 3_600
DAY = Row(2, "33", 600_000, start_s=8 * 3_600, end_s=NOON + 30)
FLAT = Row(3, "33", 900_000, start_s=NOON + 30, end_s=8 * 3_600, increment_s=0)
"""Calls are answered at 12:00:00: under a row by the minute; 30 s later one price per call takes over."""


def test_a_call_that_runs_into_one_price_per_call_pays_nothing_more() -> None:
    found = rated(DAY, 600, FLAT)
    assert isinstance(found, Rated)
    (line,) = found.lines

    # 30 s are a minute of 600; the rest of the call, 60..600, is under the flat row, which bills 0.
    assert (found.charge_micros, line.quantity) == (600, 60)
    assert [(s.seconds, s.billed_s, s.amount_nanos) for s in line.spans] == [
        (30, 60, 600_000),
        (540, 0, 0),
    ]


def test_one_price_per_call_at_the_answer_is_not_cut_by_hours_tiers_or_denials() -> None:
    flat = Row(2, "33", 900_000, start_s=8 * 3_600, end_s=NOON + 30, increment_s=0)
    by_minute = Row(3, "33", 600_000, start_s=NOON + 30, end_s=8 * 3_600)
    denied = Row(3, "33", 0, action=Action.DENY, start_s=NOON + 30, end_s=8 * 3_600)
    tier = Row(3, "33", 600_000, from_second=60)

    for other in (by_minute, denied):
        assert cost(flat, 600, other)[2:] == (900, [("usage", 900)])
    assert cost(Row(2, "33", 900_000, increment_s=0), 600, tier)[2:] == (900, [("usage", 900)])
