"""CDRs in suspense that are to be written again: which they are, and how they are read as letters."""

from typing import Any

import pytest

from rater.core.cdr import Cdr, Source
from rater.core.suspension import Suspension
from rater.wire.cdrs import decode_cdr
from rater.wire.dead_letters import kept_of
from rater.wire.outputs import encode_suspended
from rater.wire.suspended_letters import as_letter, decode_suspended, reason_of
from tests.build import NOW, cdr_bytes
from topics.records import Suspended

PARTITIONS = 8
ACME, ELSEWHERE = 4, 5
VALUE = cdr_bytes()


def suspended(reason: str, partition: int = ACME, **changes: Any) -> Suspended:
    cdr = decode_cdr(VALUE)
    assert isinstance(cdr, Cdr)
    source = Source("cdr.raw.v1", partition, 7, NOW)
    said = decode_suspended(
        encode_suspended(cdr, VALUE, source, Suspension(reason, "x"), **changes)
    )
    assert said is not None
    return said


@pytest.mark.parametrize("reason", ["misrouted", "conflict", "too_old", "in_future"])
def test_what_lies_elsewhere_than_its_tenant_is_misrouted(reason: str) -> None:
    assert reason_of(suspended(reason, ELSEWHERE), b"acme", PARTITIONS) == "misrouted"
    assert reason_of(suspended(reason), b"bolt", PARTITIONS) == "misrouted"
    assert reason_of(suspended(reason), None, PARTITIONS) == "misrouted"


def test_what_contradicts_what_is_known_is_a_conflict() -> None:
    assert reason_of(suspended("conflict"), b"acme", PARTITIONS) == "conflict"


@pytest.mark.parametrize("reason", ["too_old", "in_future", "no_rate", "correction_unsupported"])
def test_what_waits_for_something_else_is_none(reason: str) -> None:
    assert reason_of(suspended(reason), b"acme", PARTITIONS) is None


def test_what_charging_keeps_is_none() -> None:
    assert reason_of(suspended("too_old", kept=True), b"bolt", PARTITIONS) is None
    assert reason_of(suspended("no_rate", ELSEWHERE), b"acme", PARTITIONS) is None


def test_as_a_letter_it_has_key_and_value_of_its_record() -> None:
    letter = as_letter(suspended("misrouted", ELSEWHERE), b"acme", "misrouted")

    assert (kept_of(letter.key_b64), kept_of(letter.value_b64)) == (b"acme", VALUE)
    assert (letter.dead_id, letter.reason) == ("cdr.raw.v1/5/7", "misrouted")
    assert letter.at_ms == NOW


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b'{"reason":"x"}'])
def test_what_is_no_record_of_suspense_is_not_read(value: bytes | None) -> None:
    assert decode_suspended(value) is None
