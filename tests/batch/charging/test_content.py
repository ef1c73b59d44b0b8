"""What is remembered of a record's content: pinned, and nothing but what the record says decides it."""

import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rater.batch.charging.content import (
    COMMAND_FIELDS,
    cdr_content,
    command_content,
    projected,
)
from rater.core.cdr import Cdr
from rater.reconcile.reading.sources import read_cdr
from rater.wire.account.commands import decode_command
from rater.wire.cdrs import decode_cdr
from topics import records as r
from topics import schema
from topics.authority import TOPIC_OF
from topics.catalog import ACCOUNT_COMMANDS, BY_NAME, CDR_RAW

GOLDEN = Path(__file__).parents[2] / "goldens" / "content.jsonl"
LINES = [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]
CDRS = [json.loads(line["record"]) for line in LINES if line["topic"] == CDR_RAW.name]
COMMANDS = [json.loads(line["record"]) for line in LINES if line["topic"] == ACCOUNT_COMMANDS.name]
UNHASHED = {
    *("schema_version", "source", "leg_of", "license"),
    *("conference_id", "currency_hint", "ingest_ts"),
}
"""Fields of a CDR that decide nothing about its charge."""
OTHER: dict[str, Any] = {
    "cdr_id": "another",
    "tenant_id": "another",
    "version": 77,
    "kind": "void",
    "direction": "in",
    "to": "+4930123456",
    "from": "+4930123457",
    "call_type": "other",
    "service_number_type": "Other",
    "usage_country": "IS",
    "disposition": "cancelled",
    "answered_at": "2026-02-28T09:00:00.250Z",
    "ended_at": "2026-03-01T23:59:59Z",
    "billsec": 9_999,
    "user_id": "another",
    "organizer_id": "another",
    "routing_number": "+4930123458",
}


def content_of_cdr(record: dict[str, Any]) -> int:
    read = decode_cdr(json.dumps(record).encode())
    assert isinstance(read, Cdr), read
    return cdr_content(read)


def content_of_command(record: dict[str, Any]) -> int:
    read = decode_command(json.dumps(record).encode())
    assert isinstance(read, r.Command), read
    return command_content(read)


def content(record: dict[str, Any]) -> int:
    return content_of_command(record) if "type" in record else content_of_cdr(record)


def fields(record: dict[str, Any]) -> dict[str, Any]:
    """Return what the schema says of the fields of a record, by name."""
    topic = BY_NAME[TOPIC_OF[record["type"]]] if "type" in record else CDR_RAW
    kinds: dict[str | None, dict[str, Any]] = {
        each["properties"].get("type", {}).get("const"): each["properties"]
        for each in schema.topic_schema(topic)["$defs"].values()
        if "command_id" in each["properties"] or topic is CDR_RAW
    }
    return kinds[record.get("type")]


@pytest.mark.parametrize("line", LINES, ids=range(len(LINES)))
def test_a_record_has_the_hash_that_it_always_had(line: dict[str, Any]) -> None:
    assert content(json.loads(line["record"])) == line["content"]


def test_every_command_is_pinned() -> None:
    assert {record["type"] for record in COMMANDS} == set(TOPIC_OF)


@pytest.mark.parametrize("record", [*CDRS, *COMMANDS], ids=str)
def test_absent_is_the_default(record: dict[str, Any]) -> None:
    whole = content(record)

    for name, said in fields(record).items():
        if "default" in said and name not in record:
            assert content({**record, name: said["default"]}) == whole, name
        elif "default" in said and record[name] == said["default"]:
            assert content({k: v for k, v in record.items() if k != name}) == whole, name


@pytest.mark.parametrize("record", [*CDRS, *COMMANDS], ids=str)
def test_neither_the_order_on_the_wire_nor_unknown_fields_matter(record: dict[str, Any]) -> None:
    for seed in range(5):
        items = [*record.items(), ("later", seed)]
        random.Random(seed).shuffle(items)
        assert content(dict(items)) == content(record)


@pytest.mark.parametrize("record", CDRS, ids=str)
def test_each_field_that_decides_a_charge_changes_the_hash(record: dict[str, Any]) -> None:
    assert {*OTHER, *UNHASHED, "started_at"} == set(fields(record))

    for name, other in OTHER.items():
        changed = {**record, name: other}
        if name == "answered_at":
            changed["started_at"] = other
        is_conference = record.get("call_type", "").startswith("conf")
        beside = {"user_id": "organizer_id", "organizer_id": "user_id"}.get(name)
        if beside in record and is_conference == (name == "user_id"):
            assert content(changed) == content(record), "whose call it is, is said"
        elif name == "routing_number" and record["direction"] == "in":
            assert content(changed) == content(record), "nobody prices an incoming call by it"
        elif record.get(name) != other:
            assert content(changed) != content(record), name


@pytest.mark.parametrize("record", COMMANDS, ids=str)
def test_each_field_of_a_command_changes_the_hash(record: dict[str, Any]) -> None:
    read = decode_command(json.dumps(record).encode())
    assert isinstance(read, r.Command)
    names = COMMAND_FIELDS[type(read)]

    assert {"command_id", "tenant_id", *names} == set(read.__struct_fields__)
    for name in ("command_id", "tenant_id", *names):
        changed = msgspec.structs.replace(read, **{name: "another"})
        assert command_content(changed) != command_content(read), name


def test_every_field_of_what_lies_inside_a_command_is_hashed() -> None:
    for kind, names in COMMAND_FIELDS.items():
        head = {"command_id", "tenant_id"} if issubclass(kind, r.Command) else set()
        assert {*head, *names} == set(kind.__struct_fields__)  # type: ignore[attr-defined]


def test_a_field_that_comes_later_changes_nothing_at_its_default() -> None:
    class Later(r.SetDecks, frozen=True):
        weekends: bool = False
        note: str | None = None

    names = COMMAND_FIELDS[r.SetDecks]
    now = r.SetDecks("c1", "acme", ("a", "b"), "new")
    later = (*names, "weekends", "note")

    assert projected(Later("c1", "acme", ("a", "b"), "new"), later) == projected(now, names)
    assert projected(Later("c1", "acme", ("a", "b"), "new", weekends=True), later) != projected(
        now, names
    )


@pytest.mark.parametrize("record", CDRS, ids=str)
def test_the_reconciler_hashes_a_cdr_to_the_same_by_its_own_code(record: dict[str, Any]) -> None:
    read = read_cdr(json.dumps(record).encode())

    assert read is not None
    assert read.content() == content_of_cdr(record)
