"""Deck calendars: the dates of a deck's named calendars, from a CSV file and from a manifest, and back.

A file has the columns `calendar` and `date`, a date a line: `holidays,2026-12-25`. Dates are local dates of the deck's
time zone; they are published in the manifest of its version.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from rater.core.pricing.schedule import Calendars
from rater.wire.bounded_file import read_bounded
from topics.records.decks import CALENDAR_DATES_MAX, CALENDARS_MAX, DeckCalendar

CALENDAR_FILE_BYTES_MAX = 8 * 1024 * 1024
"""Of a file of calendars: what the longest names and all dates of all calendars are."""
COLUMNS = ("calendar", "date")

_EPOCH = date(1970, 1, 1).toordinal()
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def read_calendar_file(path: Path | None) -> Calendars | str:
    """Return the calendars of a file, none where there is no file, or what is wrong with it, naming the line."""
    if path is None:
        return {}
    try:
        found = read_calendars(read_bounded(path, CALENDAR_FILE_BYTES_MAX))
    except OSError as error:
        return f"{path}: {error.strerror}"
    return f"{path}: {found}" if isinstance(found, str) else found


def read_calendars(content: bytes) -> Calendars | str:
    """Return the calendars of a CSV file's bytes, or what is wrong with them, naming the line."""
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            return f"line 1: the columns are {reader.fieldnames}, must be {', '.join(COLUMNS)}"
        dates: dict[str, dict[str, None]] = {}
        for row in reader:
            name, text = (row["calendar"] or "").strip(), (row["date"] or "").strip()
            wrong = _wrong(name, text) if None not in row else "has more than two cells"
            if wrong or text in dates.setdefault(name, {}):
                return f"line {reader.line_num}: {wrong or f'{name} has {text} twice'}"
            dates[name][text] = None
    except (UnicodeDecodeError, csv.Error) as error:
        return f"is not CSV in UTF-8: {error}"
    return _bounded({name: list(those) for name, those in dates.items()})


def calendars_of(records: Iterable[DeckCalendar]) -> Calendars | str:
    """Return the calendars of a manifest, or what is wrong with them."""
    dates: dict[str, list[str]] = {}
    for calendar in records:
        if calendar.name in dates:
            return f"calendars: {calendar.name} is there twice"
        for text in calendar.dates:
            if wrong := _wrong(calendar.name, text):
                return f"calendars: {wrong}"
        dates[calendar.name] = list(calendar.dates)
    found = _bounded(dates)
    return f"calendars: {found}" if isinstance(found, str) else found


def calendar_records(calendars: Calendars) -> tuple[DeckCalendar, ...]:
    """Return the calendars as a manifest has them, by name, their dates in order."""
    return tuple(
        DeckCalendar(name, tuple(date_text(day) for day in sorted(calendars[name])))
        for name in sorted(calendars)
    )


def date_text(day: int) -> str:
    """Return a day since 1970-01-01 as a date.

    >>> date_text(20_000)
    '2024-10-04'
    """
    return date.fromordinal(_EPOCH + day).isoformat()


def _bounded(dates: Mapping[str, list[str]]) -> Calendars | str:
    if len(dates) > CALENDARS_MAX:
        return f"there are {len(dates)} calendars, at most {CALENDARS_MAX} are possible"
    for name, those in dates.items():
        if len(those) > CALENDAR_DATES_MAX:
            return f"{name} has {len(those)} dates, at most {CALENDAR_DATES_MAX} are possible"
    return {
        name: frozenset(date.fromisoformat(text).toordinal() - _EPOCH for text in those)
        for name, those in dates.items()
    }


def _wrong(name: str, text: str) -> str | None:
    """Return what is wrong with a date of a calendar."""
    if not _NAME.fullmatch(name):
        return (
            f"calendar: {name[:80]!r} is not 1 to 64 letters, digits, dots, dashes or underscores"
        )
    try:
        if _DATE.fullmatch(text) and date.fromisoformat(text):
            return None
    except ValueError:
        pass
    return f"date: {text[:80]!r} of {name} is not a date like 2026-12-25"
