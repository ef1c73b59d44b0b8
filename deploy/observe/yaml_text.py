"""YAML text: what rule files need of YAML, as text that people can read and compare."""

import json
from collections.abc import Iterator, Mapping, Sequence


def dump(value: Mapping[str, object]) -> str:
    """Return a mapping as YAML; texts are quoted, those with quotes or of several lines are blocks."""
    return "\n".join(_mapping(value, "")) + "\n"


def _mapping(value: Mapping[str, object], indent: str) -> Iterator[str]:
    for key, inner in value.items():
        yield from _entry(f"{indent}{key}:", inner, indent)


def _entry(head: str, value: object, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        yield head
        yield from _mapping(value, indent + "  ")
    elif isinstance(value, Sequence) and not isinstance(value, str) and value:
        yield head
        yield from _sequence(value, indent + "  ")
    elif isinstance(value, str) and ("\n" in value or '"' in value):
        yield f"{head} |-"
        yield from (f"{indent}  {line}" for line in value.split("\n"))
    else:
        yield f"{head} {json.dumps(value, ensure_ascii=False)}"


def _sequence(values: Sequence[object], indent: str) -> Iterator[str]:
    for value in values:
        if isinstance(value, Mapping):
            first, *rest = _mapping(value, indent + "  ")
            yield f"{indent}- {first.removeprefix(indent + '  ')}"
            yield from rest
        else:
            yield f"{indent}- {json.dumps(value, ensure_ascii=False)}"
