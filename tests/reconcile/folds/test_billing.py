"""Post-paid accounts: what a month owes, and how the account pays, are held against the ledger's own order."""

import json
from functools import cache
from typing import Any

import pytest

from tests.reconcile.honest_worker import DAY_MS, START_MS, HonestWorker, at
from tests.reconcile.tampering import Topics, altered, differences, place_of
from topics.catalog import (
    ACCOUNT_STATUS,
    ACCOUNTS_CHANGELOG,
    BALANCE_EVENTS,
    LEDGER,
    USER_STATUS,
)

STATE = "billing_state_changed"
MINUTE = 125_000
FEBRUARY = START_MS + 31 * DAY_MS


@cache
def owing() -> Topics:
    """Return the topics of an account that pays later, reaches its limit, is corrected, and is prepaid again."""
    worker = HonestWorker(corrections=True)
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "A", 100_000)
    worker.command(
        "acme", "set_thresholds", thresholds=[{"threshold_id": "low", "amount_micros": 50_000}]
    )
    since = at(START_MS + 2 * DAY_MS)
    limit = 3 * MINUTE
    worker.command(
        "acme", "set_billing_mode", mode="post_paid", valid_from=since, credit_limit_micros=limit
    )
    worker.work()
    worker.pass_time(2 * DAY_MS - 1_000)
    worker.pass_time(2_000)
    for number in range(4):
        worker.now_ms += 60_000
        worker.call("acme", f"c{number}", billsec=60)
        worker.work()
    worker.now_ms += 1_000
    worker.call("acme", "c2", billsec=60, version=2, kind="void")
    worker.call("acme", "c1", billsec=61, version=2, kind="correction")
    worker.call("acme", "late", billsec=60, ended_ms=START_MS + DAY_MS)
    worker.work()
    worker.pass_time(FEBRUARY - worker.now_ms - 1_000)
    worker.pass_time(2_000)
    worker.call("acme", "f1", billsec=60, ended_ms=FEBRUARY - 10_000)
    worker.call("acme", "f2", billsec=60, ended_ms=FEBRUARY + 61_000)
    worker.now_ms += 70_000
    worker.work()
    worker.command("acme", "set_billing_mode", mode="prepaid")
    worker.work()
    worker.call("acme", "f3", billsec=60)
    worker.work()
    return dict(worker.topics)


def entries(kind: str) -> list[dict[str, Any]]:
    found = [json.loads(record.value or b"") for _, record in owing()[LEDGER.name]]
    return [entry for entry in found if entry["kind"] == kind]


def test_an_account_that_pays_later_is_clean() -> None:
    assert differences(owing()) == []
    said = [entry["state"] for entry in entries(STATE)]
    assert said == [
        *("post_paid", "limit_reached", "post_paid", "limit_reached", "post_paid", "prepaid"),
    ]
    owed = {
        d["id"] for e in entries("charge") for d in e["draws"] if d.get("source") == "post_paid"
    }
    assert owed == {"2025-01", "2025-02"}


def is_owed(value: dict[str, Any]) -> bool:
    draws = value.get("draws", [])
    return value["kind"] == "charge" and any(d.get("source") == "post_paid" for d in draws)


@pytest.mark.parametrize(
    "lie",
    [
        {"draws": [{"source": "shortfall", "amount_micros": MINUTE}]},
        {"draws": [{"source": "post_paid", "id": "2025-02", "amount_micros": MINUTE}]},
        {"draws": [{"source": "post_paid", "id": "2025-01", "amount_micros": MINUTE - 1}]},
        {"amount_micros": -MINUTE},
    ],
)
def test_a_lie_about_what_is_owed_is_named(lie: dict[str, Any]) -> None:
    index = place_of(owing(), LEDGER.name, is_owed, 1)

    assert {one.field for one in differences(altered(owing(), LEDGER.name, index, lie))}


