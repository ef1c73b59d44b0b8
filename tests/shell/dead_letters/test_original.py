"""What is written again of a record: its own bytes, key and headers, or a reason why not."""

import json
from dataclasses import dataclass

import pytest

from rater.core.limits import DEAD_BYTES_KEPT_MAX
from rater.shell.admin.publish import Ready
from rater.shell.dead_letters.original import (
    ANOTHER,
    SEVERAL,
    Original,
    Outgoing,
    corrected,
    original_of,
    outgoing,
)
from tests.build import settings_version
from tests.shell.dead_letters.letters import ACME, AT_MS, RESUME, dead_of
from topics.catalog import CDR_RAW, RECHARGE_COMMANDS
from topics.records.charging_settings import NumberMask

HEADERS = (("trace", b"\x00\xff"),)
LONG = b"x" * (DEAD_BYTES_KEPT_MAX + 1)
MASKS = (NumberMask("", 4),)
CALLED = b'{"to":"+33612345678"'


@dataclass
class Found:
    """A record as a client gives it."""

    value: bytes | None = RESUME
    key: bytes | None = b"acme"
    timestamp: int = AT_MS
    headers: tuple[tuple[str, bytes], ...] = HEADERS


def test_the_record_itself_is_written_again_as_long_as_it_is_there() -> None:
    found = original_of(dead_of(), Found(), hides=False)

    assert found == Original(b"acme", RESUME, HEADERS, ACME)


@pytest.mark.parametrize("key", [None, b"", b"acme"])
@pytest.mark.parametrize("value", [None, b"", RESUME, LONG])
def test_whatever_a_record_was_it_is_known_again(key: bytes | None, value: bytes | None) -> None:
    found = original_of(dead_of(value, key), Found(value, key), hides=False)

    assert found == Original(key, value, HEADERS, ACME)


@pytest.mark.parametrize(
    "other",
    [Found(timestamp=AT_MS + 1), Found(key=b"bolt"), Found(key=None), Found(RESUME + b" ")],
)
def test_another_record_in_its_place_is_not_written(other: Found) -> None:
    assert original_of(dead_of(), other, hides=False) == ANOTHER


@pytest.mark.parametrize("timestamp", [-1, -(2**63)])
def test_a_record_without_a_time_is_known_by_its_key_and_value(timestamp: int) -> None:
    found = original_of(dead_of(), Found(timestamp=timestamp), hides=False)

    assert found == Original(b"acme", RESUME, HEADERS, ACME)
    for other in (Found(RESUME + b" ", timestamp=timestamp), Found(key=None, timestamp=timestamp)):
        assert original_of(dead_of(), other, hides=False) == ANOTHER


def test_a_record_without_a_time_is_not_known_where_the_letter_may_hide_digits() -> None:
    assert original_of(dead_of(), Found(timestamp=-1), hides=True) == ANOTHER


def test_a_long_record_is_known_by_its_digest() -> None:
    other = Found(LONG[:-1] + b"y")

    assert original_of(dead_of(LONG), other, hides=False) == ANOTHER


def test_a_record_whose_digits_the_letter_hides_is_known_and_written_whole() -> None:
    dead = dead_of(CALLED, settings=settings_version(1, 0, number_masks=MASKS))
    assert dead.value_b64 != dead_of(CALLED).value_b64

    found = original_of(dead, Found(CALLED), hides=True)
    assert isinstance(found, Original)
    assert found.value == CALLED


def test_where_the_record_is_gone_the_letter_stands_in_if_nothing_is_wanting() -> None:
    assert original_of(dead_of(), None, hides=False) == Original(b"acme", RESUME, (), ACME)
    assert "a part of it" in str(original_of(dead_of(LONG), None, hides=False))
    assert "a part of it" in str(original_of(dead_of(key=LONG), None, hides=False))
    assert "digits hidden" in str(original_of(dead_of(), None, hides=True))


def test_a_batch_that_was_not_unpacked_is_nobodys_to_write_again() -> None:
    dead = dead_of(None, None, last_offset=9)

    assert original_of(dead, None, hides=False) == SEVERAL
    assert original_of(dead, Found(None, None), hides=False) == SEVERAL


def test_it_goes_where_its_tenant_belongs_wherever_it_was() -> None:
    misrouted = Original(b"acme", RESUME, HEADERS, 1)

    sent = outgoing(RECHARGE_COMMANDS, misrouted, 8)
    assert sent == Outgoing(RECHARGE_COMMANDS, b"acme", RESUME, HEADERS, ACME)


@pytest.mark.parametrize(
    ("original", "why"),
    [
        (Original(b"acme", b"{not json", (), ACME), "must be JSON"),
        (Original(b"acme", None, (), ACME), "must have a value"),
        (Original(b"bolt", RESUME, (), 1), "its key is not its tenant"),
        (Original(None, RESUME, (), ACME), "its key is not its tenant"),
    ],
)
def test_what_would_be_a_dead_letter_again_is_not_written(original: Original, why: str) -> None:
    said = outgoing(RECHARGE_COMMANDS, original, 8)

    assert isinstance(said, str)
    assert "it would be a dead letter again" in said
    assert why in said


def test_what_is_said_of_a_record_hides_what_the_settings_hide() -> None:
    times = {"started_at": "2026-03-01T10:00:00Z", "ended_at": "2026-03-01T10:01:00Z"}
    said = {"cdr_id": "c1", "tenant_id": "acme", "direction": "out", "to": "+33612345678x"}
    value = json.dumps({**said, **times, "billsec": 60}).encode()
    plain = str(outgoing(CDR_RAW, Original(b"acme", value, (), ACME), 8))
    masked = str(outgoing(CDR_RAW, Original(b"acme", value, (), ACME), 8, MASKS))

    assert "+33612345678" in plain
    assert "+33612345678" not in masked


def test_what_was_mended_has_its_own_key_and_the_headers_of_the_record() -> None:
    sent = corrected(RECHARGE_COMMANDS, Ready(b"acme", RESUME, None), HEADERS, 8)

    assert sent == Outgoing(RECHARGE_COMMANDS, b"acme", RESUME, HEADERS, ACME, is_corrected=True)
