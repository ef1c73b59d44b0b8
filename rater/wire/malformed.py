"""Malformed: why bytes could not be read, as a value that names the field and what stood there."""

import json
import re
from collections import Counter
from enum import StrEnum
from typing import Any

import msgspec

from rater.core.limits import RECORD_BYTES_MAX
from rater.wire import demands
from rater.wire.demands import found


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
    NOT_UNPACKED = "not_unpacked"


class Malformed(msgspec.Struct, frozen=True):
    """What is wrong with a message: the reason, the field (None: the whole), and a sentence.

    The sentence says what the field must be and what was found, in the words of `demands`.
    """

    reason: Why
    field: str | None
    detail: str


NESTED_MAX = 100
"""Deepest nesting that is read. A bound of our own: Python's depends on who calls, and no decision may."""

BRANCHES_MAX = 1_000
"""Most lists and objects of one record: each costs far more to read than its two bytes."""

_MISSING = re.compile(r"missing required field `([^`]*)`")
_UNKNOWN = re.compile(r"Object contains unknown field `([^`]*)`")
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\Z)|[\[\]{}]', re.DOTALL)
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


def unfit(value: bytes, bytes_max: int = RECORD_BYTES_MAX) -> Malformed:
    """Say why a value is not read at all: there is none, or too much of it."""
    if not value:
        return Malformed(Why.EMPTY, None, "must have a value, found none")
    most = demands.most_of(bytes_max, "bytes")
    return Malformed(Why.TOO_LONG, None, f"{most}, found {len(value)}")


def undecodable(value: bytes, error: Exception, wanted: Any = None) -> Malformed:
    """Say why a decoder refused these bytes; `wanted` is the type that it decodes, whose values are then named."""
    if unreadable := _unreadable(value):
        return unreadable
    text = str(error)
    if not isinstance(error, msgspec.ValidationError) and "out of range" not in text:
        text = demands.HALVED if is_halved(value) else text
        return Malformed(Why.NOT_JSON, None, f"must be JSON: {text}"[:500])
    if unknown := _UNKNOWN.match(text):
        return _unknown_field(unknown[1], demands.path_of(text), wanted, _record(value))
    reason = next((why for mark, why in _KINDS if mark in text), Why.WRONG_TYPE)
    field = _field(text, reason)
    record = _record(value)
    said = demands.demand(text, wanted, record)
    if reason is not Why.MISSING_FIELD:
        said += _value_at(record, demands.path_of(text))
    return Malformed(reason, field, said[:900])


def _unknown_field(name: str, path: str, wanted: Any, record: Any) -> Malformed:
    """Say which field is not declared, and not what stood in it: nobody knows what that is."""
    said = demands.unknown_field(name, demands.declared_fields(wanted, path, record))
    field = f"{path}.{name}" if path else name
    return Malformed(Why.UNKNOWN_VALUE, field[:200] or None, said[:900])


def is_halved(value: bytes) -> bool:
    """Say whether it is for half a surrogate pair that a value is no JSON: a decoder says that it breaks off."""
    if b"\\u" not in value:
        return False
    try:
        json.dumps(json.loads(value, parse_int=str), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    except (ValueError, RecursionError):
        pass
    return False


def _record(value: bytes) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _unreadable(value: bytes) -> Malformed | None:
    """Return the complaint about bytes that are not UTF-8, or nested too deep to be taken apart."""
    try:
        value.decode()
    except UnicodeDecodeError as fault:
        return Malformed(Why.NOT_UTF8, None, f"must be UTF-8, byte {fault.start} is not")
    if value.count(b"[") + value.count(b"{") > NESTED_MAX:
        return _overgrown(value)
    return None


def _overgrown(value: bytes) -> Malformed | None:
    """Return the complaint about a JSON text, or one that breaks off, that is nested too deep or too often."""
    depth = opened = 0
    for token in _STRING_OR_BRACKET.finditer(value):
        mark = value[token.start()]
        if mark in b"[{":
            depth += 1
            opened += 1
            if depth > NESTED_MAX:
                detail = f"must be nested at most {NESTED_MAX} levels deep"
                return Malformed(Why.NOT_JSON, None, detail)
            if opened > BRANCHES_MAX:
                detail = demands.most_of(BRANCHES_MAX, "lists and objects")
                return Malformed(Why.TOO_LONG, None, detail)
        elif mark in b"]}":
            depth -= 1
    return None


def _field(text: str, reason: Why) -> str | None:
    path = demands.path_of(text)
    if reason is Why.MISSING_FIELD and (missing := _MISSING.search(text)):
        path = f"{path}.{missing[1]}" if path else missing[1]
    return path[:200] or None


def _value_at(record: Any, path: str) -> str:
    """Return what stands in a field, or nothing where it cannot be found."""
    here = record
    if here is None:
        return ""
    try:
        for part in demands.parts_of(path):
            here = here[int(part) if isinstance(here, list) else part]
    except (ValueError, KeyError, IndexError, TypeError):
        return ""
    return found(here)


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
        return Malformed(Why.NOT_JSON, None, f"must be JSON: {fault}"[:500])
    if not twice:
        return None
    name = min(twice)
    return Malformed(Why.DUPLICATE_FIELD, name[:200] or None, demands.TWICE)
