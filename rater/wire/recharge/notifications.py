"""Notifications from bytes: `decode_notification` gives a notification or says why not.

Strict: a field that we do not know is refused, for a letter without it could say something else than was meant.
"""

import re

import msgspec

from rater.core.limits import RECORD_BYTES_MAX
from rater.wire.demands import UNKNOWN_FIELD
from rater.wire.malformed import Malformed, Why, repeated_field, undecodable, unfit
from topics.records.notifications import AnyNotification

_decode = msgspec.json.Decoder(AnyNotification).decode
_UNKNOWN = re.compile(r"contains unknown field `([^`]*)`")


def decode_notification(value: bytes | None) -> AnyNotification | Malformed:
    """Read one notification; never raises."""
    if not value or len(value) > RECORD_BYTES_MAX:
        return unfit(value or b"")
    try:
        notice = _decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        complaint = undecodable(value, error, AnyNotification)
        if complaint.reason is Why.WRONG_TYPE and (unknown := _UNKNOWN.search(str(error))):
            return Malformed(Why.UNKNOWN_VALUE, unknown[1][:200] or None, UNKNOWN_FIELD)
        return complaint
    return repeated_field(value) or notice
