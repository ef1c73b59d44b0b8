"""Recharges to bytes and back, for the recharges table and its changelog.

Layout 4: one version byte, one byte for the state (its place in `State`), the due time and the offsets applied (events,
results, commands, timers) as signed 64-bit little-endian integers, then the recharge as a msgpack array. The head can
be read without the rest: the timer and the checks at start look at every tenant.
"""

import struct

import msgspec

from rater.core.recharge.machine import State
from rater.core.recharge.state import Recharge, due_ms
from rater.wire.layouts import first_byte, unknown_layout

LAYOUT = 4
STATES = tuple(State)
_HEAD = struct.Struct("<BBqqqqq")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Recharge).decode


class Head(msgspec.Struct, frozen=True, gc=False):
    """What a table knows of a recharge without reading it whole."""

    state: State
    due_ms: int
    offsets: tuple[int, int, int, int]


def encode_recharge(recharge: Recharge) -> bytes:
    """Return the recharge in the current layout."""
    head = _HEAD.pack(
        LAYOUT,
        STATES.index(recharge.state),
        due_ms(recharge),
        recharge.events_offset,
        recharge.results_offset,
        recharge.commands_offset,
        recharge.timers_offset,
    )
    return head + _encode(recharge)


def decode_recharge(value: bytes) -> Recharge:
    """Read a recharge; one of another layout raises ValueError: never guess at money."""
    if not value or value[0] != LAYOUT:
        raise unknown_layout("recharge", first_byte(value), LAYOUT)
    return _decode(memoryview(value)[_HEAD.size :])


def decode_head(value: bytes) -> Head:
    """Read the head of a recharge."""
    _, state, due, *offsets = _HEAD.unpack_from(value)
    return Head(STATES[state], due, tuple(offsets))
