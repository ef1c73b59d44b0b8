"""Pool alerts, and pools in statuses: an honest log is clean however it is cut, and one that lies is found out."""

import json
from functools import cache
from typing import Any

import pytest

from tests.plan_build import USER_OUT, allowance, plan, record
from tests.reconcile.folds.test_pools import call, correct
from tests.reconcile.honest_worker import DAY_MS, HonestWorker, at
from tests.reconcile.tampering import Topics, altered, differences, place_of, replaced, verdict_on
from topics import catalog

STATUS, EVENTS = catalog.ACCOUNT_STATUS.name, catalog.BALANCE_EVENTS.name
CALLS = plan("CALLS", allowance("all", 600))


@cache
def alerted(size: int = 3) -> HonestWorker:
    """Return a worker after a pool has run out, grown, shrunk, and begun anew with a larger plan in the catalog."""
    first = record(CALLS, valid_from="2020-01-01T00:00:00Z", chains=(USER_OUT,))
    larger = plan("CALLS", allowance("all", 900))
    later = record(larger, version=2, valid_from="2026-01-01T00:00:00Z", chains=(USER_OUT,))
    worker = HonestWorker(corrections=True, plans=first, plans_later=[later])
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "A", 3_000_000)
    # The calls are of the month that it is.
    worker.now_ms += DAY_MS
    licences(worker, 1)
    worker.work(size)
    for number in range(9):
        worker.now_ms += 1_000
        call(worker, f"c{number}", ended_ms=worker.now_ms, billsec=60)
    worker.work(size)
    licences(worker, 2)
    correct(worker, "c3", ended_ms=worker.now_ms, billsec=120)
    worker.work(size)
    licences(worker, 1)
    worker.work(size)
    licences(worker, 1, country="PR", from_ms=worker.now_ms + DAY_MS)
    worker.work(size)
    # 80 % and 100 % one after the other, both at once, and 80 % alone.
    for month, seconds in enumerate(((960, 480), (1_440,), (960,))):
        worker.pass_time(40 * DAY_MS)
        for number, billsec in enumerate(seconds):
            call(worker, f"later-{month}-{number}", ended_ms=worker.now_ms, billsec=billsec)
        worker.work(size)
    worker.flush()
    return worker


def licences(
    worker: HonestWorker, number: int, country: str = "US", from_ms: int | None = None
) -> None:
    worker.now_ms += 2_000
    since = "2020-01-01T00:00:00Z" if from_ms is None else at(from_ms)
    held = [{"plan_id": "CALLS", "usage_country": country, "licences": number}]
    worker.command("acme", "set_entitlements", entitlements=held, valid_from=since)


def told() -> list[tuple[int, int, int]]:
    events = [json.loads(each.value or b"") for _, each in dict(alerted().topics)[EVENTS]]
    return [(e["level"], e["used_s"], e["total_s"]) for e in events if e["kind"] == "pool_used"]


@pytest.mark.parametrize("size", [1, 3, 1_000])
def test_an_honest_log_of_alerts_is_clean(size: int) -> None:
    verdict = verdict_on(dict(alerted(size).topics))

    assert verdict.differences == []
    assert verdict.is_clean


def test_the_log_has_alerts_by_charges_and_by_licences_and_again_after_growth() -> None:
    """Method: what these tests prove is worth as much as the days they start from."""
    levels = [level for level, *_ in told()]

    assert levels.count(80) >= 3, told()
    assert levels.count(100) >= 2, told()


LIES: list[tuple[str, dict[str, Any], str]] = [
    (EVENTS, {"level": 100}, "subject"),
    (EVENTS, {"used_s": 1}, "micros"),
    (EVENTS, {"total_s": 1}, "more"),
    (EVENTS, {"plan_name": "Another plan"}, "more"),
    (EVENTS, {"pays_later": True}, "more"),
    (EVENTS, {"pool": "2019-01/CALLS/all/US"}, "subject"),
    (STATUS, {"pools": []}, "plan_version, pools"),
    (STATUS, {"plan_version": 7}, "plan_version, pools"),
    (STATUS, {"plan_version": None}, "plan_version, pools"),
    (STATUS, {"entitlements": []}, "entitlements"),
    (STATUS, {"mode": "post_paid"}, "mode"),
]


@pytest.mark.parametrize(("topic", "change", "field"), LIES, ids=range(len(LIES)))
def test_a_record_that_lies_of_pools_is_found_out(
    topic: str, change: dict[str, Any], field: str
) -> None:
    topics: Topics = dict(alerted().topics)
    place = place_of(topics, topic, lambda v: v.get("kind") == "pool_used" or "pools" in v)

    found = differences(altered(topics, topic, place, change))

    assert field in {wrong.field for wrong in found}, found


def test_a_pool_of_a_status_that_is_another_is_found_out() -> None:
    topics: Topics = dict(alerted().topics)
    place = place_of(topics, STATUS, lambda v: "pools" in v)
    (pool,) = json.loads(topics[STATUS][place][1].value or b"")["pools"]
    for change in ({"used_s": 7}, {"total_s": 7}, {"pool": "2019-01/CALLS/all/US"}):
        lie = altered(topics, STATUS, place, {"pools": [{**pool, **change}]})

        assert "plan_version, pools" in {wrong.field for wrong in differences(lie)}


def test_an_alert_that_is_not_told_or_told_twice_is_found_out() -> None:
    topics: Topics = dict(alerted().topics)
    place = place_of(topics, EVENTS, lambda v: v["kind"] == "pool_used")

    assert "event_id" in {wrong.field for wrong in differences(replaced(topics, EVENTS, place, []))}
    twice = replaced(topics, EVENTS, place, [topics[EVENTS][place]] * 2)
    assert differences(twice)


def test_an_alert_of_an_account_that_pays_later_says_so() -> None:
    first = record(CALLS, valid_from="2020-01-01T00:00:00Z", chains=(USER_OUT,))
    worker = HonestWorker(plans=first)
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "A", 3_000_000)
    worker.now_ms += DAY_MS
    worker.command("acme", "set_billing_mode", mode="post_paid")
    licences(worker, 1)
    worker.work()
    worker.now_ms += 1_000
    call(worker, "c1", ended_ms=worker.now_ms, billsec=540)
    worker.work()
    worker.flush()
    topics: Topics = dict(worker.topics)
    place = place_of(topics, EVENTS, lambda v: v["kind"] == "pool_used")

    assert json.loads(topics[EVENTS][place][1].value or b"")["pays_later"] is True
    assert differences(topics) == []
    lie = altered(topics, EVENTS, place, {"pays_later": False})
    assert "more" in {wrong.field for wrong in differences(lie)}
