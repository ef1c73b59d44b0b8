"""What users have used and spent, what is told of them, and who may spend: an honest log is clean, lies are named."""

import json
from functools import cache
from typing import Any

import pytest

from tests.plan_build import USER_OUT, allowance, plan, record
from tests.reconcile.honest_worker import DAY_MS, START_MS, HonestWorker
from tests.reconcile.tampering import Topics, altered, differences, place_of, replaced
from tests.reconcile.user_rows import said_of
from topics import catalog

LEDGER, USERS = catalog.LEDGER.name, catalog.USERS_CHANGELOG.name
STATUSES, SUSPENSE = catalog.USER_STATUS.name, catalog.SUSPENSE.name
OWN = plan("OWN", allowance("all", 120, zones=(), per="user"))


def working(size: int = 7) -> HonestWorker:
    """Return a worker after weeks in which users call, reach limits, are corrected, and some may not spend."""
    plans = record(OWN, valid_from="2020-01-01T00:00:00Z", chains=(USER_OUT,))
    worker = HonestWorker(corrections=True, plans=plans)
    worker.command("acme", "open_account", currency="USD", decks=["acs"], time_zone="Asia/Tokyo")
    worker.fund("acme", "A", 9_000_000)
    held = [{"plan_id": "OWN", "usage_country": "US", "licences": 2}]
    worker.command("acme", "set_entitlements", entitlements=held, valid_from="2020-01-01T00:00:00Z")
    since = {"usage_country": "US", "plan_ids": ["OWN"], "valid_from": "2020-01-01T00:00:00Z"}
    worker.work()
    call(worker, "before", user_id="ann")
    worker.work()
    worker.command("acme", "set_user", user_id="ann", credits_licence=True, **since)
    limit = {"credits_licence": True, "monthly_spend_limit_micros": 400_000}
    worker.command("acme", "set_user", user_id="bob", **limit, **since)
    worker.command("acme", "set_user", user_id="eve", outbound_calls="domestic", **since)
    worker.work()
    for number in range(3):
        for user_id in ("ann", "bob", "eve"):
            call(worker, f"{user_id}{number}", user_id=user_id, billsec=61 + number)
    worker.work(size)
    for calls in ("waive", "suspend"):
        worker.command("acme", "set_unlicensed_calls", calls=calls)
        worker.work()
        for user_id in ("ann", "eve", "nobody"):
            named = {"organizer_id": user_id, "user_id": "bob", "call_type": "CONF_OUT"}
            call(worker, f"{calls}-{user_id}", **named)
        worker.work(size)
    # Not of a conference: the user's own, whoever's meeting it was made from.
    call(worker, "beside", organizer_id="eve", user_id="bob")
    correct(worker, "ann0", user_id="bob", billsec=200)
    correct(worker, "bob1", user_id="bob", kind="void")
    correct(worker, "before", user_id="ann", kind="void")
    correct(worker, "waive-eve", organizer_id="eve", kind="void", call_type="conf_out")
    worker.work(size)
    worker.pass_time(40 * DAY_MS)
    call(worker, "later", ended_ms=worker.now_ms, user_id="bob", billsec=121)
    call(worker, "again", ended_ms=worker.now_ms, user_id="bob", billsec=121)
    worker.work(size)
    worker.flush()
    return worker


def call(worker: HonestWorker, cdr_id: str, **fields: Any) -> None:
    given = {"call_type": "user_out", "usage_country": "US", "ended_ms": START_MS, "billsec": 61}
    worker.call("acme", cdr_id, **{**given, **fields})


def correct(worker: HonestWorker, cdr_id: str, **fields: Any) -> None:
    call(worker, cdr_id, version=2, **{"kind": "correction", **fields})


@cache
def topics_of() -> Topics:
    return dict(working().topics)


def values(topic: str) -> list[dict[str, Any]]:
    return [json.loads(each.value or b"") for _, each in topics_of()[topic]]


def rows() -> list[dict[str, Any]]:
    return [said_of(each.value or b"") for _, each in topics_of()[USERS]]


@pytest.mark.parametrize("size", [1, 3, 1_000])
def test_an_honest_log_of_users_is_clean(size: int) -> None:
    assert differences(dict(working(size).topics)) == []


