"""Malformed: why bytes could not be read, as a value that names the field and what stood there."""

import json
import re
from collections import Counter
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


VALUE_BYTES_MAX = 3 * 1024 * 1024
"""Largest value that is read. As text in a suspense record it may be twice as large, which must fit that topic."""

NESTED_MAX = 100
"""Deepest nesting that is read. A bound of our own: Python's depends on who calls, and no decision may."""

_PATH = re.compile(r" - at `([^`]*)`$")
_MISSING = re.compile(r"missing required field `([^`]*)`")
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\Z)|[\[\]{}]', re.DOTALL)
_SHOWN = 120
_KINDS = (
    # First those that quote what the sender wrote, which may be the words of another kind.
    ("Invalid enum value", Why.UNKNOWN_VALUE),
    ("Invalid value", Why.UNKNOWN_VALUE),
    ("missing required field", Why.MISSING_FIELD),
    ("Invalid RFC3339", Why.BAD_TIME),
    ("timezone component", Why.BAD_TIME),
    ("of length <=", Why.TOO_LONG),
    ("of length >=", Why.OUT_OF_RANGE),
    ("matching regex", Why.UNKNOWN_VALUE),
    ("Integer value out of range", Why.OUT_OF_RANGE),
    ("out of range", Why.OUT_OF_RANGE),
    (">= ", Why.OUT_OF_RANGE),
    ("<= ", Why.OUT_OF_RANGE),
    ("Expected", Why.WRONG_TYPE),
)


def unfit(value: bytes, bytes_max: int = VALUE_BYTES_MAX) -> Malformed:
    """Say why a value is not read at all: there is none, or too much of it."""
    if not value:
        return Malformed(Why.EMPTY, None, "the record has no value")
    return Malformed(Why.TOO_LONG, None, f"{len(value)} bytes, at most {bytes_max} are read")


def undecodable(value: bytes, error: Exception) -> Malformed:
    """Say why a decoder refused these bytes."""
    if unreadable := _unreadable(value):
        return unreadable
    text = str(error)
    if not isinstance(error, msgspec.ValidationError) and "out of range" not in text:
        return Malformed(Why.NOT_JSON, None, text[:500])
    reason = next((why for mark, why in _KINDS if mark in text), Why.WRONG_TYPE)
    field = _field(text, reason)
    shown = "" if reason is Why.MISSING_FIELD else _value_at(value, field)
    return Malformed(reason, field, f"{_PATH.sub('', text)}{shown}"[:900])


def _unreadable(value: bytes) -> Malformed | None:
    """Return the complaint about bytes that are not UTF-8, or nested too deep to be taken apart."""
    try:
        value.decode()
    except UnicodeDecodeError as fault:
        return Malformed(Why.NOT_UTF8, None, f"byte {fault.start} is not UTF-8")
    if value.count(b"[") + value.count(b"{") > NESTED_MAX and _is_deep(value):
        return Malformed(Why.NOT_JSON, None, f"nested deeper than {NESTED_MAX} levels")
    return None


def _is_deep(value: bytes) -> bool:
    """Say whether a JSON text, or one that breaks off, is nested deeper than NESTED_MAX."""
    depth = 0
    for token in _STRING_OR_BRACKET.finditer(value):
        mark = value[token.start()]
        if mark in b"[{":
            depth += 1
            if depth > NESTED_MAX:
                return True
        elif mark in b"]}":
            depth -= 1
    return False


def _field(text: str, reason: Why) -> str | None:
    if reason is Why.MISSING_FIELD and (missing := _MISSING.search(text)):
        return missing[1]
    path = _PATH.search(text)
    return path[1].removeprefix("$").removeprefix(".")[:200] or None if path else None


def _value_at(value: bytes, field: str | None) -> str:
    """Return the value that stands in a field, shortened, or nothing where it cannot be found."""
    try:
        found: Any = json.loads(value)
        for part in re.findall(r"[^.\[\]]+", field or ""):
            found = found[int(part) if isinstance(found, list) else part]
        shown = json.dumps(found)
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return ""
    return f"; it is {shown[:_SHOWN]}{'...' if len(shown) > _SHOWN else ''}"


def repeated_field(value: bytes) -> Malformed | None:
    """Return the complaint about an object that names a field twice, or None. Slow: for the doubtful few.

    The value is JSON to a decoder that passes over what it does not know, so it may still hold bytes that are not text.
    """
    if unreadable := _unreadable(value):
        return unreadable
    twice: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> None:
        if len(dict(items)) != len(items):
            counts = Counter(name for name, _ in items)
            twice.extend(name for name, count in counts.items() if count > 1)

    try:
        json.loads(value, object_pairs_hook=pairs, parse_int=str, parse_float=str)
    except (ValueError, RecursionError) as fault:
        return Malformed(Why.NOT_JSON, None, str(fault)[:500])
    if not twice:
        return None
    name = min(twice)
    return Malformed(Why.DUPLICATE_FIELD, name[:200] or None, f"{name[:_SHOWN]!r} is there twice")
