"""Validation of hand-made records against the published schemas: what is wrong, and in which field.

Rule 1: the record type is chosen by the topic's tag first, so that a problem names a field and not
"no alternative matches".
Rule 2: stricter than plain JSON where money is at stake: a name twice in an object, `1.0` for an
integer, NaN and lone surrogates are refused, as the workers refuse them.

Only `rater produce` and tests validate this way; the workers' own decoding is in `rater/wire`.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from rater.wire import demands
from rater.wire.demands import cut, shown
from rater.wire.pattern_words import in_words
from topics.catalog import Topic
from topics.schema import topic_schema


class Problem(NamedTuple):
    """One thing that is wrong with a record."""

    field: str
    """Its path, like `thresholds[0].amount_micros`; empty: the record as a whole."""
    value: str | None
    """What was found, as JSON, cut short; None: nothing was there."""
    why: str

    def __str__(self) -> str:
        """Say field, reason and value in one line."""
        where = f"{self.field}: " if self.field else ""
        found = "" if self.value is None else f", found {self.value}"
        return f"{where}{self.why}{found}"


_DIGITS_READ_MAX = 4_300


class RecordCheck:
    """The compiled schemas of one topic's record types."""

    def __init__(self, topic: Topic) -> None:
        """Compile them; they do not depend on the records."""
        schema = topic_schema(topic)
        definitions = schema["$defs"]
        self._tag = topic.tag
        declared = [definitions[record.__name__] for record in topic.records]
        self._schemas = {
            _name(each, topic.tag): {**each, "$defs": definitions} for each in declared
        }
        self._validators = {name: _compile(schema) for name, schema in self._schemas.items()}

    def problems(self, record: object) -> list[Problem]:
        """Say what is wrong with a decoded record, one problem a field; empty: nothing is."""
        if not isinstance(record, dict):
            return [Problem("", shown(record), demands.OBJECT)]
        name = self._record_type(record)
        if isinstance(name, Problem):
            return [name]
        found: dict[str, Problem] = {}
        for error in self._validators[name].iter_errors(record):
            for problem in _explain(error):
                found.setdefault(problem.field, problem)
        return list(found.values())

    def type_of(self, record: object) -> str | None:
        """Return the name of a record's type; None where that is not known."""
        name = self._record_type(record) if isinstance(record, dict) else None
        return name if isinstance(name, str) else None

    def schema_of(self, record: object) -> dict[str, Any] | None:
        """Return the schema of a record's type, with the definitions that it refers to; None where it is not known."""
        name = self.type_of(record)
        return None if name is None else self._schemas[name]

    def _fields(self, name: str) -> set[str]:
        return set(self._schemas[name]["properties"])

    def _record_type(self, record: dict[str, object]) -> str | Problem:
        """Choose by the tag; without one, the type that shares most names with the record."""
        if self._tag is None:
            return max(self._schemas, key=lambda name: len(self._fields(name) & record.keys()))
        if self._tag not in record:
            return Problem(self._tag, None, demands.MISSING)
        value = record[self._tag]
        if isinstance(value, str) and value in self._validators:
            return value
        return Problem(self._tag, shown(value), demands.one_of(list(self._validators)))


def decode(line: bytes) -> object | Problem:
    """Read one JSON value, strictly; a Problem says why it cannot be read."""
    try:
        text = line.decode()
        if "\\ud" in text.lower():
            # A lone half of a surrogate pair passes as JSON, but no UTF-8 text can hold it.
            json.dumps(json.loads(text, parse_int=_integer), ensure_ascii=False).encode()
        decoded: object = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_integer
        )
    except _DuplicateNameError as error:
        return Problem(error.name, error.value, demands.TWICE)
    except (ValueError, RecursionError) as error:
        return Problem("", cut(line.decode(errors="backslashreplace")), _unreadable(error))
    return decoded


def _unreadable(error: ValueError | RecursionError) -> str:
    match error:
        case UnicodeDecodeError():
            return f"not UTF-8 at byte {error.start + 1}"
        case UnicodeEncodeError():
            return demands.HALVED
        case json.JSONDecodeError():
            return f"not JSON: {error.msg} at column {error.colno}"
        case RecursionError():
            return "nested too deeply"
        case _:
            return f"not JSON: {error}"


