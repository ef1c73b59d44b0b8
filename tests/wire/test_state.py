"""Accounts to bytes and back. A property says that they come back; here are the layout and its head."""

import pytest

from rater.core.account import NEVER_MS, Spending, Threshold
from rater.core.limits import GRACE_MS
from rater.wire.state import (
    LAYOUT,
    decode_account,
    decode_head,
    encode_account,
    is_current,
    read_numbers,
)
from tests.build import DAY, NOW, UNIT, YEAR, account, lot

LAYOUT_1 = bytes.fromhex(
    "010100666bae9c010000d2040000000000001100000000000000dc0014a461636d65a3555344a355544391a3616373"
    "29ce0050df20009294a141cf00000195b8930e00cf0000019d10443a00ce000493e094a142cf0000019ca9450a00cf"
    "000001a400f63600ce004c4b409194a36f6c64cf000001954c6d8200cf0000019ca41eae00079293a3746f70ce0089"
    "5440c293a36c6f77ce000f4240c3cf4000000000000000cf000001955193de00cf0000019ca94509fb00c3cd04d211"
    "ce000f4240ce00895440cf0000019cae6b6600"
)
"""Written by the release before."""


def test_the_head_tells_what_timers_and_checks_ask_for() -> None:
    there = account(lot(expires_ms=NOW), dirty=True, cdr_offset=5, command_offset=7)
    value = encode_account(there)
    head = decode_head(value)

    assert (head.dirty, head.due_ms, head.cdr_offset, head.command_offset) == (True, NOW, 5, 7)
    assert read_numbers(value) == (NOW, 5, 7)


def test_the_due_time_is_reckoned_anew() -> None:
    assert decode_head(encode_account(account(due_ms=NOW))).due_ms == NEVER_MS
    expired = account(expired=[lot(expires_ms=NOW)], due_ms=0)
    assert decode_account(encode_account(expired)).due_ms == NOW + GRACE_MS


@pytest.mark.parametrize("value", [b"", b"\x00", bytes([LAYOUT + 1]) + b"x" * 40])
def test_a_layout_that_is_not_known_is_not_guessed_at(value: bytes) -> None:
    with pytest.raises(ValueError, match=f"is not known; this rater reads 1 and {LAYOUT}"):
        decode_account(value)


def test_an_account_of_the_release_before_is_read() -> None:
    old = decode_account(LAYOUT_1)

    assert old == account(
        lot("A", 300_000, NOW + 20 * DAY, due_ms=NOW - 10 * DAY),
        lot("B", 5 * UNIT, NOW + YEAR, due_ms=NOW + 335 * DAY),
        expired=[lot("old", 7, NOW - DAY, due_ms=NOW - 31 * DAY)],
        thresholds=[
            Threshold("top", 9 * UNIT, armed=False),
            Threshold("low", UNIT, armed=True),
        ],
        seq=41,
        status_ms=NOW - 5,
        status_class=0,
        dirty=True,
        cdr_offset=1234,
        command_offset=17,
        forfeited_to_ms=NOW - YEAR,
        calm_from=UNIT,
        calm_to=9 * UNIT,
        due_ms=NOW - 10 * DAY,
    )
    assert old.spending == Spending(burn_from=-1, per_hour=-1, limit=1_000 * UNIT)
    assert not is_current(LAYOUT_1)
    assert decode_account(encode_account(old)) == old
