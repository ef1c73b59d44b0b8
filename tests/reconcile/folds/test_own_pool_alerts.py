"""Alerts of pools that a user has alone: an honest log is clean however it is cut, and one that lies is found out."""

import json
from functools import cache
from typing import Any

import pytest

from tests.plan_build import USER_OUT, allowance, plan, record
from tests.reconcile.folds.test_carried import cut
from tests.reconcile.folds.test_pools import call, correct
from tests.reconcile.honest_worker import DAY_MS, HonestWorker
from tests.reconcile.tampering import Topics, altered, differences, place_of, replaced, verdict_on
from tests.reconcile.user_rows import said_of
from topics import catalog

EVENTS, LEDGER = catalog.BALANCE_EVENTS.name, catalog.LEDGER.name
USERS = catalog.USERS_CHANGELOG.name
OWN = plan("OWN", allowance("all", 600, per="user"), allowance("more", 300, rank=1))
LARGER = plan("OWN", allowance("all", 900, per="user"), allowance("more", 300, rank=1))
LONG_AGO = "2020-01-01T00:00:00Z"


@cache
def alerted(size: int = 3) -> HonestWorker:
    """Return a worker after own pools ran out, were corrected, grew, and began anew; and the plan was taken away."""
    first = record(OWN, valid_from=LONG_AGO, chains=(USER_OUT,))
    later = record(LARGER, version=2, valid_from="2025-01-20T00:00:00Z", chains=(USER_OUT,))
    worker = HonestWorker(corrections=True, plans=first, plans_later=[later])
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "A", 3_000_000)
    worker.now_ms += DAY_MS
    held = [{"plan_id": "OWN", "usage_country": "US", "licences": 1}]
    worker.command("acme", "set_entitlements", entitlements=held, valid_from=LONG_AGO)
    for user_id in ("ann", "bob"):
        hire(worker, user_id, plan_ids=["OWN"], valid_from=LONG_AGO)
    worker.work(size)
    for number in range(11):
        speak(worker, "ann", f"a{number}", 60)
    worker.work(size)
    correct(worker, "a3", ended_ms=worker.now_ms, billsec=120, user_id="ann")
    worker.now_ms += 1_000
    speak(worker, "bob", "b0", 900)
    worker.work(size)
    worker.pass_time(20 * DAY_MS)
    for number in range(4):
        speak(worker, "ann", f"grown{number}", 60)
    worker.work(size)
    for month in range(2):
        worker.pass_time(31 * DAY_MS)
        speak(worker, "ann", f"later-a{month}", 720)
        speak(worker, "bob", f"later-b{month}", 900)
        worker.work(size)
    hire(worker, "bob")
    speak(worker, "bob", "gone", 60)
    worker.work(size)
    worker.flush()
    return worker


def hire(worker: HonestWorker, user_id: str, **terms: Any) -> None:
    worker.now_ms += 1_000
    worker.command("acme", "set_user", user_id=user_id, usage_country="US", **terms)


def speak(worker: HonestWorker, user_id: str, cdr_id: str, seconds: int) -> None:
    worker.now_ms += 1_000
    call(worker, cdr_id, ended_ms=worker.now_ms, billsec=seconds, user_id=user_id)


def told(size: int = 3) -> list[tuple[str, int, int, int]]:
    events = [json.loads(each.value or b"") for _, each in dict(alerted(size).topics)[EVENTS]]
    return [
        (e["user_id"], e["level"], e["used_s"], e["total_s"])
        for e in events
        if e["kind"] == "pool_used" and "user_id" in e
    ]


@pytest.mark.parametrize("size", [1, 3, 1_000])
def test_an_honest_log_is_clean_and_tells_the_same_wherever_it_is_cut(size: int) -> None:
    verdict = verdict_on(dict(alerted(size).topics))

    assert verdict.differences == []
    assert verdict.is_clean
    assert told(size) == [
        ("ann", 80, 480, 600),
        ("ann", 100, 600, 600),
        ("bob", 100, 600, 600),
        # The pool has 900 s by now.
        ("ann", 80, 720, 900),
        *[("ann", 80, 720, 900), ("bob", 100, 900, 900)] * 2,
    ]


def of_user(value: dict[str, Any]) -> bool:
    return value.get("kind") == "pool_used" and "user_id" in value


LIES: list[tuple[dict[str, Any], str]] = [
    ({"level": 100}, "subject"),
    ({"used_s": 1}, "micros"),
    ({"total_s": 1}, "more"),
    ({"plan_name": "Another plan"}, "more"),
    ({"user_id": "bob"}, "more"),
    ({"pool": "2025-01/OWN/all/user=bob"}, "more"),
    ({"user_id": None}, "more"),
]


@pytest.mark.parametrize(("change", "field"), LIES, ids=range(len(LIES)))
def test_an_event_that_lies_is_found_out(change: dict[str, Any], field: str) -> None:
    topics: Topics = dict(alerted().topics)
    found = differences(altered(topics, EVENTS, place_of(topics, EVENTS, of_user), change))

    assert field in {wrong.field for wrong in found}, found


def test_an_event_that_is_not_there_or_is_there_twice_is_found_out() -> None:
    topics: Topics = dict(alerted().topics)
    place = place_of(topics, EVENTS, of_user)

    assert "event_id" in {wrong.field for wrong in differences(replaced(topics, EVENTS, place, []))}
    assert differences(replaced(topics, EVENTS, place, [topics[EVENTS][place]] * 2))


@pytest.mark.parametrize("change", [(1, None), (None, 7), (0, None)])
def test_a_row_that_remembers_what_was_not_told_is_found_out(
    change: tuple[int | None, int | None],
) -> None:
    topics: Topics = dict(alerted().topics)
    last = len(topics[USERS]) - 1
    place = max(n for n in range(last + 1) if is_row_of(topics, n, "ann"))
    row = said_of(topics[USERS][place][1].value or b"")
    told_s = {
        pool: tuple(
            told if other is None else other for told, other in zip(said, change, strict=True)
        )
        for pool, said in row["told_s"].items()
    }

    assert "told_s of user ann" in {
        wrong.field for wrong in differences(altered(topics, USERS, place, {"told_s": told_s}))
    }


def is_row_of(topics: Topics, place: int, user_id: str) -> bool:
    return bool(said_of(topics[USERS][place][1].value or b"")["user_id"] == user_id)


def test_where_the_oldest_entries_are_gone_what_was_told_of_users_is_believed() -> None:
    topics: Topics = dict(alerted().topics)
    carried = place_of(topics, LEDGER, lambda v: v["kind"] == "balance_carried_forward")
    partition, record_ = topics[LEDGER][carried]

    assert verdict_on(*cut(topics, partition, record_.offset)).differences == []
