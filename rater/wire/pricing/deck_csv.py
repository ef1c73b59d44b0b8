"""Deck CSV: a file's bytes to a `Sheet` of cells, and a sheet to a compiled deck.

All faults of a file are told, not only the first.
"""

import csv
import io
from collections.abc import Iterator

from msgspec import Struct

from rater.core.money import NANOS_DECIMALS
from rater.core.pricing.decks import Deck, Heading, Row
from rater.core.pricing.rates import Action
from rater.core.pricing.schedule import SLOTS_MAX, Clash
from rater.core.pricing.terms import origin_of
from rater.wire.pricing.amounts import format_decimal
from rater.wire.pricing.deck_calendars import date_text
from rater.wire.pricing.deck_columns import COLUMNS, REQUIRED
from rater.wire.pricing.deck_hours import common_hours, hours_text
from rater.wire.pricing.deck_rows import DeckFault, RowReader

MINUTE_S = 60
FAULTS_MAX = 10_000
"""Faults of a deck file that are looked for: one with so many is no deck, and its other lines are not read."""


class Sheet(Struct, frozen=True):
    """The cells of a deck as they were written, trimmed; all rows as long as `columns`."""

    columns: list[str]
    lines: list[int]
    """Per row the line of the file at which it begins."""
    rows: list[list[str]]


def read_sheet(content: bytes) -> Sheet | list[DeckFault]:
    """Read a CSV file: UTF-8, a byte order mark and any line ends allowed, blank lines skipped."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        value = content[error.start : error.start + 4].hex(" ")
        return [DeckFault(line, None, value, "are bytes that are not UTF-8")]
    records = _records(text)
    header_line, header = next(records, (1, []))
    if isinstance(header, str):
        return [DeckFault(header_line, None, "", f"is not CSV: {header}")]
    faults = _header_faults(header_line, header)
    if faults:
        return faults
    lines: list[int] = []
    rows: list[list[str]] = []
    for line, cells in records:
        if len(faults) >= FAULTS_MAX:
            break
        if isinstance(cells, str):
            faults.append(DeckFault(line, None, "", f"is not CSV: {cells}"))
        elif len(cells) != len(header):
            complaint = f"has {len(cells)} cells, the header has {len(header)}"
            faults.append(DeckFault(line, None, ",".join(cells), complaint))
        else:
            lines.append(line)
            rows.append(cells)
    if not rows and not faults:
        faults = [DeckFault(header_line, None, ",".join(header), "is all there is: no rows")]
    return faults or Sheet(header, lines, rows)


def read_rows(sheet: Sheet) -> tuple[list[Row], list[DeckFault]]:
    """Return the rows of a sheet that can be read, and all that is wrong with the others."""
    reader = RowReader(sheet.columns)
    rows: list[Row] = []
    faults: list[DeckFault] = []
    for line, cells in zip(sheet.lines, sheet.rows, strict=True):
        row = reader.read(line, cells)
        if isinstance(row, Row):
            rows.append(row)
        else:
            faults += row
        if len(faults) >= FAULTS_MAX:
            break
    return rows, faults


def compile_sheet(heading: Heading, sheet: Sheet) -> Deck | list[DeckFault]:
    """Compile a deck of a sheet, or return all that is wrong with it, by line."""
    rows, faults = read_rows(sheet)
    deck = Deck.of(heading, rows)
    if not isinstance(deck, Deck):
        faults += [clash_fault(clash) for clash in deck]
    elif not faults:
        return deck
    return sorted(faults, key=lambda fault: fault.line)


def clash_fault(clash: Clash) -> DeckFault:
    """Say at the later of two rows that they cannot both stand."""
    first, second = clash.first, clash.second
    if clash.kind == "unknown_calendar":
        complaint = "is not a calendar of the deck: say its dates in the file of calendars"
        return DeckFault(second.line, "calendar", second.calendar, complaint)
    if clash.day is not None:
        complaint = (
            f"has {date_text(clash.day)} in common with calendar {first.calendar} of line {first.line}: "
            "the rows of only one may hold on it"
        )
        return DeckFault(second.line, "calendar", second.calendar, complaint)
    if clash.kind == "overlap":
        complaint = (
            f"overlaps the slot of line {first.line}: both hold {_common(clash)}, at "
            f"{_price(first)} and {_price(second)}"
        )
    else:
        complaint = f"has more than {SLOTS_MAX} rows, the first at line {first.line}"
    return DeckFault(second.line, "prefix", second.prefix, complaint)


def _common(clash: Clash) -> str:
    """Name when both rows of a clash hold: hours, second of the call, callers."""
    first = clash.first
    words = [hours_text(common_hours(first, clash.second))]
    words += [f"from second {first.from_second} on"] if first.from_second else []
    words += [f"on dates of {first.calendar}"] if first.calendar else []
    words += [f"for callers {origin_of(first)}"] if first.origin_prefix else []
    return " ".join(words)


def _price(row: Row) -> str:
    if row.action is not Action.RATE:
        return row.action.value
    rate = format_decimal(row.rate_nanos, NANOS_DECIMALS)
    return f"{rate} {'a minute' if row.per_s == MINUTE_S else f'per {row.per_s} seconds'}"


def _records(text: str) -> Iterator[tuple[int, list[str] | str]]:
    """Yield the line and the trimmed cells of each record, or a text that says why not."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, str(error)
            continue
        if cells:
            yield line, [cell.strip() for cell in cells]


def _header_faults(line: int, header: list[str]) -> list[DeckFault]:
    """Return what is wrong with the names of the columns."""
    faults = [
        DeckFault(line, name, name, f"is not a column; there are {', '.join(COLUMNS)}")
        for name in header
        if name not in COLUMNS
    ]
    faults += [
        DeckFault(line, name, name, "is there twice") for name in COLUMNS if header.count(name) > 1
    ]
    faults += [
        DeckFault(line, name, ",".join(header), f"lacks the column {name}")
        for name in REQUIRED
        if name not in header
    ]
    return faults
