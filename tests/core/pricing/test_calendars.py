"""Rows of a calendar: what a call costs on its dates, and over their midnights; each number worked out by hand."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest

from rater.core.cdr import Call
from rater.core.pricing.decks import BandPolicy, Clash, Deck, DeckBook, Heading
from rater.core.pricing.rates import Action, Row
from rater.core.pricing.rating import Rated, Refusal, rate_call
from rater.core.pricing.schedule import Calendars
from rater.core.pricing.terms import Terms
from rater.core.times import to_millis
from rater.wire.pricing.numbering import load_numbers
from rater.wire.pricing.zones import zone_of

ORDINARY = Row(2, "33", 600_000, initial_s=1, increment_s=1)
"""10 micros a second."""
HOLIDAY = Row(3, "33", 300_000, initial_s=1, increment_s=1, calendar="holidays")
"""5 micros a second."""
SPLIT, START = BandPolicy


def days(*texts: str) -> frozenset[int]:
    return frozenset((date.fromisoformat(text) - date(1970, 1, 1)).days for text in texts)


CALENDARS: Calendars = {
    "holidays": days("2026-12-25", "2026-03-29", "2026-10-25", "2027-01-01"),
    "bridge": days("2026-12-26", "2026-12-31"),
    "others": days("2026-12-25"),
}


def made(
    rows: Sequence[Row], zone: str = "Europe/Paris", policy: BandPolicy = SPLIT
) -> Deck | list[Clash]:
    found = zone_of(zone)
    assert found is not None
    return Deck.of(Heading("d", 1, "USD", 0, found, policy, CALENDARS), rows)


def priced(
    at: str,
    seconds: int,
    rows: Sequence[Row] = (ORDINARY, HOLIDAY),
    zone: str = "Europe/Paris",
    policy: BandPolicy = SPLIT,
) -> Rated | Refusal:
    deck = made(rows, zone, policy)
    assert isinstance(deck, Deck), deck
    answered = datetime.fromisoformat(at)
    assert answered.tzinfo is not None
    call = Call("out", "+33142685300", None, to_millis(answered.astimezone(UTC)), seconds)
    return rate_call(DeckBook.of([deck]), load_numbers(), ("d",), "USD", call)


def micros(at: str, seconds: int, *rows: Row, zone: str = "Europe/Paris") -> int:
    found = priced(at, seconds, rows or (ORDINARY, HOLIDAY), zone)
    assert isinstance(found, Rated), found
    return found.charge_micros


@pytest.mark.parametrize(
    ("at", "seconds", "charge"),
    [
        # A Thursday and a Saturday that are no holidays, and Christmas between them.
        ("2026-12-24T12:00:00+01:00", 60, 600),
        ("2026-12-25T12:00:00+01:00", 60, 300),
        ("2026-12-26T12:00:00+01:00", 60, 600),
        # 30 s of Christmas Eve at 10, 30 s of Christmas at 5; and out of it again.
        ("2026-12-24T23:59:30+01:00", 60, 300 + 150),
        ("2026-12-25T23:59:30+01:00", 60, 150 + 300),
        # The last second before midnight, and the first one after it.
        ("2026-12-24T23:59:59+01:00", 1, 10),
        ("2026-12-25T00:00:00+01:00", 1, 5),
        # All of it, 30 s before and 30 s after: 300 + 86,400 x 5 + 300.
        ("2026-12-24T23:59:30+01:00", 86_460, 432_600),
        # The clocks go forward on the 29th of March: it has 23 hours. 100 + 82,800 x 5 + 100.
        ("2026-03-28T23:59:50+01:00", 82_820, 414_200),
        # And back on the 25th of October: it has 25 hours. 100 + 90,000 x 5 + 100.
        ("2026-10-24T23:59:50+02:00", 90_020, 450_200),
    ],
)
def test_on_a_date_of_the_calendar_its_rows_hold_from_midnight_to_midnight(
    at: str, seconds: int, charge: int
) -> None:
    assert micros(at, seconds) == charge


def test_the_date_is_that_of_the_deck_s_time_zone() -> None:
    # 23:30 in Paris is 22:30 UTC: still the 24th there for another hour and a half.
    at = "2026-12-25T00:30:00+01:00"

    assert micros(at, 60) == 300
    assert micros(at, 60, zone="UTC") == 600
    assert micros(at, 60, zone="America/New_York") == 600


def test_half_a_millisecond_belongs_to_the_second_in_which_it_began() -> None:
    # Answered 0.25 s before midnight: second 0 begins on the 24th, second 1 on the 25th.
    assert micros("2026-12-24T23:59:59.750+01:00", 2) == 10 + 5


def test_the_band_of_the_answer_may_govern_a_holiday_too() -> None:
    eve = priced("2026-12-24T23:59:30+01:00", 60, policy=START)
    night = priced("2026-12-25T23:59:30+01:00", 60, policy=START)

    assert isinstance(eve, Rated)
    assert isinstance(night, Rated)
    assert (eve.charge_micros, night.charge_micros) == (600, 300)


def test_hours_and_tiers_of_a_holiday_are_those_of_its_rows() -> None:
    eight, twenty = 8 * 3_600, 20 * 3_600
    step = {"initial_s": 1, "increment_s": 1, "calendar": "holidays"}
    rows = (
        ORDINARY,
        Row(3, "33", 300_000, start_s=eight, end_s=twenty, **step),  # type: ignore[arg-type]
        Row(4, "33", 120_000, start_s=twenty, end_s=eight, **step),  # type: ignore[arg-type]
        Row(5, "33", 0, action=Action.FREE, start_s=eight, end_s=twenty, from_second=60, **step),  # type: ignore[arg-type]
    )

    # 30 s of the night at 2, 30 s of the day at 5; then, from second 60 on, nothing.
    assert micros("2026-12-25T07:59:30+01:00", 90, *rows) == 60 + 150
    # A row from 20:00 to 08:00 holds before 08:00 of its date, too, and no longer after midnight.
    assert micros("2026-12-25T00:00:00+01:00", 10, *rows) == 20
    assert micros("2026-12-25T23:59:55+01:00", 10, *rows) == 10 + 50


def test_days_of_a_row_of_a_calendar_are_those_on_which_it_holds_among_its_dates() -> None:
    weekend = Row(3, "33", 300_000, calendar="holidays", days=0b110_0000)

    # Christmas 2026 is a Friday: no row holds on it. The 29th of March is a Sunday.
    friday = priced("2026-12-25T12:00:00+01:00", 60, (ORDINARY, weekend))
    assert isinstance(friday, Refusal)
    assert friday.reason == "outside_bands"
    assert micros("2026-03-29T12:00:00+02:00", 60, ORDINARY, weekend) == 300


def test_rows_of_a_calendar_alone_leave_all_other_dates_without_a_price() -> None:
    found = priced("2026-12-24T12:00:00+01:00", 60, (HOLIDAY,))

    assert isinstance(found, Refusal)
    assert found.reason == "outside_bands"
    assert micros("2026-12-25T12:00:00+01:00", 60, HOLIDAY) == 300


def test_two_calendars_of_a_prefix_hold_one_after_the_other() -> None:
    bridge = Row(4, "33", 120_000, initial_s=1, increment_s=1, calendar="bridge")

    # 10 s of the 25th at 5, 10 s of the 26th at 2.
    assert micros("2026-12-25T23:59:50+01:00", 20, ORDINARY, HOLIDAY, bridge) == 50 + 20


def test_two_calendars_of_a_prefix_that_share_a_date_are_refused_and_of_two_prefixes_not() -> None:
    other = Row(4, "33", 120_000, calendar="others")

    assert made((ORDINARY, HOLIDAY, other)) == [
        Clash("shared_date", HOLIDAY, other, min(days("2026-12-25")))
    ]
    elsewhere = Row(4, "34", 120_000, calendar="others")
    assert isinstance(made((ORDINARY, HOLIDAY, elsewhere)), Deck)


def test_a_calendar_that_the_deck_does_not_have_is_refused() -> None:
    row = Row(3, "33", 1, calendar="unheard_of")

    assert made((ORDINARY, row)) == [Clash("unknown_calendar", row, row)]


def test_a_denial_on_the_dates_of_a_calendar_guards_all_longer_prefixes() -> None:
    rows = (
        Row(2, "3", 600_000),
        Row(3, "3", 0, action=Action.DENY, calendar="holidays"),
        Row(4, "331", 600_000),
    )
    found = priced("2026-12-25T12:00:00+01:00", 60, rows)

    assert isinstance(found, Refusal)
    assert found.reason == "denied"
    assert isinstance(priced("2026-12-24T12:00:00+01:00", 60, rows), Rated)
    # A call that runs into the date under its own prefix's row has a price: the guard is asked at the answer.
    assert isinstance(priced("2026-12-24T23:59:50+01:00", 60, rows), Rated)


def test_a_row_of_a_calendar_is_not_plain_and_terms_know_their_rows() -> None:
    deck = made((ORDINARY, HOLIDAY))
    assert isinstance(deck, Deck)
    entry = deck.outward.find("+33142685300")

    assert isinstance(entry, Terms)
    assert entry.rows() == [ORDINARY, HOLIDAY]
    assert not HOLIDAY.is_plain
    assert HOLIDAY.price_terms() != Row(3, "33", 300_000, initial_s=1, increment_s=1).price_terms()
