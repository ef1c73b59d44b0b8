"""Recharge commands: the timer's and an administrator's, from bytes and back."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.shell.admin.validation import RecordCheck
from rater.wire.malformed import Malformed, Why
from rater.wire.recharge.commands import (
    decode_recharge_command,
    decode_recharge_timer,
    due_command,
)
from tests.test_topics import lines, valid
from topics.catalog import RECHARGE_COMMANDS, RECHARGE_TIMERS, Topic
from topics.fields import ADMINISTRATOR_ROLES
from topics.records import RechargeDue, ResumeRecharge

RESUME, _ = valid(RECHARGE_COMMANDS)
(DUE,) = valid(RECHARGE_TIMERS)


def read(record: dict[str, Any], **changes: object) -> object:
    read_it = (
        decode_recharge_timer if record.get("type") == "recharge_due" else decode_recharge_command
    )
    return read_it(json.dumps({**record, **changes}).encode())


def test_every_field_is_taken_over() -> None:
    for record, kind in ((DUE, RechargeDue), (RESUME, ResumeRecharge)):
        found = read(record)

        assert isinstance(found, kind)
        assert record == {
            "type": record["type"],
            **{n: getattr(found, n) for n in record if n != "type"},
        }


@pytest.mark.parametrize("topic", [RECHARGE_COMMANDS, RECHARGE_TIMERS], ids=lambda t: t.name)
def test_recharge_reads_what_the_schema_accepts_and_nothing_it_refuses(topic: Topic) -> None:
    decode = decode_recharge_timer if topic is RECHARGE_TIMERS else decode_recharge_command
    for record in valid(topic):
        assert not isinstance(decode(json.dumps(record).encode()), Malformed)
    for line in lines(topic, "invalid"):
        assert isinstance(decode(json.dumps(line["record"]).encode()), Malformed), line


def test_what_belongs_to_the_timer_is_not_read_from_administrators_and_the_other_way_round() -> (
    None
):
    for decode, record in ((decode_recharge_command, DUE), (decode_recharge_timer, RESUME)):
        found = decode(json.dumps(record).encode())

        assert isinstance(found, Malformed)
        assert found.field == "type"


def test_the_timers_command_is_in_the_published_language_and_is_read_back() -> None:
    value = due_command("acme", 1_772_364_661_500)

    assert [] == RecordCheck(RECHARGE_TIMERS).problems(json.loads(value))
    assert DUE == json.loads(value)
    assert due_command("acme", 1_772_364_661_500) == value
    assert isinstance(decode_recharge_timer(value), RechargeDue)


@pytest.mark.parametrize("role", [*ADMINISTRATOR_ROLES, None])
def test_who_may_resume_is_heard(role: str | None) -> None:
    assert isinstance(read(RESUME, actor_role=role), ResumeRecharge)


@pytest.mark.parametrize(
    ("record", "changes", "field", "reason"),
    [
        (RESUME, {"actor_role": "viewer"}, "actor_role", Why.UNKNOWN_VALUE),
        (RESUME, {"type": "pause_recharge"}, "type", Why.UNKNOWN_VALUE),
        (RESUME, {"reason": "x" * 1_001}, "reason", Why.TOO_LONG),
        (DUE, {"due_ms": -1}, "due_ms", Why.OUT_OF_RANGE),
        (DUE, {"due_ms": 10**40}, "due_ms", Why.OUT_OF_RANGE),
        (DUE, {"due_ms": None}, "due_ms", Why.WRONG_TYPE),
        (DUE, {"tenant_id": ""}, "tenant_id", Why.OUT_OF_RANGE),
    ],
)
def test_a_fault_names_the_field(
    record: dict[str, Any], changes: dict[str, Any], field: str, reason: Why
) -> None:
    found = read(record, **changes)

    assert isinstance(found, Malformed)
    assert (field, reason) == (found.field, found.reason)


def test_a_field_that_stands_twice_is_refused() -> None:
    twice = json.dumps(RESUME).encode()[:-1] + b', "tenant_id": "initech"}'
    found = decode_recharge_command(twice)

    assert isinstance(found, Malformed)
    assert (Why.DUPLICATE_FIELD, "tenant_id") == (found.reason, found.field)


@given(st.binary(max_size=80))
def test_no_bytes_make_it_raise(value: bytes) -> None:
    decode_recharge_command(value)
