"""Lines of `rater simulate`, read strictly: a record each, as `rater topics read` prints them.

The value of a record is taken byte for byte as it stands in its line, so that what a worker would find wrong with it is
found here, too. A ValueError says which line, which field, what it must be and what was found.
"""

import base64
import binascii
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO, NamedTuple

import msgspec

from rater.cli.bounded_lines import LINE_BYTES_MAX, bounded_lines
from rater.core.times import is_plausible, to_millis
from rater.wire.demands import HALVED, TWICE, found, most_of, must_be, one_of
from rater.wire.malformed import is_halved
from topics import catalog
from topics.numerals import whole_number

SIMULATED = (
    catalog.CDR_RAW.name,
    *(topic.name for topic in catalog.ACCOUNT_SOURCES),
    catalog.RATE_DECKS.name,
    catalog.CHARGING_SETTINGS.name,
    catalog.RATE_PLANS.name,
    catalog.PAYMENT_RESULTS.name,
    catalog.RECHARGE_COMMANDS.name,
    catalog.RECHARGE_TIMERS.name,
)

_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_PARTITIONS = range(catalog.PARTITIONS)


class Given(NamedTuple):
    """A record of a line; `names`: all that the line has."""

    topic: str
    key: bytes | None
    value: bytes | None
    at_ms: int
    partition: int | None
    names: frozenset[str]


def placed(file: BinaryIO) -> Iterator[tuple[str, bytes]]:
    """Yield place and text of the lines of a file that are not blank."""
    name = getattr(file, "name", "<stdin>")
    for number, line in bounded_lines(file):
        if line.strip():
            yield f"{name}:{number}", line


def read_line(line: bytes, where: str) -> Given:
    """Return the record of a line."""
    if len(line) > LINE_BYTES_MAX:
        raise ValueError(f"{where}: {most_of(LINE_BYTES_MAX, 'bytes')}, found more")
    fields = _fields(line, where)
    topic = _plain(fields, "topic")
    if topic not in SIMULATED:
        raise ValueError(f"{where}: topic: {topic!r}, {one_of(SIMULATED)}")
    if "timestamp" not in fields:
        raise ValueError(f"{where}: timestamp: is missing")
    key, partition = _plain(fields, "key"), _plain(fields, "partition")
    if key is not None and not isinstance(key, str):
        raise ValueError(f"{where}: key: {must_be('a string, or null')}{found(key)}")
    if partition is not None and (type(partition) is not int or partition not in _PARTITIONS):
        last = catalog.PARTITIONS - 1
        raise ValueError(f"{where}: partition: {partition!r} is not one of 0 to {last}")
    return Given(
        topic,
        None if key is None else key.encode(),
        _value(fields, where),
        millis(f"{where}: timestamp", _plain(fields, "timestamp")),
        partition,
        frozenset(fields),
    )


def millis(field: str, value: Any) -> int:
    """Return an instant, ISO 8601 or milliseconds, in milliseconds; ValueError names the field."""
    at_ms = _millis(value)
    if at_ms is None:
        raise ValueError(f"{field}: {value!r} is neither ISO 8601 nor milliseconds")
    if not is_plausible(at_ms):
        raise ValueError(f"{field}: must lie in the years 2000 to 2100{found(value)}")
    return at_ms


def _millis(value: Any) -> int | None:
    if type(value) is int:
        return value
    if not isinstance(value, str):
        return None
    try:
        return whole_number(value)
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(value)
        return to_millis(at if at.tzinfo else at.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def _fields(line: bytes, where: str) -> dict[str, msgspec.Raw]:
    """Return the fields of a line, each as it stands; none of them may be there twice."""
    names: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        # That of the whole line comes last.
        names[:] = [name for name, _ in pairs]

    try:
        text = line.decode("utf-8-sig")
        json.loads(text, object_pairs_hook=note, parse_int=str, parse_float=str)
        fields = _decode(text)
    except UnicodeDecodeError as fault:
        raise ValueError(f"{where}: not UTF-8 at byte {fault.start + 1}") from fault
    except msgspec.ValidationError as fault:
        raise ValueError(f"{where}: {must_be('a JSON object')}{_cut(line)}") from fault
    except RecursionError as fault:
        raise ValueError(f"{where}: not JSON: nested too deeply") from fault
    except ValueError as fault:
        why = HALVED if is_halved(line) else str(fault)
        raise ValueError(f"{where}: not JSON: {why}") from fault
    if len(names) > len(fields):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{where}: {twice}: {TWICE}")
    return fields


def _plain(fields: dict[str, msgspec.Raw], name: str) -> Any:
    """Return a field as Python has it; a number that is no JSON integer of 64 bits is none to anybody."""
    try:
        return msgspec.json.decode(fields[name]) if name in fields else None
    except msgspec.DecodeError:
        return float("nan")


def _value(fields: dict[str, msgspec.Raw], where: str) -> bytes | None:
    """Return a value as bytes: text as it is, of base64 what it stands for, anything else as the JSON that it is."""
    packed = _plain(fields, "value_b64")
    if packed is not None:
        try:
            return base64.b64decode(packed, validate=True)
        except (TypeError, ValueError, binascii.Error) as fault:
            raise ValueError(f"{where}: value_b64: {must_be('base64')}{found(packed)}") from fault
    raw = bytes(fields.get("value", b"null"))
    if raw[:1] != b'"':
        return None if raw == b"null" else raw
    text: str = msgspec.json.decode(raw)
    return text.encode()


def _cut(line: bytes) -> str:
    return found(line.decode(errors="replace").strip())
