"""Malformed: why bytes could not be read, as a value that names the field and what stood there."""

import json
import re
from enum import StrEnum
from typing import Any

import msgspec


class Why(StrEnum):
    """Reasons of a dead letter, in order of precedence."""

    EMPTY = "empty"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    DUPLICATE_FIELD = "duplicate_field"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"
    UNKNOWN_VALUE = "unknown_value"
    BAD_NUMBER = "bad_number"
    BAD_TIME = "bad_time"
    TOO_LONG = "too_long"


class Malformed(msgspec.Struct, frozen=True):
    """What is wrong with a message: the reason, the field (None: the whole), and a sentence with the value."""

    reason: Why
    field: str | None
    detail: str


_PATH = re.compile(r" - at `([^`]*)`$")
_MISSING = re.compile(r"missing required field `([^`]*)`")
_SHOWN = 120
_KINDS = (
    ("missing required field", Why.MISSING_FIELD),
    ("Invalid RFC3339", Why.BAD_TIME),
    ("timezone component", Why.BAD_TIME),
    ("Invalid enum value", Why.UNKNOWN_VALUE),
    ("Invalid value", Why.UNKNOWN_VALUE),
    ("of length <=", Why.TOO_LONG),
    ("of length >=", Why.OUT_OF_RANGE),
    ("matching regex", Why.UNKNOWN_VALUE),
    ("Integer value out of range", Why.OUT_OF_RANGE),
    ("out of range", Why.OUT_OF_RANGE),
    (">= ", Why.OUT_OF_RANGE),
    ("<= ", Why.OUT_OF_RANGE),
    ("Expected", Why.WRONG_TYPE),
)


def undecodable(value: bytes, error: Exception) -> Malformed:
    """Say why a decoder refused these bytes."""
    try:
        value.decode()
    except UnicodeDecodeError as fault:
        return Malformed(Why.NOT_UTF8, None, f"byte {fault.start} is not UTF-8")
    text = str(error)
    if not isinstance(error, msgspec.ValidationError) and "out of range" not in text:
        return Malformed(Why.NOT_JSON, None, text[:500])
    reason = next((why for mark, why in _KINDS if mark in text), Why.WRONG_TYPE)
    field = _field(text)
    shown = "" if reason is Why.MISSING_FIELD else _value_at(value, field)
    return Malformed(reason, field, f"{_PATH.sub('', text)}{shown}"[:900])


def _field(text: str) -> str | None:
    if missing := _MISSING.search(text):
        return missing[1]
    path = _PATH.search(text)
    return path[1].removeprefix("$").removeprefix(".")[:200] or None if path else None


def _value_at(value: bytes, field: str | None) -> str:
    """Return the value that stands in a field, shortened, or nothing where it cannot be found."""
    try:
        found: Any = json.loads(value)
        for part in re.findall(r"[^.\[\]]+", field or ""):
            found = found[int(part) if isinstance(found, list) else part]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return ""
    shown = json.dumps(found)
    return f"; it is {shown[:_SHOWN]}{'...' if len(shown) > _SHOWN else ''}"


def repeated_field(value: bytes) -> Malformed | None:
    """Return the complaint about an object that names a field twice, or None. Slow: for the doubtful few."""
    twice: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in items]
        twice.extend(name for name in set(names) if names.count(name) > 1)
        return dict(items)

    try:
        json.loads(value, object_pairs_hook=pairs)
    except (ValueError, RecursionError) as fault:
        return Malformed(Why.NOT_JSON, None, str(fault)[:500])
    if not twice:
        return None
    name = min(twice)
    return Malformed(Why.DUPLICATE_FIELD, name[:200], f"{name[:_SHOWN]} is there twice")
