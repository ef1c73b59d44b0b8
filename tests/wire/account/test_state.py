"""Accounts to bytes and back. A property says that they come back; here are the layout and its head."""

import pytest

from rater.core.limits import GRACE_MS, NEVER_MS
from rater.wire.account.state import (
    LAYOUT,
    decode_account,
    decode_head,
    encode_account,
    read_numbers,
)
from tests.build import NOW, account, lot


def test_the_head_tells_what_timers_and_checks_ask_for() -> None:
    there = account(
        lot(expires_ms=NOW),
        dirty=True,
        cdr_offset=5,
        command_offset=7,
        request_offset=8,
        timer_offset=9,
    )
    value = encode_account(there)
    head = decode_head(value)

    assert (head.dirty, head.due_ms, head.offsets) == (True, NOW, (5, 7, 8, 9))
    assert read_numbers(value) == (NOW, 5, 7, 8, 9)


def test_the_due_time_is_reckoned_anew() -> None:
    assert decode_head(encode_account(account(due_ms=NOW))).due_ms == NEVER_MS
    expired = account(expired=[lot(expires_ms=NOW)], due_ms=0)
    assert decode_account(encode_account(expired)).due_ms == NOW + GRACE_MS


@pytest.mark.parametrize(
    "value", [b"", b"\x00", b"\x02" + bytes(40), bytes([LAYOUT + 1]) + b"x" * 40]
)
def test_a_layout_that_is_not_known_is_not_guessed_at(value: bytes) -> None:
    with pytest.raises(
        ValueError, match=f"account layout: must be {LAYOUT}, found .* To begin anew, stop"
    ):
        decode_account(value)
