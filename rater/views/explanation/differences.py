"""Differences: what was booked against what was worked out, by the name of each field."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec


class Difference(NamedTuple):
    """A field of an entry that is not what it must be; a path of names, as `lines.0.amount_micros`."""

    entry_id: str
    field: str
    wanted: Any
    found: Any


def fields_of(record: msgspec.Struct) -> dict[str, Any]:
    """Return a record's fields by their published names, those at their default left out."""
    fields: dict[str, Any] = msgspec.to_builtins(record)
    return fields


def differences(entry_id: str, wanted: Any, found: Any, path: str = "") -> Iterator[Difference]:
    """Yield where two values of JSON differ, each at its lowest name."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for name in [*wanted, *(name for name in found if name not in wanted)]:
            below = f"{path}.{name}" if path else name
            yield from differences(entry_id, wanted.get(name), found.get(name), below)
    elif _is_list(wanted) and _is_list(found) and len(wanted) == len(found):
        for number, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from differences(entry_id, one, other, f"{path}.{number}")
    elif wanted != found or type(wanted) is not type(found):
        yield Difference(entry_id, path, wanted, found)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
