"""Demands: what a field must be, in the same words wherever a message is refused: `must be at least 0, found -1`.

msgspec says what was wrong in words of its own; here they become those of `rater produce`, which speaks from the
published schemas. Only for messages that are refused: nothing here is quick.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import inspect

from rater.wire.pattern_words import in_words

SHOWN_MAX: Final = 80
"""Characters of a value that are shown."""

MISSING: Final = "is missing"
TWICE: Final = "stands twice in one object"
UNKNOWN_FIELD: Final = "is not a known field"
DATE_TIME: Final = "must be an RFC 3339 date-time with an offset, years 2000 to 2100"
NOT_EMPTY: Final = "must not be empty"
HALVED: Final = "holds half a surrogate pair, which no text can hold"
OBJECT: Final = "must be an object"

_KINDS: Final = {
    "int": "an integer",
    "float": "a number",
    "str": "a string",
    "bool": "a boolean",
    "array": "an array",
    "object": "an object",
    "null": "null",
}
_PATH: Final = re.compile(r" - at `([^`]*)`$")
_EXPECTED: Final = re.compile(r"Expected `(\w+)(?: \| \w+)*`(?: (.*))?", re.DOTALL)
_LENGTH: Final = re.compile(r"of length (>=|<=) (\d+)")
_BOUND: Final = re.compile(r"(>=|<=) (-?\d+)")


def found(value: object) -> str:
    """Return the end of a complaint: what stood there, as JSON, cut short."""
    return f", found {shown(value)}"


def shown(value: object) -> str:
    """Return a value as JSON, or as Python shows what JSON has not, cut short.

    Half a surrogate pair, which no record can hold, is escaped; of a number that Python refuses to write out its size
    is shown.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, default=repr)
    except (ValueError, TypeError, RecursionError):
        size = f" of {value.bit_length()} bits" if isinstance(value, int) else ""
        text = f"{_KINDS.get(type(value).__name__, type(value).__name__)}{size}"
    return cut(text.encode(errors="backslashreplace").decode())


def cut(text: str) -> str:
    """Return a text cut short."""
    return text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 3] + "..."


def one_of(values: Sequence[object]) -> str:
    """Say that a value must be one of several."""
    return f"must be one of {', '.join(map(str, values))}"


def at_least(number: int) -> str:
    """Say the least that a number may be."""
    return f"must be at least {number}"


def at_most(number: int) -> str:
    """Say the most that a number may be."""
    return f"must be at most {number}"


def least_of(number: int, things: str) -> str:
    """Say the least number of characters or items."""
    return NOT_EMPTY if number == 1 else f"must have at least {number} {things}"


def most_of(number: int, things: str) -> str:
    """Say the greatest number of characters or items."""
    return f"must have at most {number} {things}"


def must_be(kind: str) -> str:
    """Say the JSON type of a value; `kind` with its article."""
    return f"must be {kind}"


def unknown_field(name: str, known: Iterable[str]) -> str:
    """Say that a field is none of those that are known, and which of them may have been meant.

    >>> unknown_field("montly_limit", ["type", "monthly_limit"])
    'is not a known field (did you mean monthly_limit?)'
    """
    near = get_close_matches(name, known, n=1)
    return f"{UNKNOWN_FIELD} (did you mean {near[0]}?)" if near else UNKNOWN_FIELD


def path_of(text: str) -> str:
    """Return the path that an error of msgspec names, as people write it; empty for the whole."""
    path = _PATH.search(text)
    return path[1].removeprefix("$").removeprefix(".") if path else ""


def demand(text: str, wanted: Any, record: object) -> str:
    """Say in our words what an error of msgspec asks for; `wanted` is the type that it decoded, if known."""
    said = _PATH.sub("", text)
    if "missing required field" in said:
        return MISSING
    if "RFC3339" in said or "timezone component" in said or "`datetime`" in said:
        return DATE_TIME
    if "Integer value out of range" in said or "Number out of range" in said:
        return "must be an integer of at most 19 digits"
    if said.startswith("Invalid"):
        values = _allowed(wanted, path_of(text), record)
        return one_of(values) if values else "must be a value that is known"
    match = _EXPECTED.match(said)
    return _expected(match[1], match[2] or "") if match else said


def _expected(kind: str, rest: str) -> str:
    if length := _LENGTH.match(rest):
        things = "characters" if kind == "str" else "items"
        return (least_of if length[1] == ">=" else most_of)(int(length[2]), things)
    if bound := _BOUND.match(rest):
        return (at_least if bound[1] == ">=" else at_most)(int(bound[2]))
    if rest.startswith("matching regex "):
        return in_words(rest.removeprefix("matching regex ").strip("'\"").replace("\\\\", "\\"))
    return must_be(_KINDS.get(kind, kind))


def parts_of(path: str) -> list[str]:
    """Return the names and indexes of a path."""
    return re.findall(r"[^.\[\]]+", path)


def _allowed(wanted: Any, path: str, record: object) -> tuple[object, ...]:
    """Return the values that a field may have, as they are declared; none where that is not known."""
    if wanted is None:
        return ()
    info: Any = _info(wanted)
    here = record
    for part in parts_of(path):
        structs = [each for each in _members(info) if isinstance(each, inspect.StructType)]
        if any(each.tag_field == part for each in structs):
            return tuple(each.tag for each in structs)
        info = _inner(info, part, here)
        if info is None:
            return ()
        here = _value(here, part)
    literals = [each for each in _members(info) if isinstance(each, inspect.LiteralType)]
    if literals:
        return tuple(literals[0].values)
    enums = [each.cls for each in _members(info) if isinstance(each, inspect.EnumType)]
    return tuple(member.value for member in enums[0]) if enums else ()


def declared_fields(wanted: Any, path: str, record: object) -> list[str]:
    """Return the names of the fields that the object at a path may have; none where that is not known."""
    if wanted is None:
        return []
    info, here = _info(wanted), record
    for part in parts_of(path):
        info, here = _inner(info, part, here), _value(here, part)
        if info is None:
            return []
    structs = [each for each in _members(info) if isinstance(each, inspect.StructType)]
    return [field.encode_name for each in structs if _is_of(each, here) for field in each.fields]


def _is_of(struct: inspect.StructType, here: object) -> bool:
    """Say whether an object is of a type, by its tag."""
    return struct.tag is None or (
        isinstance(here, dict) and here.get(struct.tag_field) == struct.tag
    )


def _inner(info: Any, part: str, here: object) -> Any:
    """Return the type of a field or an item of a type."""
    for each in _members(info):
        if isinstance(each, inspect.StructType):
            fields = [field.type for field in each.fields if field.encode_name == part]
            if _is_of(each, here) and fields:
                return fields[0]
        elif isinstance(each, inspect.VarTupleType | inspect.ListType):
            return each.item_type
    return None


def _members(info: Any) -> Iterator[Any]:
    """Yield the types of a union, or the one type that it is, without what is said about them."""
    bare = info.type if isinstance(info, inspect.Metadata) else info
    if isinstance(bare, inspect.UnionType):
        for each in bare.types:
            yield from _members(each)
    else:
        yield bare


def _value(here: object, part: str) -> object:
    if isinstance(here, list):
        return here[int(part)] if part.isdecimal() and int(part) < len(here) else None
    return here.get(part) if isinstance(here, dict) else None


@lru_cache(64)
def _info(wanted: Any) -> Any:
    return msgspec.inspect.type_info(wanted)
