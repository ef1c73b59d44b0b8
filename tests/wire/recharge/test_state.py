"""Recharges to bytes and back: nothing is lost on the way, and the head tells what the table must know."""

from random import Random

import pytest

from rater.core.limits import NEVER_MS
from rater.core.recharge.state import Recharge, due_ms
from rater.wire.recharge.state import LAYOUT, decode_head, decode_recharge, encode_recharge
from tests.recharge_walk import wander
from tests.recharge_world import World


@pytest.mark.parametrize("seed", range(20))
def test_whatever_has_happened_a_recharge_comes_back_as_it_was(seed: int) -> None:
    world = World()
    wander(world, Random(seed), 60)
    recharge = world.recharge
    recharge.events_offset, recharge.results_offset = 7, -1
    recharge.commands_offset, recharge.timers_offset = 2**40, 11

    value = encode_recharge(recharge)
    head = decode_head(value)

    assert encode_recharge(decode_recharge(value)) == value
    assert str(recharge) == str(decode_recharge(value))
    assert (recharge.state, due_ms(recharge), (7, -1, 2**40, 11)) == (
        head.state,
        head.due_ms,
        head.offsets,
    )


def test_one_that_waits_for_nothing_is_never_due() -> None:
    assert NEVER_MS == decode_head(encode_recharge(Recharge("acme", "USD"))).due_ms


@pytest.mark.parametrize("value", [b"", b"\x00", bytes([LAYOUT + 1]) + bytes(40)])
def test_a_layout_that_is_not_known_is_not_guessed_at(value: bytes) -> None:
    with pytest.raises(ValueError, match=r"recharge layout: must be .* To begin anew"):
        decode_recharge(value)


BEFORE_STATEMENTS = bytes.fromhex(
    "04000000000000000040ffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffdc0019a461636d65a3555344a469646c650000c098c2c0c0a56669786564c0c0c0c0"
    "9090a2656ec0c2c2c200c090900000cf4000000000000000ffffffff"
)


def test_the_layout_has_not_changed_unseen() -> None:
    """Bytes as they lie on changelogs: who changes them must write a new layout, or add what may be missing."""
    value = encode_recharge(Recharge("acme", "USD"))

    assert (
        "04000000000000000040ffffffffffffffffffffffffffffffffffffffffffffffff"
        "ffffffffffffffffdc001aa461636d65a3555344a469646c650000c098c2c0c0a56669786564c0c0c0c0"
        "9090a2656ec0c2c2c200c090900000cf4000000000000000ffffffffc2"
    ) == value.hex()


def test_one_of_before_statements_were_told_is_read_and_tells_none() -> None:
    assert decode_recharge(BEFORE_STATEMENTS) == Recharge("acme", "USD", statements=False)
