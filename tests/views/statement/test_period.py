"""Months by an account's clocks, and where they begin and end on a ledger."""

import pytest

from rater.core.account.zone_change import ZoneChange
from rater.views.statement.period import UTC, Clocks, Cut, Place, period_of
from tests.views.statement.ledgers import at, december


@pytest.mark.parametrize(
    ("zone", "begins", "ends"),
    [
        ("UTC", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("Europe/Paris", "2026-11-30T23:00:00Z", "2026-12-31T23:00:00Z"),
        ("America/New_York", "2026-12-01T05:00:00Z", "2027-01-01T05:00:00Z"),
        ("Pacific/Kiritimati", "2026-11-30T10:00:00Z", "2026-12-31T10:00:00Z"),
    ],
)
def test_a_month_begins_by_the_accounts_clocks(zone: str, begins: str, ends: str) -> None:
    period = period_of("2026-12", Clocks(zone))

    assert (period.from_ms, period.until_ms) == (at(begins), at(ends))
    assert period.time_zone == zone


def test_summer_time_begins_within_a_month() -> None:
    period = period_of("2026-03", Clocks("Europe/Paris"))

    assert (period.from_ms, period.until_ms) == (
        *(at("2026-02-28T23:00:00Z"), at("2026-03-31T22:00:00Z")),
    )


def test_a_change_of_time_zone_leaves_no_gap() -> None:
    change = ZoneChange(at("2026-12-31T23:00:00Z"), "2027-01", "America/New_York")
    clocks = Clocks("Europe/Paris", [change])
    december_, january = period_of("2026-12", clocks), period_of("2027-01", clocks)

    assert december_.until_ms == january.from_ms == at("2026-12-31T23:00:00Z")
    assert january.until_ms == at("2027-02-01T05:00:00Z")
    assert (december_.time_zone, january.time_zone) == ("Europe/Paris", "America/New_York")


def test_what_comes_after_an_entry_of_the_month_is_of_it_and_after_a_later_one_never() -> None:
    """Times of a ledger go back where records of several topics were taken in turns."""
    cut = Cut(december())
    times = ("2026-11-30", "2026-12-02", "2026-11-29", "2027-01-01", "2026-12-31")

    assert [cut.place(at(f"{each}T12:00:00Z")) for each in times] == [
        *(Place.BEFORE, Place.WITHIN, Place.WITHIN, Place.AFTER, Place.AFTER),
    ]


def test_a_local_time_is_as_the_clocks_show_it() -> None:
    instant = at("2026-12-31T23:30:00Z")

    assert Clocks("Europe/Paris").local_ms(instant) == at("2027-01-01T00:30:00Z")
    assert UTC.local_ms(instant) == instant