def test_the_log_has_what_it_is_about() -> None:
    sources = [
        draw.get("source", "lot") for entry in values(LEDGER) for draw in entry.get("draws", [])
    ]
    assert {"pool", "waived", "lot"} == set(sources)
    assert [each["reason"] for each in values(SUSPENSE)] == ["no_user_capability"] * 2
    reasons = {b["reason"] for each in values(STATUSES) for b in each.get("blocked", [])}
    assert reasons == {"user_spend_limit", "no_user_capability", "restricted"}
    last = {each["user_id"]: each for each in rows()}
    assert len(last["bob"]["spent"]) == 2
    assert all(each >= 0 for row in last.values() for each in row["spent"].values())


@pytest.mark.parametrize(
    "lie",
    [
        {"spent": {}},
        {"used_s": {}},
        {"since_seq": 3},
        {"told_ms": 5},
        {"used_s": {"2025-01/OWN/all/user=bob": 60}},
        {"spent": {"2025-02": 1}},
    ],
)
def test_a_row_that_lies_is_named(lie: dict[str, Any]) -> None:
    index = max(n for n, each in enumerate(rows()) if each["user_id"] == "bob")
    found = differences(altered(topics_of(), USERS, index, lie))

    assert {"user counts"} == {one.proof for one in found}


@pytest.mark.parametrize(
    "lie",
    [
        {"spent_micros": 1},
        {"month": "2024-12"},
        {"blocked": []},
        {"blocked_until_ms": None},
        {"limit_micros": 5},
        {"plan_ids": []},
        {"credits_licence": False},
        {"usage_country": "FR"},
        {"outbound_calls": "none"},
        {"conference_dial_out": "none"},
        {"valid_from_ms": 5},
        {"at_ms": 1},
        {"seq": 9_999},
        {"user_id": "zoe"},
        {"tenant_id": "bolt"},
        {"pools": [{"pool": "2025-01/OWN/all/user=bob", "used_s": 1, "total_s": 120}]},
        {"odd": 1},
        *(None, b"", b"{", b"[]"),
    ],
)
def test_a_status_that_lies_is_named(lie: Any) -> None:
    index = place_of(
        topics_of(),
        STATUSES,
        lambda value: value["user_id"] == "bob" and "blocked_until_ms" in value,
    )

    assert STATUSES in {
        one.topic for one in differences(altered(topics_of(), STATUSES, index, lie))
    }


def test_a_user_without_a_status_and_one_whose_last_is_gone_are_named() -> None:
    index = max(n for n, each in enumerate(values(STATUSES)) if each["user_id"] == "bob")
    found = differences(replaced(topics_of(), STATUSES, index, []))
    assert {one.proof for one in found} == {"user counts"}

    left = [each for each in topics_of()[STATUSES] if each[1].key != b"acme/bob"]
    found = differences({**topics_of(), STATUSES: left})
    assert "a status of user bob" in {str(one.expected) for one in found}


@pytest.mark.parametrize(
    ("cdr_id", "lie"),
    [
        ("waive-eve", {"draws": [{"source": "lot", "id": "A", "amount_micros": 250_000}]}),
        ("waive-ann", {"draws": [{"source": "waived", "amount_micros": 250_000}]}),
        ("eve0", {"draws": [{"source": "waived", "amount_micros": 125_000}]}),
        ("ann0", {"call": {"direction": "out", "to": "+33612345678", "user_id": "eve"}}),
    ],
)
def test_who_pays_is_held_against_who_may(cdr_id: str, lie: dict[str, Any]) -> None:
    index = place_of(topics_of(), LEDGER, lambda value: value.get("cdr_id") == cdr_id)
    if "call" in lie:
        lie = {"call": {**values(LEDGER)[index]["call"], "user_id": "eve"}}
    found = differences(altered(topics_of(), LEDGER, index, lie))

    assert "user counts" in {one.proof for one in found}


def test_a_suspension_that_nobody_asked_for_and_a_charge_that_should_wait_are_named() -> None:
    told = [n for n, e in enumerate(values(LEDGER)) if e["kind"] == "unlicensed_calls_set"]
    topics = altered(topics_of(), LEDGER, told[1], {"calls": "charge"})
    for n, entry in enumerate(values(LEDGER)):
        if entry["kind"] == "balance_carried_forward":
            topics = altered(topics, LEDGER, n, {"unlicensed_calls": "charge"})
    found = differences(topics)
    assert any(one.proof == "user counts" and one.topic == SUSPENSE for one in found)

    found = differences(altered(topics_of(), LEDGER, told[0], {"calls": "suspend"}))
    assert any(one.proof == "user counts" and one.field == "outcome" for one in found)
