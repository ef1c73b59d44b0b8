"""Notifications for the tests: the golden ones, as values."""

from typing import Any

import msgspec

from rater.wire.malformed import Malformed
from rater.wire.recharge.notifications import decode_notification
from topics.records.notifications import AnyNotification
from topics.schema import FOLDER

LINES = (FOLDER / "examples" / "notifications.v1.valid.jsonl").read_bytes().splitlines()


def read(value: bytes) -> AnyNotification:
    found = decode_notification(value)
    assert not isinstance(found, Malformed), found
    return found


GOLDEN = [read(line) for line in LINES]


def golden(kind: str, **changes: Any) -> Any:
    """Return the first golden notification of a kind, with other values; they are not checked."""
    found = next(notice for notice in GOLDEN if notice.kind == kind)
    return msgspec.structs.replace(found, **changes)
