"""Pool prices: an honest log of minutes that cost money is clean, and one that lies of them is found out."""

import json
from functools import cache
from typing import Any

import pytest

from tests.plan_build import USER_OUT, allowance, plan, record
from tests.reconcile.folds.test_pools import call, correct
from tests.reconcile.honest_worker import HonestWorker, at
from tests.reconcile.tampering import Topics, altered, differences, place_of
from topics import catalog
from topics.records.plans import MinutePrice

LEDGER, STATUS = catalog.LEDGER.name, catalog.ACCOUNT_STATUS.name
DEAR = plan("DEAR", allowance("all", 90, prices=(MinutePrice("USD", 10_001, 50_000),)), unit_s=1)


@cache
def priced() -> HonestWorker:
    """Return a worker after calls that minutes with a price pay, in part and whole, one of them corrected."""
    plans = record(DEAR, valid_from="2020-01-01T00:00:00Z", chains=(USER_OUT,))
    worker = HonestWorker(corrections=True, plans=plans)
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "A", 3_000_000)
    held = [{"plan_id": "DEAR", "usage_country": "US", "licences": 1}]
    worker.command("acme", "set_entitlements", entitlements=held, valid_from="2020-01-01T00:00:00Z")
    worker.work()
    for number, seconds in enumerate((7, 60, 70)):
        call(worker, f"c{number}", billsec=seconds)
    worker.work()
    correct(worker, "c0", billsec=8)
    worker.work()
    worker.flush()
    return worker


def lines_of(cdr_id: str) -> list[dict[str, Any]]:
    entries = [json.loads(each.value or b"") for _, each in dict(priced().topics)[LEDGER]]
    found = next(e for e in entries if e["kind"] == "charge" and e["cdr_id"] == cdr_id)
    lines: list[dict[str, Any]] = found["lines"]
    return lines


def test_an_honest_log_is_clean_and_has_a_call_of_both() -> None:
    assert differences(dict(priced().topics)) == []
    assert [line["kind"] for line in lines_of("c1")] == ["pool", "pool_usage", "pool_fee"]
    assert [line["kind"] for line in lines_of("c2")] == ["usage", "pool", "pool_usage", "pool_fee"]


def changed(at: int, **fields: Any) -> list[dict[str, Any]]:
    return [{**line, **(fields if n == at else {})} for n, line in enumerate(lines_of("c1"))]


POOL, USAGE, FEE = range(3)


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        # 60 s at 10,001 millionths a minute and 50,000 for the call.
        (changed(USAGE, amount_micros=10_000), "lines"),
        (changed(USAGE, quantity=59), "lines"),
        (changed(USAGE, per=1), "lines"),
        (changed(FEE, amount_micros=49_999), "lines"),
        (changed(FEE, quantity=2), "lines"),
        (changed(POOL, amount_micros=1), "lines"),
        # In itself it could be: the catalog says that it is not so.
        (changed(USAGE, rate_nanos=10_000_000, amount_micros=10_000), "draws"),
        (changed(FEE, rate_nanos=40_000_000, amount_micros=40_000), "draws"),
        (lines_of("c1")[:2], "draws"),
        (lines_of("c1")[:1], "draws"),
        ([lines_of("c1")[n] for n in (POOL, FEE, USAGE)], "lines"),
        ([lines_of("c1")[n] for n in (FEE, POOL, USAGE)], "lines"),
        ([lines_of("c1")[n] for n in (POOL, USAGE, USAGE, FEE)], "lines"),
    ],
)
def test_lines_that_lie_are_found_out(lines: list[dict[str, Any]], field: str) -> None:
    topics: Topics = dict(priced().topics)
    place = place_of(topics, LEDGER, lambda value: value.get("cdr_id") == "c1")
    charge = sum(line["amount_micros"] for line in lines)

    found = differences(altered(topics, LEDGER, place, {"lines": lines, "charge_micros": charge}))

    assert field in {wrong.field for wrong in found if wrong.proof == "ledger"}


def test_a_charge_without_the_money_of_its_pool_is_found_out() -> None:
    topics: Topics = dict(priced().topics)
    place = place_of(topics, LEDGER, lambda value: value.get("cdr_id") == "c1")

    found = differences(altered(topics, LEDGER, place, {"charge_micros": 0}))

    assert "charge_micros" in {wrong.field for wrong in found if wrong.proof == "charges"}


@cache
def unpaid() -> HonestWorker:
    """Return a worker after an account of another currency, and one of none, had licences of minutes with a price."""
    dear = allowance("dear", 600, prices=(MinutePrice("EUR", 10_001),))
    own = allowance("own", 600, per="user", prices=(MinutePrice("EUR", 10_001),))
    plans = record(plan("DEAR", dear, own), valid_from="2020-01-01T00:00:00Z", chains=(USER_OUT,))
    worker = HonestWorker(plans=plans)
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.command("bare", "open_account")
    held = [{"plan_id": "DEAR", "usage_country": "US", "licences": 1}]
    since = "2020-01-01T00:00:00Z"
    for tenant in ("acme", "bare"):
        worker.command(tenant, "set_entitlements", entitlements=held, valid_from=since)
        hired = {"usage_country": "US", "plan_ids": ["DEAR"], "credits_licence": True}
        worker.command(tenant, "set_user", user_id="ann", valid_from=since, **hired)
    worker.work()
    worker.flush()
    return worker


def test_a_log_in_which_nobody_is_told_of_seconds_that_cannot_pay_is_clean() -> None:
    topics: Topics = dict(unpaid().topics)

    assert differences(topics) == []
    for topic in (STATUS, catalog.USER_STATUS.name):
        values = [json.loads(each.value or b"") for _, each in topics[topic]]
        assert values
        assert [value.get("pools") for value in values] == [None] * len(values)


@pytest.mark.parametrize("tenant", ["acme", "bare"])
def test_a_status_that_tells_of_seconds_that_cannot_pay_is_found_out(tenant: str) -> None:
    topics: Topics = dict(unpaid().topics)
    place = place_of(topics, STATUS, lambda v: v["tenant_id"] == tenant and "entitlements" in v)
    year = json.loads(topics[STATUS][place][1].value or b"")["at_ms"]
    pool = {"pool": f"{at(year)[:7]}/DEAR/dear/US", "used_s": 0, "total_s": 600}

    lie = altered(topics, STATUS, place, {"pools": [pool], "plan_version": 1})

    assert {wrong.field for wrong in differences(lie)} == {"plan_version, pools"}
