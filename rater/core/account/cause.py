"""Cause: why a balance changed, and when: what the events of one entry have in common."""

from msgspec import Struct

from topics.records.causes import CauseKind


class Cause(Struct, frozen=True, gc=False):
    """A kind, the CDR, command or lot behind it, and the time of the record."""

    kind: CauseKind
    cause_id: str
    at_ms: int
