"""Columns: what the columns of a table mean, said in a TOML file: of each field of a CDR, whence it comes.

delimiter = ";"
[fields.cdr_id]
column = "uniqueid"
[fields.started_at]
column = "calldate"
time = "%Y-%m-%d %H:%M:%S"      # or "epoch_s", "epoch_ms", "rfc3339"
zone = "Europe/Paris"
[fields.billsec]
column = "billsec"
type = "integer"
[fields.direction]
column = "way"
values = { OUTGOING = "out", INCOMING = "in" }
[fields.tenant_id]
value = "acme"
[only]
disposition = ["ANSWERED"]
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from loadtest.replay import instants
from loadtest.replay.faults import ReplayError, shown

Cell = Callable[[Mapping[str, Any]], Any]
"""From a row to the value of a field; None: it has none. ValueError: it cannot be read."""
TIMES_KNOWN = 65_536
TYPES: Mapping[str, Callable[[str], Any]] = {"text": str, "integer": int, "number": float}


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whence a field comes: a column, or a value that is always the same."""

    column: str | None = None
    value: Any = None
    type: str = "text"
    time: str | None = None
    """How instants are written."""
    zone: str = "UTC"
    """By which clocks, where they do not say it."""
    values: dict[str, Any] | None = None
    """What each word of the column means; others are refused."""
    default: Any = None
    """Where the column is empty; without it the field is left out."""
    prefix: str = ""
    """Put before what is there, such as +."""
    strip: str = ""
    """Taken from its beginning first, such as 00."""


class Columns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the columns of a table mean."""

    fields: dict[str, Field]
    only: dict[str, list[str]] = {}
    """By column, the words of the rows that are meant; others are passed over."""
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    names: list[str] = []
    """Of the columns, where the file does not begin with them."""
    skip_lines: Annotated[int, Meta(ge=0)] = 0

    def cdr(self, row: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return a row's CDR; None: it is not meant. ValueError names the field and the column, and what was found."""
        if any(_cell(row, column) not in words for column, words in self.only.items()):
            return None
        found = {name: _value(name, field, row) for name, field in self.fields.items()}
        return {name: value for name, value in found.items() if value is not None}


def read_columns(path: Path) -> Columns:
    """Return what a file says; ReplayError names the field that is wrong."""
    try:
        columns = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Columns)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ReplayError(f"{path}: {error}") from error
    for name, field in columns.fields.items():
        where = f"{path}: fields.{name}"
        if (field.column is None) == (field.value is None):
            raise ReplayError(f"{where} must have a column, or a value, and not both")
        if field.type not in TYPES:
            raise ReplayError(f"{where}.type must be {', '.join(TYPES)}, found {shown(field.type)}")
        instants.reader(field.time or "rfc3339", field.zone)
    return columns


def _value(name: str, field: Field, row: Mapping[str, Any]) -> Any:
    if field.column is None:
        return field.value
    text = _cell(row, field.column)
    if not text:
        return field.default
    if field.values is not None:
        if text not in field.values:
            known = ", ".join(field.values)
            raise ValueError(f"{name}: {field.column} must be {known}, found {shown(text)}")
        return field.values[text]
    text = field.prefix + text.removeprefix(field.strip)
    try:
        if field.time is not None:
            return _moment(field.time, field.zone, text)
        return TYPES[field.type](text)
    except (ValueError, OverflowError):
        wanted = f"a time as {field.time}" if field.time else f"of type {field.type}"
        raise ValueError(f"{name}: {field.column} must be {wanted}, found {shown(text)}") from None


@lru_cache(TIMES_KNOWN)
def _moment(form: str, zone: str, text: str) -> str:
    """Return an instant as CDRs have it; calls of a file share many."""
    return instants.write(instants.reader(form, zone)(text))


def _cell(row: Mapping[str, Any], column: str) -> str:
    if column not in row:
        raise ValueError(f"no column {column!r}: there are {', '.join(map(str, row))[:200]}")
    value = row[column]
    return "" if value is None else str(value).strip()
