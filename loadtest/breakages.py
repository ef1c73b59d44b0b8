"""Breakages: what can be wrong with a record's bytes, one way for each reason of a dead letter.

Each takes the bytes of a good CDR of an answered outgoing call to an international number.
"""

from collections.abc import Callable

Breakage = Callable[[bytes], bytes | None]

_CUT_BYTES = 20
_TOO_LONG = b"x" * 200


def _empty(_value: bytes) -> None:
    """Leave a tombstone."""


def _not_utf8(value: bytes) -> bytes:
    # A call may name nobody.
    field = b'"user_id":"' if b'"user_id":"' in value else b'"source":"'
    return value.replace(field, field + b"\xff\xfe", 1)


def _not_json(value: bytes) -> bytes:
    return value[:-_CUT_BYTES]


def _duplicate_field(value: bytes) -> bytes:
    return value.replace(b'"billsec":', b'"billsec":1,"billsec":', 1)


def _missing_field(value: bytes) -> bytes:
    return value.replace(b'"billsec":', b'"talk_time":', 1)


def _wrong_type(value: bytes) -> bytes:
    return value.replace(b'"billsec":', b'"billsec":[],"talk_time":', 1)


def _out_of_range(value: bytes) -> bytes:
    return value.replace(b'"billsec":', b'"billsec":-', 1)


def _unknown_value(value: bytes) -> bytes:
    return value.replace(b'"direction":"out"', b'"direction":"sideways"', 1)


def _bad_number(value: bytes) -> bytes:
    return value.replace(b'"to":"+', b'"to":"+x', 1)


def _bad_time(value: bytes) -> bytes:
    return value.replace(b'"ended_at":"', b'"ended_at":"on ', 1)


def _too_long(value: bytes) -> bytes:
    return value.replace(b'"cdr_id":"', b'"cdr_id":"' + _TOO_LONG, 1)


BREAKAGES: dict[str, Breakage] = {
    "empty": _empty,
    "not_utf8": _not_utf8,
    "not_json": _not_json,
    "duplicate_field": _duplicate_field,
    "missing_field": _missing_field,
    "wrong_type": _wrong_type,
    "out_of_range": _out_of_range,
    "unknown_value": _unknown_value,
    "bad_number": _bad_number,
    "bad_time": _bad_time,
    "too_long": _too_long,
}
"""By the reason that the dead letter must carry."""
