"""The rest of a call after pools have paid its first seconds: ten cases, reckoned by hand, and what stays out."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rater.core.cdr import Call
from rater.core.pricing.decks import BandPolicy, Deck, DeckBook, Heading
from rater.core.pricing.rates import Fee, Row
from rater.core.pricing.rating import Rated, rate_call
from rater.core.pricing.rest import rate_rest
from rater.core.pricing.zones import UTC
from rater.wire.pricing.numbering import load_numbers
from tests.build import NOW, deck

PARIS = "+33142685300"
NUMBERS = load_numbers()
FEES: tuple[Fee, ...] = (("connection_fee", 30), ("regulatory_fee", 20))


def rest(made: Deck, seconds: int, paid_s: int, to: str = PARIS) -> Rated:
    book = DeckBook.of([made])
    call = Call("out", to, None, NOW, seconds)
    whole = rate_call(book, NUMBERS, (made.deck_id,), "USD", call)
    assert isinstance(whole, Rated), whole
    left = rate_rest(book, NUMBERS, whole, call, paid_s)
    assert isinstance(left, Rated), left
    assert sum(line.amount_micros for line in left.lines) == left.charge_micros
    assert (left.prefix, left.deck_version) == (whole.prefix, whole.deck_version)
    return left


def row(rate_nanos: int = 600_000, **fields: object) -> Row:
    """Return a row of 600 micros a minute."""
    return Row(2, "33", rate_nanos, **fields)  # type: ignore[arg-type]


MINUTES = row()
SECONDS = row(initial_s=1, increment_s=1)
HALF_MINUTE = row(initial_s=30, increment_s=6)
SHORT_FIRST = row(initial_s=6, increment_s=60)
DEARER_LATER = (
    row(initial_s=1, increment_s=1),
    row(6_000_000, initial_s=1, increment_s=1, from_second=180),
)
"""600 micros a minute, from the fourth on ten times as much."""
ONE_PRICE = (row(initial_s=60, increment_s=0), DEARER_LATER[1])


@pytest.mark.parametrize(
    ("rows", "seconds", "paid_s", "micros"),
    [
        # 250 s are 5 minutes, 3 of them paid: 70 s are 2 minutes.
        ((MINUTES,), 250, 180, 1_200),
        # One second beyond the pool is a minute of the deck.
        ((MINUTES,), 181, 180, 600),
        # By the second: 70 of them, 10 micros each.
        ((SECONDS,), 250, 180, 700),
        # 30/6: the first 30 seconds were the pool's. 1 s is 6, 7 s are 12; without a pool 1 s were 30.
        ((HALF_MINUTE,), 61, 60, 60),
        ((HALF_MINUTE,), 67, 60, 120),
        # The pool has paid two of the cheap minutes; one of them is left, then 10 s of the dear ones.
        (DEARER_LATER, 190, 120, 600 + 1_000),
        # The pool has paid the cheap minutes and more.
        (DEARER_LATER, 250, 240, 1_000),
        # 6/60: without a pool 6 s are 6 s of money, 7 s are 66. What is left of them by minutes would be dearer: no
        # call costs more for its pool (A91).
        ((SHORT_FIRST,), 6, 1, 60),
        ((SHORT_FIRST,), 7, 1, 600),
        ((SHORT_FIRST,), 66, 1, 660),
        ((row(initial_s=6, increment_s=60, fees=FEES),), 6, 1, 110),
        # Both fees, once, for money pays something.
        ((row(fees=FEES),), 61, 60, 650),
        # The cap and the minimum are over what money pays.
        ((row(max_charge_micros=1_000),), 300, 60, 1_000),
        ((row(min_charge_micros=2_000),), 120, 60, 2_000),
        # One price per call, once money pays a second of it.
        ((row(initial_s=60, increment_s=0),), 300, 60, 600),
        # It is the one in force at the answer: no later row cuts it, be the pool's seconds over before that or not.
        (ONE_PRICE, 250, 60, 600),
        (ONE_PRICE, 250, 190, 600),
    ],
)
def test_what_is_left_is_priced_where_it_lies(
    rows: tuple[Row, ...], seconds: int, paid_s: int, micros: int
) -> None:
    assert rest(deck(*rows), seconds, paid_s).charge_micros == micros


@pytest.mark.parametrize("paid_s", [60, 120])
def test_where_pools_pay_all_the_regulatory_fee_alone_is_left(paid_s: int) -> None:
    left = rest(deck(row(fees=FEES, min_charge_micros=5_000)), 60, paid_s)

    assert [(line.kind, line.amount_micros) for line in left.lines] == [("regulatory_fee", 20)]


def test_where_pools_pay_all_and_no_fee_is_asked_nothing_is_left() -> None:
    left = rest(deck(MINUTES), 60, 60)

    assert (left.charge_micros, left.lines) == (0, ())


def test_of_a_masked_number_the_rest_is_priced_as_the_whole() -> None:
    assert rest(deck(MINUTES), 120, 60, "+3314268****").charge_micros == 600


def test_the_band_at_the_answer_holds_for_the_rest_where_the_deck_says_so() -> None:
    """NOW is noon: the row of the morning ends one minute after it."""
    morning, later = row(end_s=12 * 3_600 + 60), row(6_000_000, start_s=12 * 3_600 + 60)
    split = deck(morning, later)
    start = Deck.of(Heading("acs", 1, "USD", 0, UTC, BandPolicy.START), (morning, later))
    assert isinstance(start, Deck)

    assert rest(split, 180, 60).charge_micros == 12_000
    assert rest(start, 180, 60).charge_micros == 1_200


def test_what_was_capped_at_the_whole_says_its_seconds_and_its_fees_as_ever() -> None:
    left = rest(deck(row(initial_s=6, increment_s=60, fees=FEES)), 6, 1)

    usage, *fees = left.lines
    assert [(line.kind, line.amount_micros) for line in fees] == [*FEES]
    assert (usage.amount_micros, usage.quantity) == (60, 60)
    (span,) = usage.spans
    assert (span.seconds, span.billed_s) == (5, 60)


INCREMENTS = st.tuples(st.integers(1, 90), st.integers(0, 90))
ROWS = st.builds(
    lambda steps, rate, fees, least, cap: row(
        rate,
        initial_s=steps[0],
        increment_s=steps[1],
        fees=fees,
        min_charge_micros=min(least, cap or least),
        max_charge_micros=cap or None,
    ),
    INCREMENTS,
    st.integers(0, 10**8),
    st.sampled_from([(), FEES]),
    st.sampled_from([0, 0, 3_000]),
    st.sampled_from([0, 0, 5_000]),
)


@given(ROWS, st.integers(1, 400), st.integers(1, 400))
def test_no_call_costs_more_for_a_pool_nor_less_for_a_second_more(
    priced: Row, seconds: int, paid_s: int
) -> None:
    made = deck(priced)
    call = Call("out", PARIS, None, NOW, seconds)
    whole = rate_call(DeckBook.of([made]), NUMBERS, (made.deck_id,), "USD", call)
    assume(isinstance(whole, Rated) and whole.outcome == "rated")
    assert isinstance(whole, Rated)

    left = rest(made, seconds, paid_s).charge_micros

    assert left <= whole.charge_micros
    assert left <= rest(made, seconds + 1, paid_s).charge_micros


def test_the_seconds_of_the_rest_begin_where_the_pool_ended() -> None:
    (line,) = rest(deck(SECONDS), 250, 180).lines

    (span,) = line.spans
    assert (span.start_ms, span.seconds, span.billed_s) == (NOW + 180_000, 70, 70)
    assert line.quantity == 70
