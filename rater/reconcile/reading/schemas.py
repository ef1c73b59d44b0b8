"""Schemas: strict decoders of the record types of `topics.records`, with every bound they state.

A decoder refuses what the topic's JSON Schema refuses: a missing, unknown or wrongly typed field, a value out of its
bounds, an unknown kind; but for times that are text, which their readers check, and for unknown fields of what lies
inside both a command and an entry.
"""

from collections.abc import Callable
from functools import cache, reduce
from operator import or_
from typing import Any

import msgspec

from topics.catalog import BY_NAME, Topic


def decoder_of(topic: Topic) -> Callable[[bytes], Any]:
    """Return the strict decoder of a topic's values; it raises msgspec.MsgspecError or ValueError."""
    return _decoder(topic.name)


@cache
def _decoder(name: str) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(reduce(or_, BY_NAME[name].records)).decode


def decoder_of_record(record: type) -> Callable[[bytes], Any]:
    """Return the strict decoder of one record type that has no tag."""
    return msgspec.json.Decoder(record).decode
