"""Heads: what of a CDR decides where it goes and when: its tenant, and when it ended. No more of it is read."""

from __future__ import annotations

import msgspec

from loadtest.replay import instants
from loadtest.replay.faults import ReplayError, shown


class Head(msgspec.Struct, frozen=True, gc=False):
    """What is read of each."""

    tenant_id: str
    ended_at: str = ""


_decode = msgspec.json.Decoder(Head).decode


def head_of(value: bytes, number: int) -> Head:
    """Return what is read of a record; ReplayError names what is wrong."""
    try:
        return _decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ReplayError(f"record {number}: {error}, found {shown(value)}") from None


def ended_ms(head: Head, number: int) -> int:
    """Return when a call ended; ReplayError where that is no time."""
    try:
        return instants.read_ms(head.ended_at)
    except ValueError:
        wrong = f"record {number}: ended_at must be an RFC 3339 time, found {shown(head.ended_at)}"
        raise ReplayError(wrong) from None
