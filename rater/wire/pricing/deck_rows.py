"""Deck rows: the cells of a line to a row, or everything that is wrong with the line.

An absent column and an empty cell both mean the default. Every cell that is wrong is told, with its line, column and
value; the first does not hide the others.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from rater.core.pricing.components.registry import FEES
from rater.core.pricing.rates import DAY_S, Action, Row
from rater.wire.pricing.deck_cells import Complaint
from rater.wire.pricing.deck_columns import COLUMNS

_SHOWN = 60


class DeckFault(Struct, frozen=True, order=True):
    """What is wrong in a deck, and where; column None: the line as a whole."""

    line: int
    column: str | None
    value: str
    complaint: str

    def __str__(self) -> str:
        """Return the sentence that whoever wrote the deck reads."""
        column = "" if self.column is None else f", column {self.column[:_SHOWN]}"
        return f"line {self.line}{column}: {self.value[:_SHOWN]!r} {self.complaint}"


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
    line: int, values: Mapping[str, Any], texts: Mapping[str, str]
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
    if values["increment"][1] == 0 and values["from_second"]:
        complaint = (
            "must be 0 in a row of one price per call; a tier that costs nothing is action free"
        )
        faults.append(DeckFault(line, "from_second", texts["from_second"], complaint))
    if values["action"] is Action.FREE:
        complaint = (
            "must be 0 or empty in a free row, which charges nothing at all; where the fee is meant,"
            " write action rate and rate 0"
        )
        priced = (*FEES, "min_charge")
        faults += [DeckFault(line, kind, texts[kind], complaint) for kind in priced if values[kind]]
    faults += _bounds(line, values, texts)
    return faults


def _bounds(line: int, values: Mapping[str, Any], texts: Mapping[str, str]) -> list[DeckFault]:
    """Return what is wrong with the least and the most that a call costs."""
    cap = values["max_charge"]
    if cap is None or values["min_charge"] <= cap:
        return []
    complaint = f"is more than max_charge, {texts['max_charge']}: no call could cost both"
    return [DeckFault(line, "min_charge", texts["min_charge"], complaint)]


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
        tuple([(kind, values[kind]) for kind in FEES if values[kind]]),
        values["from_second"],
        values["days"],
        values["start"],
        values["end"],
        values["rounding"],
        values["decimals"],
        values["max_charge"],
        values["origin_prefix"],
        values["grace_s"],
        values["min_charge"],
        values["calendar"],
    )
