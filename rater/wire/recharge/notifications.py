"""Notifications from bytes: `decode_notification` gives a notification or says why not.

Strict: a field that we do not know is refused, for a letter without it could say something else than was meant.
"""

import msgspec

from rater.wire.malformed import Malformed
from rater.wire.strict import read_strictly
from topics.records.notifications import AnyNotification

_decode = msgspec.json.Decoder(AnyNotification).decode


def decode_notification(value: bytes | None) -> AnyNotification | Malformed:
    """Read one notification; never raises."""
    notice: AnyNotification | Malformed = read_strictly(_decode, value)
    return notice