@pytest.mark.parametrize(
    ("which", "lie", "field"),
    [
        (0, {"state": "prepaid"}, "state, credit_limit_micros"),
        (0, {"credit_limit_micros": 1}, "state, credit_limit_micros"),
        (1, {"state": "post_paid"}, "state, credit_limit_micros"),
        (1, {"owed_micros": 1}, "month, owed_micros"),
        (1, {"month": "2025-02"}, "month, owed_micros"),
        (1, {"until_ms": FEBRUARY - 1}, "until_ms"),
        (1, {"until_ms": None}, "until_ms"),
        (2, {"until_ms": FEBRUARY}, "until_ms"),
        (1, {"amount_micros": 1}, "balance_micros"),
        (5, {"cause_id": "another"}, "cause_id"),
    ],
)
def test_a_lie_about_the_state_is_named(which: int, lie: dict[str, Any], field: str) -> None:
    index = place_of(owing(), LEDGER.name, lambda value: value["kind"] == STATE, which)

    found = differences(altered(owing(), LEDGER.name, index, lie))

    assert field in {one.field for one in found}, found


@pytest.mark.parametrize("which", range(6))
def test_a_state_that_is_gone_is_named(which: int) -> None:
    topics = owing()
    index = place_of(topics, LEDGER.name, lambda value: value["kind"] == STATE, which)
    left = [*topics[LEDGER.name][:index], *topics[LEDGER.name][index + 1 :]]

    assert "ledger" in {one.proof for one in differences({**topics, LEDGER.name: left})}


def test_an_event_that_is_gone_is_named() -> None:
    topics = owing()
    kind = "credit_limit_reached"
    index = place_of(topics, BALANCE_EVENTS.name, lambda value: value["kind"] == kind)
    left = [*topics[BALANCE_EVENTS.name][:index], *topics[BALANCE_EVENTS.name][index + 1 :]]

    assert "events" in {one.proof for one in differences({**topics, BALANCE_EVENTS.name: left})}


def test_a_status_that_allows_beyond_the_limit_is_named() -> None:
    topics = owing()
    index = place_of(
        topics,
        ACCOUNT_STATUS.name,
        lambda value: any(each["reason"] == "credit_limit" for each in value["blocked"]),
    )
    lie: dict[str, Any] = {"blocked": [], "allowed_call_types": []}

    assert "statuses" in {
        one.proof for one in differences(altered(topics, ACCOUNT_STATUS.name, index, lie))
    }


def test_every_byte_of_what_is_stored_counts() -> None:
    topics = owing()
    index = len(topics[ACCOUNTS_CHANGELOG.name]) - 1
    value = topics[ACCOUNTS_CHANGELOG.name][index][1].value or b""

    unnoticed = [
        place
        for place in range(len(value) - 40, len(value))
        if not differences(
            altered(
                topics,
                ACCOUNTS_CHANGELOG.name,
                index,
                value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :],
            )
        )
    ]
    assert unnoticed == []


@pytest.mark.parametrize(
    ("lie", "field"), [({"cause_id": "another"}, "cause, cause_id"), ({"cause": "charge"}, "cause")]
)
def test_what_an_account_pays_by_now_names_what_reached_it(lie: dict[str, Any], field: str) -> None:
    place = place_of(owing(), LEDGER.name, lambda value: value["kind"] == STATE)
    found = differences(altered(owing(), LEDGER.name, place, lie))

    assert any(field in each.field for each in found), found


def test_what_was_set_of_a_user_from_later_on_is_held_as_a_whole() -> None:
    worker = HonestWorker()
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    for country, since_ms in (("US", START_MS), ("FR", START_MS + DAY_MS)):
        said = {"usage_country": country, "plan_ids": ["CALLS"], "credits_licence": True}
        worker.command("acme", "set_user", user_id="ann", valid_from=at(since_ms), **said)
    worker.work()
    topics = dict(worker.topics)
    place = len(topics[USER_STATUS.name]) - 1
    (later,) = json.loads(topics[USER_STATUS.name][place][1].value or b"")["later"]

    assert differences(topics) == []
    lies: tuple[dict[str, Any], ...] = ({"plan_ids": []}, {"credits_licence": False}, {"seq": 9})
    for lie in lies:
        told = altered(topics, USER_STATUS.name, place, {"later": [later | lie]})
        assert [each.field for each in differences(told)] == ["later"]
