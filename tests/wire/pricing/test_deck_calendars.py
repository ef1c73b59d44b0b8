"""Calendars of a deck, from files and manifests, and back."""

from pathlib import Path

import pytest

from rater.wire.pricing.deck_calendars import (
    calendar_records,
    calendars_of,
    date_text,
    read_calendar_file,
    read_calendars,
)
from topics.records.decks import CALENDAR_DATES_MAX, CALENDARS_MAX, DeckCalendar

FILE = b"""\xef\xbb\xbfcalendar,date
holidays,2026-12-25

holidays, 2027-01-01
school,2026-12-25
"""
CHRISTMAS = 20_812


def test_a_file_says_the_dates_of_each_calendar_and_so_does_a_manifest() -> None:
    found = read_calendars(FILE)

    assert not isinstance(found, str)
    assert date_text(CHRISTMAS) == "2026-12-25"
    assert found == {
        "holidays": frozenset((CHRISTMAS, CHRISTMAS + 7)),
        "school": frozenset((CHRISTMAS,)),
    }
    records = calendar_records(found)
    assert records == (
        DeckCalendar("holidays", ("2026-12-25", "2027-01-01")),
        DeckCalendar("school", ("2026-12-25",)),
    )
    assert calendars_of(records) == found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"name,date\nh,2026-12-25\n", "line 1: the columns are ['name', 'date']"),
        (b"", "line 1: the columns are"),
        (b"calendar,date\nh,2026-02-29\n", "line 2: date: '2026-02-29' of h is not a date"),
        (b"calendar,date\nh,25.12.2026\n", "line 2: date: '25.12.2026' of h is not a date"),
        (b"calendar,date\nh,20261225\n", "line 2: date: '20261225'"),
        (b"calendar,date\nbank holidays,2026-12-25\n", "line 2: calendar: 'bank holidays'"),
        (b"calendar,date\n,2026-12-25\n", "line 2: calendar: ''"),
        (b"calendar,date\nh\n", "line 2: date: ''"),
        (b"calendar,date\nh,2026-12-25,x\n", "line 2: has more than two cells"),
        (b"calendar,date\nh,2026-12-25\nh,2026-12-25\n", "line 3: h has 2026-12-25 twice"),
        (b'calendar,date\nh,"2026\n', "is not CSV in UTF-8"),
        (b"calendar,date\n\xff,2026-12-25\n", "is not CSV in UTF-8"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_line(text: bytes, says: str) -> None:
    found = read_calendars(text)

    assert isinstance(found, str)
    assert found.startswith(says)


def test_there_are_bounds_of_calendars_and_dates() -> None:
    many = b"calendar,date\n" + b"".join(
        b"c%d,2026-12-25\n" % number for number in range(CALENDARS_MAX + 1)
    )
    long = "calendar,date\n" + "".join(
        f"h,{date_text(day)}\n" for day in range(CALENDAR_DATES_MAX + 1)
    )

    assert read_calendars(many) == "there are 65 calendars, at most 64 are possible"
    assert read_calendars(long.encode()) == "h has 1001 dates, at most 1000 are possible"


def test_a_manifest_that_no_loader_writes_is_refused() -> None:
    twice = [DeckCalendar("h", ("2026-12-25",)), DeckCalendar("h", ("2026-12-26",))]

    assert calendars_of(twice) == "calendars: h is there twice"
    assert "is not a date" in str(calendars_of([DeckCalendar("h", ("2026-13-01",))]))


def test_a_file_that_is_not_there_is_told_and_no_file_is_no_calendar(tmp_path: Path) -> None:
    path = tmp_path / "none.csv"

    assert read_calendar_file(None) == {}
    assert read_calendar_file(path) == f"{path}: No such file or directory"
    path.write_bytes(b"x\n")
    assert str(read_calendar_file(path)).startswith(f"{path}: line 1: ")
