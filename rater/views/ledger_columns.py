"""Ledger columns: entries as rows of a table for tools of others; `entry` has all of each, as it was written."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, NamedTuple

import orjson

from rater.core.times import to_text


class Kind(Enum):
    """What a column holds."""

    TEXT = "text"
    INTEGER = "integer"
    TIME = "time"
    """Milliseconds since 1970 UTC."""


class Column(NamedTuple):
    """A column: its name, what it holds, and where an entry has it: the first of these places that is there."""

    name: str
    kind: Kind
    places: tuple[tuple[str, ...], ...]


class Place(NamedTuple):
    """Where an entry lies, and when it was written there."""

    partition: int
    offset: int
    written_ms: int


def _of(kind: Kind, name: str, *places: str) -> Column:
    return Column(name, kind, tuple(tuple(place.split(".")) for place in places or (name,)))


_TEXT, _INTEGER, _TIME = Kind.TEXT, Kind.INTEGER, Kind.TIME
_ENTRY: Final = (
    *(_of(_TEXT, name) for name in ("tenant_id", "entry_id", "kind")),
    _of(_INTEGER, "seq"),
    _of(_TIME, "at", "at_ms"),
    _of(_TEXT, "currency"),
    *(_of(_INTEGER, name) for name in ("amount_micros", "balance_micros", "overdraft_micros")),
    _of(_TEXT, "cdr_id"),
    _of(_INTEGER, "version"),
    *(_of(_TEXT, name) for name in ("outcome", "reason")),
    *(_of(_INTEGER, name) for name in ("charge_micros", "reversed_micros", "forfeited_micros")),
    *(_of(_TEXT, name, f"call.{name}") for name in ("direction", "call_type", "usage_country")),
    _of(_TEXT, "caller", "call.from"),
    _of(_TEXT, "called", "call.to"),
    _of(_TEXT, "user_id", "call.user_id", "user_id"),
    _of(_TEXT, "organizer_id", "call.organizer_id"),
    _of(_TIME, "answered_at", "call.answered_ms"),
    _of(_TIME, "ended_at", "call.ended_ms"),
    _of(_INTEGER, "duration_s", "call.duration_s"),
    *(_of(_TEXT, name) for name in ("destination", "prefix", "deck_id")),
    *(_of(_INTEGER, name) for name in ("deck_version", "plan_version")),
    _of(_TEXT, "lot_id", "lot.lot_id", "lot_id"),
    *(_of(_TEXT, name) for name in ("command_id", "payment_id", "reverses", "job_id")),
)
COLUMNS: Final = (
    _of(_INTEGER, "partition"),
    _of(_INTEGER, "offset"),
    _of(_TIME, "written_at"),
    *_ENTRY,
    _of(_TEXT, "entry"),
)
"""In the order of a row: where the entry lies, what it says, and all of it as it was written."""
Cells = list[Any]
"""A row: text, integers, None."""


def cells_of(place: Place, value: bytes) -> Cells:
    """Return an entry as a row; times in milliseconds."""
    entry = orjson.loads(value)
    if "cdr_id" in entry:
        entry.setdefault("version", 1)
    return [*place, *(_found(entry, column.places) for column in _ENTRY), value.decode()]


def texts_of(cells: Cells) -> list[str]:
    """Return a row as text: times as RFC 3339, nothing where there is none."""
    return [_text(cell, column.kind) for cell, column in zip(cells, COLUMNS, strict=True)]


def _found(entry: Mapping[str, Any], places: tuple[tuple[str, ...], ...]) -> Any:
    for place in places:
        found: Any = entry
        for name in place:
            found = found.get(name) if isinstance(found, dict) else None
        if found is not None:
            return found
    return None


def _text(cell: Any, kind: Kind) -> str:
    if cell is None:
        return ""
    return to_text(cell) if kind is Kind.TIME else str(cell)
