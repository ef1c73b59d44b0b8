"""Deck cells: the columns of a rate deck, and what the text in each may be.

Only `prefix` and `rate` are required. An absent column and an empty cell both mean the default.
Every cell that is wrong is told, with its line, column and value; the first does not hide the
others.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from msgspec import Struct

from rater.core.limits import DURATION_S_MAX
from rater.core.money import MICROS_DECIMALS, NANOS_DECIMALS, Rounding
from rater.core.rows import ALL_DAYS, DAY_S, Action, Direction, Row
from rater.wire.amounts import parse_decimal

PRICE_MAX = 1_000_000
"""Largest rate, fee and cap, in units of the currency."""

PREFIX_DIGITS_MAX = 15
"""As many digits as E.164 numbers have."""

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

REQUIRED = ("prefix", "rate")

_SHOWN = 60
_PREFIX = re.compile(rf"\+?([1-9][0-9]{{0,{PREFIX_DIGITS_MAX - 1}}})", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_TIME = re.compile(r"([0-9]{2}):([0-5][0-9])(?::([0-5][0-9]))?", re.ASCII)
_INCREMENT = re.compile(r"([0-9]{1,6})/([0-9]{1,6})", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)


class Complaint(Struct, frozen=True):
    """What is wrong with a text, to be read after its value."""

    text: str


class DeckFault(Struct, frozen=True, order=True):
    """What is wrong in a deck, and where; column None: the line as a whole."""

    line: int
    column: str | None
    value: str
    complaint: str

    def __str__(self) -> str:
        """Return the sentence that whoever wrote the deck reads."""
        column = "" if self.column is None else f", column {self.column}"
        return f"line {self.line}{column}: {self.value[:_SHOWN]!r} {self.complaint}"


def _text(text: str, *, length_max: int) -> str | Complaint:
    if len(text) > length_max:
        return Complaint(f"is longer than {length_max} characters")
    return text if text.isprintable() else Complaint("has characters that cannot be shown")


def _prefix(text: str) -> str | Complaint:
    match = _PREFIX.fullmatch(text)
    return match[1] if match else Complaint("is not 1 to 15 digits, the first not 0")


def _country(text: str) -> str | Complaint:
    if not text or _COUNTRY.fullmatch(text):
        return text
    return Complaint("is not a country code of two capital letters")


def _price(text: str, *, decimals: int) -> int | Complaint:
    scaled = parse_decimal(text, decimals)
    if isinstance(scaled, str):
        return Complaint(scaled)
    if scaled < 0 or text.startswith("-"):
        return Complaint("is negative")
    if scaled > PRICE_MAX * 10**decimals:
        return Complaint(f"is more than {PRICE_MAX}")
    return scaled


def _cap(text: str) -> int | Complaint | None:
    return _price(text, decimals=MICROS_DECIMALS) if text else None


def _whole(text: str, *, low: int, high: int) -> int | Complaint:
    if _WHOLE.fullmatch(text) and low <= int(text) <= high:
        return int(text)
    return Complaint(f"is not a whole number from {low} to {high}")


def _increment(text: str) -> tuple[int, int] | Complaint:
    match = _INCREMENT.fullmatch(text)
    if match and 1 <= int(match[1]) <= DAY_S and 1 <= int(match[2]) <= DAY_S:
        return int(match[1]), int(match[2])
    return Complaint("is not an increment like 60/60, 30/6 or 1/1")


def _choice(text: str, *, kinds: type[Action | Direction | Rounding]) -> str | Complaint:
    try:
        return kinds(text)
    except ValueError:
        return Complaint(f"is not one of {', '.join(kinds)}")


def _time(text: str) -> int | Complaint:
    match = _TIME.fullmatch(text)
    if match:
        hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3] or 0)
        total = hours * 3_600 + minutes * 60 + seconds
        if total <= DAY_S:
            return total
    return Complaint("is not a time of day like 08:00, 17:30:00 or 24:00")


def _days(text: str) -> int | Complaint:
    """Read `mon-fri`, `sat sun`, `fri-mon`; a range may run over the end of the week."""
    mask = 0
    for part in text.lower().replace(",", " ").split():
        first, dash, last = part.partition("-")
        if first not in DAY_NAMES or (dash and last not in DAY_NAMES):
            return Complaint("is not a list of days like mon-fri or sat sun")
        day, end = DAY_NAMES.index(first), DAY_NAMES.index(last if dash else first)
        mask |= 1 << day
        while day != end:
            day = (day + 1) % 7
            mask |= 1 << day
    return mask or ALL_DAYS


class _Column(Struct, frozen=True):
    """How one column is read, and the text that an empty cell stands for."""

    read: Callable[[str], object]
    default: str = ""


COLUMNS: Mapping[str, _Column] = {
    "prefix": _Column(_prefix),
    "direction": _Column(partial(_choice, kinds=Direction), "out"),
    "destination": _Column(partial(_text, length_max=200)),
    "country": _Column(_country),
    "number_type": _Column(partial(_text, length_max=32)),
    "action": _Column(partial(_choice, kinds=Action), "rate"),
    "rate": _Column(partial(_price, decimals=NANOS_DECIMALS)),
    "per_seconds": _Column(partial(_whole, low=1, high=DAY_S), "60"),
    "increment": _Column(_increment, "60/60"),
    "connection_fee": _Column(partial(_price, decimals=MICROS_DECIMALS), "0"),
    "from_second": _Column(partial(_whole, low=0, high=DURATION_S_MAX), "0"),
    "days": _Column(_days),
    "start": _Column(_time, "00:00"),
    "end": _Column(_time, "24:00"),
    "rounding": _Column(partial(_choice, kinds=Rounding), "up"),
    "decimals": _Column(partial(_whole, low=0, high=MICROS_DECIMALS), "6"),
    "max_charge": _Column(_cap),
    "origin_prefix": _Column(lambda text: _prefix(text) if text else text),
}
"""Every column that a deck may have, in the order in which they are written."""


class RowReader:
    """Reads the cells of one deck, line by line; equal cells of a column are read once."""

    def __init__(self, columns: Sequence[str]) -> None:
        """Take the names of the cells, in their order: known, none twice."""
        self._columns = columns
        self._read: dict[str, dict[str, object]] = {name: {} for name in columns}
        self._defaults = {name: column.read(column.default) for name, column in COLUMNS.items()}

    def read(self, line: int, cells: Sequence[str]) -> Row | list[DeckFault]:
        """Return the row of a line, or everything that is wrong with it."""
        values = dict(self._defaults)
        faults: list[DeckFault] = []
        texts = dict(zip(self._columns, cells, strict=True))
        if not texts["rate"] and texts.get("action") in {"free", "deny"}:
            texts["rate"] = "0"
        for name, text in texts.items():
            value = self._value(name, text)
            if isinstance(value, Complaint):
                faults.append(DeckFault(line, name, text, value.text))
            values[name] = value
        if not faults:
            faults = _contradictions(line, values, texts)
        return faults or _row(line, values)

    def _value(self, name: str, text: str) -> object:
        known = self._read[name]
        if text not in known:
            column = COLUMNS[name]
            known[text] = column.read(text or column.default)
        return known[text]


def _contradictions(
    line: int, values: Mapping[str, object], texts: Mapping[str, str]
) -> list[DeckFault]:
    """Return what is wrong with cells that are right one by one."""
    faults: list[DeckFault] = []
    if values["start"] == DAY_S:
        complaint = "is not before the end of the day"
        faults.append(DeckFault(line, "start", texts["start"], complaint))
    elif values["start"] == values["end"]:
        complaint = "is the same as start; leave both empty for all day"
        faults.append(DeckFault(line, "end", texts.get("end", ""), complaint))
    if values["action"] is Action.DENY and values["from_second"]:
        complaint = "must be 0 in a row that denies"
        faults.append(DeckFault(line, "from_second", texts["from_second"], complaint))
    return faults


def _row(line: int, values: Mapping[str, Any]) -> Row:
    """Make a row of values that have been read."""
    initial_s, increment_s = values["increment"]
    return Row(
        line,
        values["prefix"],
        values["rate"],
        values["direction"],
        values["destination"],
        values["country"],
        values["number_type"],
        values["action"],
        values["per_seconds"],
        initial_s,
        increment_s,
        values["connection_fee"],
        values["from_second"],
        values["days"],
        values["start"],
        values["end"],
        values["rounding"],
        values["decimals"],
        values["max_charge"],
        values["origin_prefix"],
    )
