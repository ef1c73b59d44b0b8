"""Recycling orders, as bytes: what is asked of a call that waits."""

from typing import Final

import msgspec

from rater.core.limits import DAY_MS
from topics.records.open_suspense import OpenSuspense
from topics.records.recycling import DropCall, ReleaseCall

_encode: Final = msgspec.json.Encoder().encode
Order = type[ReleaseCall] | type[DropCall]
VERBS: Final[dict[Order, str]] = {ReleaseCall: "release", DropCall: "drop"}


def encode_order(  # noqa: PLR0913, PLR0917
    kind: Order,
    row: OpenSuspense,
    job_id: str,
    by: str,
    why: str | None,
    seen_ms: int | None = None,
) -> bytes:
    """Return an order on a row; its id names job and place: a job that is sent again says the same.

    `seen_ms`, of a call that waits for an operator's word: up to when the ledger was asked. What is sent again on the
    same day of that says the same.
    """
    place = f"{row.source_topic}/{row.source_partition}/{row.source_offset}"
    command_id = f"{VERBS[kind]}/{job_id}/{row.source_partition}/{row.source_offset}"
    named = row.tenant_id, row.cdr_id, row.version, place, job_id, by, why
    if seen_ms is None or kind is DropCall:
        return _encode(kind(command_id, *named))
    day = seen_ms // DAY_MS
    return _encode(ReleaseCall(f"{command_id}/{day}", *named, day * DAY_MS))
