"""Entries for people: every kind of every story is told, and what is selected is what was meant."""

import json
from pathlib import Path
from typing import Any

import pytest

from rater.core.limits import DAY_MS, HOUR_MS
from rater.views.entries import HEAD, EntrySelection, paid_by, row_of, what
from tests.played import played
from topics.catalog import ENTRIES

EXAMPLES = Path(__file__).parents[2] / "topics/examples/ledger.entries.v1.valid.jsonl"
T = 1_772_359_267_000


def examples() -> list[dict[str, Any]]:
    return [json.loads(line) for line in EXAMPLES.read_text().splitlines()]


def of(kind: str, **fields: Any) -> dict[str, Any]:
    return next(
        each for each in examples() if each["kind"] == kind and fields.items() <= each.items()
    )


def test_every_kind_of_entry_has_a_row() -> None:
    entries = examples() + played().entries()

    assert {each["kind"] for each in examples()} == {each.__struct_config__.tag for each in ENTRIES}
    assert {len(row_of(each)) for each in entries} == {len(HEAD)}
    assert [each for each in entries if "\n" in "".join(row_of(each))] == []


def test_a_charge_says_the_call_and_who_pays_it() -> None:
    entry = of("charge", cdr_id="sw7-000123")

    assert row_of(entry)[:5] == (
        *("9", "2026-03-01T10:01:07Z", "charge", "-0.067 EUR", "4.953 EUR"),
    )
    assert what(entry) == "sw7-000123 to +34600111222 (spain-mobile) 61 s by L1 0.02, L2 0.047"


def test_what_pools_months_and_nobody_pay_is_named() -> None:
    draws = [
        {"source": "pool", "id": "2026-12/P/a/FR", "quantity": 60},
        {"source": "post_paid", "id": "2026-12", "amount_micros": 1_000_000},
        {"source": "waived", "amount_micros": 5},
    ]

    assert paid_by({"draws": draws}) == "2026-12/P/a/FR 60 s, owed of 2026-12 1.00, waived 0.000005"
    assert paid_by({}) == ""


def test_a_refusal_and_a_reversal_say_what_came_of_what() -> None:
    refused = of("command_rejected", command_id="cmd-0010")

    assert row_of(refused)[0] == "-"
    assert what(refused) == (
        "close_account cmd-0010: unknown_tenant, tenant_id: hooli has no account"
    )
    assert what(of("charge_reversed")) == ("sw7-000123 version 1, charged 0.067, by a correction")
    assert what(of("charge_reversed", by="rerating")).endswith(
        "by a rerating, asked by ann@globex.example, job march: Version 3 of the deck was wrong."
    )
    assert what(of("account_opened", tenant_id="acme")) == "cmd-0001"
    assert what({"kind": "of_a_later_version"}) == ""


@pytest.mark.parametrize(
    ("said", "is_meant"),
    [
        ({}, True),
        ({"kinds": frozenset({"charge"})}, True),
        ({"kinds": frozenset({"adjusted"})}, False),
        ({"from_ms": T}, True),
        ({"from_ms": T + 1}, False),
        ({"until_ms": T}, False),
        ({"until_ms": T + 1}, True),
        ({"user": "ann"}, True),
        ({"user": "bob"}, False),
        ({"cdr_id": "c1"}, True),
        ({"cdr_id": "c2"}, False),
    ],
)
def test_what_is_not_meant_is_left_out(
    said: dict[str, Any],
    is_meant: bool,  # noqa: FBT001
) -> None:
    call = {"direction": "out", "user_id": "ann"}
    entry = {"kind": "charge", "at_ms": T, "cdr_id": "c1", "call": call}

    assert EntrySelection(**said).has(entry) is is_meant


def test_a_user_is_the_one_who_was_set_or_whose_conference_it_is() -> None:
    conference = {"call_type": "conf_out", "user_id": "ann", "organizer_id": "bob"}
    bobs = EntrySelection(user="bob")

    assert bobs.has({"kind": "charge", "at_ms": T, "call": conference})
    assert bobs.has({"kind": "user_set", "at_ms": T, "user_id": "bob"})
    assert not bobs.has({"kind": "funds_added", "at_ms": T})


def test_a_call_that_waits_on_is_found_by_its_id() -> None:
    entry = {"kind": "command_rejected", "at_ms": T, "waits": {"cdr_id": "c1"}}

    assert EntrySelection(cdr_id="c1").has(entry)


def test_what_is_read_has_room_for_clocks_that_are_ahead_and_workers_that_are_late() -> None:
    selection = EntrySelection(from_ms=T, until_ms=T + DAY_MS)

    assert selection.written_from_ms == T - HOUR_MS
    assert selection.written_until_ms == T + 32 * DAY_MS
    assert EntrySelection().written_from_ms is None is EntrySelection().written_until_ms
