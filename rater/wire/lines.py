"""Lines: a record of a topic as one line of JSON, as `rater simulate` and `rater topics read` print it."""

import base64
from typing import Any

import msgspec
import orjson


class Line(msgspec.Struct, frozen=True):
    """A record with its place."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None

    def as_text(self) -> bytes:
        """Return the record as one line of JSON: JSON as it stands, other text as text, other bytes as base64."""
        shown: dict[str, Any] = {
            "topic": self.topic,
            "key": None if self.key is None else self.key.decode(errors="replace"),
            "value": None,
            "timestamp": self.timestamp,
            "partition": self.partition,
            "offset": self.offset,
        }
        if self.value is not None:
            name, value = _shown(self.value)
            shown[name] = value
        return orjson.dumps(shown)


def _shown(value: bytes) -> tuple[str, Any]:
    try:
        read = orjson.loads(value)
    except orjson.JSONDecodeError:
        return _text(value)
    # As it stands, so that no digit of it is lost; unless that would be several lines.
    return "value", read if b"\n" in value else orjson.Fragment(value)


def _text(value: bytes) -> tuple[str, str]:
    try:
        return "value", value.decode()
    except UnicodeDecodeError:
        return "value_b64", base64.b64encode(value).decode()
