"""An account whose time zone changes with the month: what is said of it, and in which month a call was."""

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from rater.reconcile.folds.clocks import Clocks, Turn
from tests.reconcile.honest_worker import DAY_MS, START_MS, HonestWorker, at
from tests.reconcile.tampering import Topics, altered, differences, place_of
from topics.catalog import ACCOUNT_STATUS, ACCOUNTS_CHANGELOG, LEDGER

SET = "time_zone_set"
HOUR_MS = 3_600_000
TURN = START_MS + 31 * DAY_MS - HOUR_MS
"""The end of January 2025 in Paris; in New York February begins six hours later."""


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp()) * 1_000


@cache
def moved() -> Topics:
    """Return the topics of an account that moves to the west and back, pays later, and is corrected."""
    worker = HonestWorker(corrections=True)
    worker.command("acme", "open_account", currency="USD", decks=["acs"], time_zone="Europe/Paris")
    worker.command("acme", "set_billing_mode", mode="post_paid", credit_limit_micros=200_000)
    worker.command("acme", "set_time_zone", time_zone="Asia/Tokyo")
    worker.command("acme", "set_time_zone", time_zone="America/New_York", reason="Moved.")
    worker.work()
    worker.pass_time(TURN + HOUR_MS - worker.now_ms)
    for number, hours in enumerate((-2, 0, 4)):
        worker.call("acme", f"c{number}", billsec=60, ended_ms=TURN + hours * HOUR_MS + 61_000)
        worker.now_ms += 2 * HOUR_MS
        worker.work()
    worker.call("acme", "c1", version=2, kind="void", ended_ms=TURN + 61_000)
    worker.work()
    worker.command("acme", "set_time_zone", time_zone="Europe/Paris")
    worker.work()
    worker.pass_time(35 * DAY_MS)
    worker.call("acme", "d1", billsec=60)
    worker.work()
    return dict(worker.topics)


def entries(kind: str) -> list[dict[str, Any]]:
    found = [json.loads(record.value or b"") for _, record in moved()[LEDGER.name]]
    return [entry for entry in found if entry["kind"] == kind]


def test_an_account_that_moves_is_clean() -> None:
    assert differences(moved()) == []
    said = [(e["time_zone"], e["previous_time_zone"], e["month"]) for e in entries(SET)]
    assert said == [
        ("Asia/Tokyo", "Europe/Paris", "2025-02"),
        ("America/New_York", "Europe/Paris", "2025-02"),
        ("Europe/Paris", "America/New_York", "2025-03"),
    ]
    owed = [draw["id"] for e in entries("charge") for draw in e["draws"]]
    assert owed == ["2025-01", "2025-02", "2025-02", "2025-03"]
    assert any(e.get("time_zone_changes") for e in entries("balance_carried_forward"))


@pytest.mark.parametrize(
    ("which", "lie", "field"),
    [
        (0, {"time_zone": "Asia/Seoul"}, "time_zone"),
        (1, {"time_zone": "Asia/Tokyo"}, "time_zone"),
        (1, {"previous_time_zone": "Asia/Tokyo"}, "previous_time_zone"),
        (1, {"valid_from_ms": TURN + HOUR_MS}, "valid_from_ms"),
        (1, {"valid_from_ms": TURN - 1}, "valid_from_ms"),
        (1, {"valid_from_ms": TURN + 28 * DAY_MS}, "valid_from_ms"),
        (1, {"month": "2025-03"}, "month"),
        (2, {"valid_from_ms": TURN + 28 * DAY_MS + HOUR_MS}, "valid_from_ms"),
        (2, {"previous_time_zone": "Europe/Paris"}, "previous_time_zone"),
        (1, {"reason": "Another."}, "reason"),
    ],
)
def test_a_lie_about_a_change_is_named(which: int, lie: dict[str, Any], field: str) -> None:
    index = place_of(moved(), LEDGER.name, lambda value: value["kind"] == SET, which)

    found = differences(altered(moved(), LEDGER.name, index, lie))

    assert field in {one.field for one in found}, found


@pytest.mark.parametrize("number", range(3))
def test_a_call_that_is_owed_of_another_month_is_named(number: int) -> None:
    index = place_of(moved(), LEDGER.name, lambda value: value["kind"] == "charge", number)
    (draw,) = json.loads(moved()[LEDGER.name][index][1].value or b"")["draws"]
    other = "2025-01" if number else "2025-02"

    found = differences(altered(moved(), LEDGER.name, index, {"draws": [{**draw, "id": other}]}))

    assert "draws" in {one.field for one in found}, found


@pytest.mark.parametrize(
    "lie",
    [
        {"time_zone": "Asia/Tokyo"},
        {"time_zone_changes": []},
    ],
)
def test_a_lie_in_a_status_is_named(lie: dict[str, Any]) -> None:
    index = place_of(moved(), ACCOUNT_STATUS.name, lambda value: "time_zone_changes" in value)

    found = differences(altered(moved(), ACCOUNT_STATUS.name, index, lie))

    assert {one.field for one in found} == set(lie)


def test_a_change_that_is_gone_from_the_state_is_named() -> None:
    topics = moved()
    last = len(topics[ACCOUNTS_CHANGELOG.name]) - 1
    value = topics[ACCOUNTS_CHANGELOG.name][last][1].value or b""
    lie = value.replace(b"America/New_York", b"America/New_Yonk")
    assert lie != value

    found = differences(altered(topics, ACCOUNTS_CHANGELOG.name, last, lie))

    assert "contract" in {one.field for one in found}


def test_a_month_begins_with_the_turn_and_ends_by_the_new_clocks() -> None:
    clocks = Clocks("Europe/Paris")
    clocks.turns = [Turn(TURN, "2025-02", "America/New_York")]

    assert clocks.span("2025-01") == (ms("2024-12-31T23:00:00Z"), TURN)
    assert clocks.span("2025-02") == (TURN, ms("2025-03-01T05:00:00Z"))
    assert clocks.span("2025-12") == (ms("2025-12-01T05:00:00Z"), ms("2026-01-01T05:00:00Z"))
    for each, month in (("2025-01-31T22:59:59Z", "2025-01"), (at(TURN), "2025-02")):
        assert clocks.month(ms(each)) == month
    assert Clocks("No/Where").month(TURN) == "2025-01"


def test_what_was_said_before_changes_that_are_let_go_is_held_by_the_clocks_of_then() -> None:
    """Of four changes in three years the account keeps some; statuses of before the first are still on the topic."""
    worker = HonestWorker()
    worker.now_ms += 20 * DAY_MS
    worker.command("acme", "open_account", currency="USD", decks=["acs"], time_zone="Asia/Tokyo")
    worker.command("acme", "set_billing_mode", mode="post_paid", credit_limit_micros=200_000)
    worker.command("acme", "set_user", user_id="ann", usage_country="FR", credits_licence=True)
    worker.work()
    worker.pass_time(10 * DAY_MS)
    # By the clocks of Tokyo February has begun, by those of New York it has not.
    worker.now_ms = START_MS + 31 * DAY_MS - 4 * HOUR_MS
    worker.call("acme", "c1", billsec=60, user_id="ann")
    worker.work()
    for zone in ("Europe/Paris", "America/New_York", "UTC", "Asia/Kolkata"):
        worker.command("acme", "set_time_zone", time_zone=zone)
        worker.work()
        worker.pass_time(300 * DAY_MS)
    worker.call("acme", "c2", billsec=60, user_id="ann")
    worker.work()

    assert differences(dict(worker.topics)) == []
