"""YAML of plain values, always the same text of the same values, and without a library."""

import json
import re
from collections.abc import Iterator
from typing import Any

_PLAIN = re.compile(r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[A-Za-z$][\w.$-]*", re.IGNORECASE)
"""A key that is a text to every reader without quotes."""
_ESCAPED = re.compile(
    "[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
"""What YAML 1.1 has not in a text, or takes for the end of a line."""


class OneLine(dict[str, Any]):
    """A mapping that is written in one line, as JSON."""


def as_yaml(value: dict[str, Any]) -> str:
    """Return a document: texts in double quotes, mappings in blocks, in their own order."""
    return "".join(f"{line}\n" for line in _lines(value))


def _lines(value: Any) -> Iterator[str]:
    """Yield the lines of a value in a block of its own, from the left edge."""
    if isinstance(value, dict) and value and not isinstance(value, OneLine):
        for key, inside in value.items():
            yield from _entry(f"{_key(key)}:", inside)
    elif isinstance(value, list) and value:
        for each in value:
            first, *others = _lines(each)
            yield f"- {first}"
            yield from (f"  {line}" for line in others)
    else:
        yield _flow(value)


def _entry(head: str, value: Any) -> Iterator[str]:
    is_block = isinstance(value, dict | list) and value and not isinstance(value, OneLine)
    if not is_block:
        yield f"{head} {_flow(value)}"
        return
    yield head
    yield from (f"  {line}" for line in _lines(value))


def _flow(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _key(key: str) -> str:
    return key if _PLAIN.fullmatch(key) else _flow(key)
