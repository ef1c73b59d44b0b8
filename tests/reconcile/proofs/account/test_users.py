"""Users: the table is held against the ledger, and the ledger against the commands."""

import json
from functools import cache
from typing import Any

import pytest

from rater.batch.charging.users import UsersBatch
from tests.reconcile.honest_worker import DAY_MS, START_MS, HonestWorker, at
from tests.reconcile.tampering import Topics, altered, differences, place_of, verdict_on
from tests.reconcile.user_rows import said_of
from topics.catalog import LEDGER, USERS_CHANGELOG

USERS = USERS_CHANGELOG.name
FULL = {
    "plan_ids": ["domestic", "small"],
    "credits_licence": True,
    "monthly_spend_limit_micros": 150_000_000,
    "outbound_calls": "domestic",
    "conference_dial_out": "zone",
}


def working() -> HonestWorker:
    """Return a worker of a tenant whose users come, move, and are corrected of long ago."""
    worker = HonestWorker()
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.work()
    for days, user_id, country, more in (
        (None, "ann", "US", FULL),
        (None, "bob", "FR", {}),
        (20, "ann", "FR", FULL),
        (-500, "bob", "GB", {"outbound_calls": "none"}),
        (-450, "bob", "US", {}),
    ):
        worker.now_ms += 1_000
        since = {} if days is None else {"valid_from": at(START_MS + days * DAY_MS)}
        said = {"user_id": user_id, "usage_country": country, "reason": "so", **more, **since}
        worker.command("acme", "set_user", **said)
        worker.call("acme", f"c{days}-{user_id}", billsec=61, user_id=user_id)
        worker.work()
    worker.command("nobody", "set_user", user_id="ann", usage_country="US")
    worker.command("acme", "set_user", user_id="x", usage_country="US", plan_ids=["a", "a"])
    worker.work()
    return worker


@cache
def topics_of() -> Topics:
    return dict(working().topics)


def set_of(which: int) -> int:
    return place_of(topics_of(), LEDGER.name, lambda value: value["kind"] == "user_set", which)


def test_users_who_come_and_move_are_clean() -> None:
    entries = [json.loads(record.value or b"") for _, record in topics_of()[LEDGER.name]]
    last = said_of(topics_of()[USERS][-1][1].value or b"")

    assert differences(topics_of()) == []
    assert sum(entry["kind"] == "user_set" for entry in entries) == 5
    assert [each.usage_country for each in last["terms"]] == ["US", "FR"]


@pytest.mark.parametrize(
    ("lie", "field"),
    [
        ({"user_id": "bob"}, "user_id"),
        ({"user_id": "eve"}, "terms of user eve"),
        ({"valid_from_ms": 1}, "valid_from_ms"),
        ({"usage_country": "GB"}, "usage_country"),
        ({"usage_country": "GB"}, "terms of user ann"),
        ({"plan_ids": ["domestic"]}, "plan_ids"),
        ({"credits_licence": False}, "credits_licence"),
        ({"monthly_spend_limit_micros": 1}, "monthly_spend_limit_micros"),
        ({"outbound_calls": "any"}, "outbound_calls"),
        ({"conference_dial_out": "any"}, "conference_dial_out"),
        ({"dated_back": True}, "dated_back"),
        ({"reason": "no"}, "reason"),
    ],
)
def test_a_lie_on_the_ledger_is_named(lie: dict[str, Any], field: str) -> None:
    found = differences(altered(topics_of(), LEDGER.name, set_of(0), lie))

    assert field in {one.field for one in found}, found


TERMS = {"usage_country": "US", "outbound_calls": "any", "conference_dial_out": "any"}


@pytest.mark.parametrize(
    "lie",
    [
        {"terms": [{"valid_from_ms": START_MS, "seq": 2, **TERMS}]},
        {"terms": [{"valid_from_ms": at_ms, "seq": 2, **TERMS} for at_ms in (9, 8)]},
        {"user_id": "eve"},
        {"tenant_id": "bolt"},
        {"terms": []},
        *(
            None,
            b"",
            b"\x04",
            b"\x04\x00",
            b"\x04\x02\x90",
            b"\x03\x00\x90",
            b"{}",
            b"\xff\x00\x00",
        ),
    ],
)
def test_a_row_that_was_changed_is_named(lie: Any) -> None:
    index = len(topics_of()[USERS]) - 1

    assert USERS in {one.topic for one in differences(altered(topics_of(), USERS, index, lie))}


@pytest.mark.parametrize("user_id", ["ann", "bob"])
def test_rows_that_are_gone_are_named(user_id: str) -> None:
    left = [each for each in topics_of()[USERS] if each[1].key != f"acme/{user_id}".encode()]
    found = differences({**topics_of(), USERS: left})

    assert {"users"} == {one.proof for one in found}


def test_a_worker_that_keeps_no_user_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UsersBatch, "remember", lambda *_: None)

    found = differences(dict(working().topics))

    assert [one.field for one in found] == ["terms of user ann", "terms of user bob"]


def test_where_the_oldest_months_are_gone_the_table_is_believed_of_before_them() -> None:
    worker = working()
    worker.pass_time(35 * DAY_MS)
    worker.command("acme", "set_user", user_id="ann", usage_country="GB")
    worker.work()
    topics = dict(worker.topics)
    index = place_of(topics, LEDGER.name, lambda e: e["kind"] == "balance_carried_forward")
    partition, first = topics[LEDGER.name][index]
    kept = [(n, x) for n, x in topics[LEDGER.name] if n != partition or x.offset >= first.offset]
    cut, starts = {**topics, LEDGER.name: kept}, {(LEDGER.name, partition): first.offset}
    last = len(topics[USERS]) - 1

    assert verdict_on(cut, starts).differences == []
    gone = altered(cut, USERS, last, topics[USERS][last - 1][1].value)
    assert verdict_on(gone, starts).differences != []
