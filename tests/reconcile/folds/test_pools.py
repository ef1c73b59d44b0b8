"""Pools: an honest log of calls that plans pay is clean, wherever batches are cut, and one that lies is found out."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from rater.reconcile.folds.pools import Pools
from tests.plan_build import USER_OUT, allowance, plan, record
from tests.reconcile.honest_worker import DAY_MS, START_MS, HonestWorker, at
from tests.reconcile.tampering import Topics, altered, differences, place_of, verdict_on
from topics import catalog

LEDGER = catalog.LEDGER.name
CALLS = plan("CALLS", allowance("all", 660, zones=()))
SECONDS = plan("SECONDS", allowance("all", 90, pooled_by="account"), unit_s=1)


@cache
def pooled(size: int = 7) -> HonestWorker:
    """Return a worker after weeks in which plans pay, run out, are corrected, and begin again."""
    plans = record(CALLS, SECONDS, valid_from="2020-01-01T00:00:00Z", chains=(USER_OUT,))
    worker = HonestWorker(corrections=True, plans=plans)
    worker.command("acme", "open_account", currency="USD", decks=["acs"], time_zone="Asia/Tokyo")
    worker.fund("acme", "A", 3_000_000)
    held = [
        {"plan_id": each, "usage_country": "US", "licences": 1} for each in ("CALLS", "SECONDS")
    ]
    worker.command("acme", "set_entitlements", entitlements=held, valid_from="2020-01-01T00:00:00Z")
    worker.work()
    for number in range(9):
        call(worker, f"c{number}", billsec=61 + number)
    worker.work(size)
    correct(worker, "c0", billsec=200)
    correct(worker, "c1", kind="void")
    correct(worker, "c8", kind="void")
    call(worker, "again", billsec=500)
    worker.work(size)
    worker.pass_time(40 * DAY_MS)
    call(worker, "later", ended_ms=worker.now_ms, billsec=59)
    worker.work(size)
    worker.flush()
    return worker


def call(worker: HonestWorker, cdr_id: str, **fields: Any) -> None:
    given = {"call_type": "user_out", "usage_country": "US", "ended_ms": START_MS, **fields}
    worker.call("acme", cdr_id, **given)


def correct(worker: HonestWorker, cdr_id: str, **fields: Any) -> None:
    call(worker, cdr_id, version=2, **{"kind": "correction", **fields})


@pytest.mark.parametrize("size", [1, 3, 7, 1_000])
def test_an_honest_log_of_pools_is_clean(size: int) -> None:
    verdict = verdict_on(dict(pooled(size).topics))

    assert verdict.differences == []
    assert verdict.is_clean


def test_the_log_has_everything_in_it() -> None:
    """Method: what these tests prove is worth as much as the weeks they start from."""
    entries = [json.loads(each.value or b"") for _, each in dict(pooled().topics)[LEDGER]]
    charges = [entry for entry in entries if entry["kind"] == "charge"]
    drawn = [[d["id"] for d in c.get("draws", []) if d.get("source") == "pool"] for c in charges]
    back = [d for e in entries for d in e.get("returns", []) if d.get("source") == "pool"]
    carried = [e for e in entries if e["kind"] == "balance_carried_forward" and "pools" in e]

    assert any(len(each) == 2 for each in drawn), "one call by two pools"
    assert any(each and c["charge_micros"] for each, c in zip(drawn, charges, strict=True))
    assert any(each and not c["charge_micros"] for each, c in zip(drawn, charges, strict=True))
    assert any(not each for each in drawn)
    assert len({name[:7] for each in drawn for name in each}) == 2, "two months"
    assert back
    assert carried


SPLIT = {"kind": "charge", "plan_version": 1}
LIES: list[tuple[dict[str, Any], str]] = [
    ({"plan_version": None}, "plan_version, entitlement_seq"),
    ({"entitlement_seq": 10_000}, "plan_version, entitlement_seq"),
    ({"draws": []}, "draws"),
    ({"draws": [{"source": "pool", "id": "2020-01/CALLS/all/US", "quantity": 120}]}, "draws"),
    ({"lines": []}, "draws"),
    ({"lines": [{"kind": "pool", "amount_micros": 0, "quantity": 90, "per": 60}]}, "lines"),
    ({"lines": [{"kind": "pool", "amount_micros": 7, "quantity": 120, "per": 60}]}, "lines"),
    ({"lines": [{"kind": "pool", "amount_micros": 0, "quantity": 600, "per": 60}]}, "lines"),
    ({"charge_micros": 1}, "charge_micros"),
]


@pytest.mark.parametrize(("change", "field"), LIES, ids=range(len(LIES)))
def test_a_charge_that_lies_of_pools_is_found_out(change: dict[str, Any], field: str) -> None:
    topics: Topics = dict(pooled().topics)
    place = place_of(topics, LEDGER, lambda value: SPLIT.items() <= value.items())

    found = differences(altered(topics, LEDGER, place, change))

    assert field in {wrong.field for wrong in found}


def pool_lines(*paid: int) -> dict[str, Any]:
    """Return what a charge says where one pool has paid so many seconds, by the minute, and no money."""
    draws = [{"source": "pool", "id": "2025-01/CALLS/all/US", "quantity": each} for each in paid]
    lines = [{"kind": "pool", "amount_micros": 0, "quantity": each, "per": 60} for each in paid]
    return {"draws": draws, "lines": lines, "charge_micros": 0}


NOTHING = {"plan_version": None, "entitlement_seq": None, **pool_lines()}
ENOUGH = {"plan_version": 1, "entitlement_seq": 3}


@pytest.mark.parametrize(
    ("cdr_id", "change", "field"),
    [
        # It says in itself what could be: only the size of the pool and the order of pools tell that it is not so.
        ("c2", pool_lines(60), "draws"),
        ("c2", NOTHING, "draws"),
        ("c8", {**ENOUGH, **pool_lines(120)}, "draws"),
        ("c2", {"entitlement_seq": 2}, "entitlement_seq"),
        ("c2", {"plan_version": 2}, "plan_version"),
        ("later", {"entitlement_seq": 4}, "entitlement_seq"),
    ],
)
def test_a_pool_that_pays_less_or_more_than_it_has_is_found_out(
    cdr_id: str, change: dict[str, Any], field: str
) -> None:
    topics: Topics = dict(pooled().topics)
    asked = {"kind": "charge", "cdr_id": cdr_id}
    place = place_of(topics, LEDGER, lambda value: asked.items() <= value.items())

    found = differences(altered(topics, LEDGER, place, change))

    assert field in {wrong.field for wrong in found if wrong.proof == "ledger"}


@pytest.mark.parametrize("licences", [0, 2])
def test_licences_that_were_never_set_are_found_out_by_what_pools_pay(licences: int) -> None:
    topics: Topics = dict(pooled().topics)
    place = place_of(topics, LEDGER, lambda value: value["kind"] == "entitlements_set")
    rows = [
        {"plan_id": each, "usage_country": "US", "licences": licences}
        for each in ("CALLS", "SECONDS")
    ]

    found = differences(altered(topics, LEDGER, place, {"entitlements": rows}))

    assert [wrong for wrong in found if (wrong.proof, wrong.field) == ("ledger", "draws")]


def test_a_pool_that_has_paid_more_than_its_licences_come_to_is_named() -> None:
    """Licences dated back take nothing back: that is no difference, and it is said."""
    plans = record(CALLS, valid_from="2020-01-01T00:00:00Z", chains=(USER_OUT,))
    worker = HonestWorker(plans=plans)
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "A", 3_000_000)
    since = {"valid_from": "2020-01-01T00:00:00Z"}
    for number, licences in enumerate((2, 1)):
        held = [{"plan_id": "CALLS", "usage_country": "US", "licences": licences}]
        worker.command("acme", "set_entitlements", entitlements=held, **since)
        worker.work()
        call(worker, f"c{number}", billsec=700)
        worker.work()
        worker.now_ms += 1_000
    verdict = verdict_on(dict(worker.topics))

    assert verdict.is_clean
    # 700 s are 12 minutes: one licence gives 11 of them.
    assert verdict.excesses == [
        "acme: pool 2024-12/CALLS/all/us_pr has paid 720 s, its licences come to 660 s at most; entries about them: 5"
    ]
    assert "paid beyond licences: " + verdict.excesses[0] in verdict.lines()
    assert verdict_on(dict(pooled().topics)).excesses == []


def test_seconds_that_do_not_come_back_are_found_out() -> None:
    topics: Topics = dict(pooled().topics)
    place = place_of(topics, LEDGER, lambda value: value["kind"] == "charge_reversed")

    found = differences(altered(topics, LEDGER, place, {"returns": []}))

    assert {"returns", "contract"} <= {wrong.field for wrong in found}


def test_a_ported_number_may_name_the_licences_of_a_pool_that_pays_nothing_any_more() -> None:
    """Which pools may pay such a call is not reckoned; the latest licences decide among all that may."""
    worker = HonestWorker(plans=record(SECONDS, CALLS, chains=(USER_OUT,)))
    worker.now_ms += 400 * DAY_MS
    ended_ms = worker.now_ms
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    for plan_id in ("CALLS", "SECONDS"):
        held = [{"plan_id": plan_id, "usage_country": "US", "licences": 1}]
        since = "2026-01-01T00:00:00Z"
        worker.command("acme", "set_entitlements", entitlements=held, valid_from=since)
    worker.work()
    call(worker, "c0", billsec=90, ended_ms=ended_ms)
    call(worker, "c1", billsec=60, ended_ms=ended_ms, routing_number="+12065550100")
    worker.work()
    topics = dict(worker.topics)
    place = place_of(topics, LEDGER, lambda value: value.get("cdr_id") == "c1")
    entry = json.loads(topics[LEDGER][place][1].value or b"")

    assert (entry["draws"][0]["id"], entry["entitlement_seq"]) == ("2026-02/CALLS/all/us_pr", 3)
    assert differences(topics) == []
    for seq, is_right in ((2, True), (1, False), (4, False)):
        told = differences(altered(topics, LEDGER, place, {"entitlement_seq": seq}))
        assert ([each.field for each in told] == []) == is_right


def own_pool() -> HonestWorker:
    """Return a worker after a user's own pool has paid a call, and the user has lost the plan."""
    own = plan("OWN", allowance("all", 600, per="user", zones=()))
    worker = HonestWorker(plans=record(own, valid_from=at(START_MS - DAY_MS), chains=(USER_OUT,)))
    worker.now_ms += 2 * 3_600_000
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    held = [{"plan_id": "OWN", "usage_country": "US", "licences": 1}]
    worker.command("acme", "set_entitlements", entitlements=held, valid_from=at(START_MS - DAY_MS))
    since = {"usage_country": "US", "plan_ids": ["OWN"], "valid_from": at(START_MS - DAY_MS)}
    worker.command("acme", "set_user", user_id="ann", **since)
    worker.work()
    worker.call("acme", "c1", "+12065550100", user_id="ann", call_type="user_out")
    worker.work()
    worker.now_ms += 2_000
    worker.command("acme", "set_user", user_id="ann", usage_country="US")
    worker.work()
    return worker


def test_a_users_status_that_hides_what_is_used_of_its_pool_is_found_out() -> None:
    topics = dict(own_pool().topics)
    name = catalog.USER_STATUS.name
    place = len(topics[name]) - 1
    status = json.loads(topics[name][place][1].value or b"")

    assert [(each["used_s"], each["total_s"]) for each in status["pools"]] == [(120, 0)]
    assert differences(topics) == []
    assert {each.field for each in differences(altered(topics, name, place, {"pools": []}))} == {
        "pools"
    }


class NeverWalked(dict[str, int]):
    """Of a tenant of 20,000 users: to go through it for each call would take longer than all else."""

    def __iter__(self) -> Iterator[str]:
        raise AssertionError

    def keys(self) -> Any:
        raise AssertionError


def test_a_call_looks_its_users_pool_up_among_those_of_all_users(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def begin(pools: Pools) -> None:
        pools.used_s, pools.own_s, pools.history = {}, NeverWalked(), {}

    topics = dict(own_pool().topics)
    monkeypatch.setattr(Pools, "__init__", begin)

    assert verdict_on(topics).is_clean
