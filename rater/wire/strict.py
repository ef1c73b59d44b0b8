"""Strict reading: what each of our decoders does before it looks at a record's meaning."""

from collections.abc import Callable
from typing import Any

import msgspec

from rater.core.limits import RECORD_BYTES_MAX
from rater.wire.malformed import Malformed, repeated_field, undecodable, unfit


def read_strictly(
    decode: Callable[[bytes], Any], value: bytes | None, bytes_max: int = RECORD_BYTES_MAX
) -> Any | Malformed:
    """Return what `decode` makes of a value, or say why not: too long, no JSON, a field wrong or there twice."""
    if not value or len(value) > bytes_max:
        return unfit(value or b"", bytes_max)
    try:
        read = decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        decoder = getattr(decode, "__self__", None)
        return undecodable(value, error, getattr(decoder, "type", None))
    return repeated_field(value) or read