class _DuplicateNameError(ValueError):
    def __init__(self, name: str, value: str) -> None:
        super().__init__(name, value)
        self.name = name
        self.value = value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    seen: set[str] = set()
    for name, value in pairs:
        if name in seen:
            raise _DuplicateNameError(name, shown(value))
        seen.add(name)
    return made


def _integer(digits: str) -> int:
    """Read an integer; Python reads none that is much longer than any field may be, and says so in its own terms."""
    if len(digits) > _DIGITS_READ_MAX:
        message = f"an integer must have at most 19 digits, found one of {len(digits)}"
        raise ValueError(message)
    return int(digits)


def _no_constant(name: str) -> object:
    message = f"{name} is not a JSON number"
    raise ValueError(message)


def _name(definition: dict[str, Any], tag: str | None) -> str:
    name: str = definition["properties"][tag]["const"] if tag else definition["title"]
    return name


@cache
def _compiled_pattern(pattern: str) -> "re.Pattern[str]":
    """Compile an anchored pattern; Python's `$` would let a last line feed pass."""
    return re.compile(pattern.removesuffix("$") + r"\Z")


def _pattern(
    _validator: Validator, pattern: str, value: object, _schema: object
) -> Iterator[ValidationError]:
    if isinstance(value, str) and not _compiled_pattern(pattern).match(value):
        yield ValidationError(f"does not match {pattern}")


_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    """Say whether a text is a moment with an offset; the calendar counts (no 30 February)."""
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def _is_integer(_checker: object, value: object) -> bool:
    """Say whether a number was written as an integer; JSON Schema would take 1.0 for one."""
    return isinstance(value, int) and not isinstance(value, bool)


_Strict: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {"pattern": _pattern},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)


def _compile(schema: dict[str, Any]) -> Validator:
    validator: Validator = _Strict(schema, format_checker=_FORMATS)
    return validator


def _explain(error: Any) -> Iterable[Problem]:
    """Turn a validator's error into problems with the field that they are about.

    Typed Any: a ValidationError's attributes are typed as if it could lack them.
    """
    if error.validator == "anyOf":
        # Only `T | None` is rendered as anyOf, T first: what T says is what helps.
        for inner in error.context or ():
            if inner.schema_path[0] == 0:
                yield from _explain(inner)
        return
    field = _path(error.absolute_path)
    if error.validator == "required":
        for name in error.validator_value:
            if name not in error.instance:
                yield Problem(joined(field, name), None, demands.MISSING)
    elif error.validator == "additionalProperties":
        for name in error.instance.keys() - error.schema["properties"].keys():
            yield Problem(joined(field, name), shown(error.instance[name]), demands.UNKNOWN_FIELD)
    else:
        yield Problem(field, shown(error.instance), _why(error))


def _why(error: Any) -> str:
    """Say in words what a ValidationError's keyword asks."""
    wanted = error.validator_value
    if error.schema.get("format") == "date-time" and error.validator in ("pattern", "format"):
        return demands.DATE_TIME
    return _DEMANDS[error.validator](wanted)


_DEMANDS: dict[Any, Callable[[Any], str]] = {
    "type": lambda wanted: demands.must_be(f"{'an' if wanted[0] in 'aio' else 'a'} {wanted}"),
    "enum": demands.one_of,
    "const": lambda wanted: f"must be {wanted}",
    "pattern": in_words,
    "minimum": demands.at_least,
    "maximum": demands.at_most,
    "minLength": lambda wanted: demands.least_of(wanted, "characters"),
    "maxLength": lambda wanted: demands.most_of(wanted, "characters"),
    "minItems": lambda wanted: demands.least_of(wanted, "items"),
    "maxItems": lambda wanted: demands.most_of(wanted, "items"),
}


def _path(parts: Iterable[str | int]) -> str:
    path = ""
    for part in parts:
        path = f"{path}[{part}]" if isinstance(part, int) else joined(path, part)
    return path


def joined(path: str, name: str) -> str:
    """Return the path of a field inside another, or of the record itself where that is empty."""
    return f"{path}.{name}" if path else name
