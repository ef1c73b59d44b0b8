"""Recycling orders, as bytes: what is asked of a call that waits."""

from typing import Final

import msgspec

from topics.records.open_suspense import OpenSuspense
from topics.records.recycling import DropCall, ReleaseCall

_encode: Final = msgspec.json.Encoder().encode
Order = type[ReleaseCall] | type[DropCall]
VERBS: Final[dict[Order, str]] = {ReleaseCall: "release", DropCall: "drop"}


def encode_order(kind: Order, row: OpenSuspense, job_id: str, by: str, why: str | None) -> bytes:
    """Return an order on a row; its id names job and place: a job that is sent again says the same."""
    place = f"{row.source_topic}/{row.source_partition}/{row.source_offset}"
    command_id = f"{VERBS[kind]}/{job_id}/{row.source_partition}/{row.source_offset}"
    return _encode(kind(command_id, row.tenant_id, row.cdr_id, row.version, place, job_id, by, why))
