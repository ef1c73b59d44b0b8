"""Balance events from bytes, as recharge reads them: charging writes them, and is not trusted to be without fault.

A charging worker may be newer than who reads: fields that the published record does not have are passed over.
"""

from functools import reduce
from operator import or_
from typing import Any, get_args

import msgspec

from rater.wire.malformed import Malformed
from rater.wire.strict import read_strictly
from topics.records.balance import AnyEvent, Event


def _open(kind: type[Event]) -> Any:
    """Return the kind as one that may have more fields."""
    tag = kind.__struct_config__.tag
    return msgspec.defstruct(
        kind.__name__, [], bases=(kind,), tag=tag, frozen=True, forbid_unknown_fields=False
    )


_KINDS: dict[Any, type[Event]] = {_open(kind): kind for kind in get_args(AnyEvent)}
_Any: Any = reduce(or_, _KINDS)
_decode = msgspec.json.Decoder(_Any).decode


def decode_event(value: bytes | None) -> Event | Malformed:
    """Read one event; never raises."""
    read = read_strictly(_decode, value)
    if isinstance(read, Malformed):
        return read
    return _KINDS[type(read)](*[getattr(read, name) for name in read.__struct_fields__])
