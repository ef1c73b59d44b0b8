"""Credits: an honest log of an account that has none, and is given some, is clean; one that lies is found out."""

import json
from functools import cache
from typing import Any

import pytest

from tests.plan_build import USER_OUT, allowance, plan, record
from tests.reconcile.honest_worker import DAY_MS, HonestWorker
from tests.reconcile.tampering import Topics, altered, differences, place_of, replaced, verdict_on
from topics import catalog
from topics.fields import NO_CURRENCY

LEDGER, SUSPENSE = catalog.LEDGER.name, catalog.SUSPENSE.name
STATUS, EVENTS = catalog.ACCOUNT_STATUS.name, catalog.BALANCE_EVENTS.name
CALLS = plan("CALLS", allowance("all", 660, zones=()))
HOUR_MS = 3_600_000


@cache
def given(size: int = 7) -> HonestWorker:
    """Return a worker after two months of an account that has plans alone, then credits too."""
    plans = record(CALLS, valid_from="2020-01-01T00:00:00Z", chains=(USER_OUT,))
    worker = HonestWorker(corrections=True, plans=plans)
    worker.command("bare", "open_account", time_zone="Europe/Paris")
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.command("acme", "open_credits", currency="EUR", decks=["acs"])
    held = [{"plan_id": "CALLS", "usage_country": "US", "licences": 1}]
    worker.command("bare", "set_entitlements", entitlements=held)
    worker.fund("bare", "A", 3_000_000)
    worker.command("bare", "set_thresholds", thresholds=[{"threshold_id": "t", "hours": 1}])
    worker.work(size)
    worker.now_ms += HOUR_MS
    for cdr_id, seconds in (("c0", 300), ("c1", 600), ("c2", 360), ("c3", 60)):
        call(worker, cdr_id, billsec=seconds)
    call(worker, "c4", direction="in", billsec=60)
    worker.work(size)
    call(worker, "c2", version=2, kind="correction", billsec=300)
    call(worker, "c0", version=2, kind="void", billsec=300)
    call(worker, "c5", billsec=61)
    worker.work(size)
    worker.pass_time(40 * DAY_MS)
    call(worker, "c6", billsec=60)
    worker.work(size)
    worker.now_ms += HOUR_MS
    worker.command("bare", "open_credits", currency="USD", decks=["acs"])
    worker.command("bare", "open_credits", currency="USD", decks=["acs"])
    worker.work(size)
    worker.fund("bare", "A", 3_000_000)
    worker.now_ms += HOUR_MS
    call(worker, "c7", billsec=601)
    call(worker, "c9", billsec=60, to="+9607000000")
    call(worker, "c8", billsec=601, ended_ms=worker.now_ms - 2 * HOUR_MS)
    worker.work(size)
    worker.pass_time(30 * DAY_MS)
    worker.flush()
    return worker


def call(worker: HonestWorker, cdr_id: str, **fields: Any) -> None:
    asked = {"call_type": "user_out", "usage_country": "US", "ended_ms": worker.now_ms, **fields}
    worker.call("bare", cdr_id, **asked)


def topics() -> Topics:
    return dict(given().topics)


def of(topic: str) -> list[dict[str, Any]]:
    values = [json.loads(each.value or b"") for _, each in topics()[topic]]
    return [each for each in values if each["tenant_id"] == "bare"]


@pytest.mark.parametrize("size", [1, 3, 7, 1_000])
def test_an_honest_log_is_clean(size: int) -> None:
    verdict = verdict_on(dict(given(size).topics))

    assert verdict.differences == []
    assert verdict.is_clean


def test_the_log_has_everything_in_it() -> None:
    """Method: what these tests prove is worth as much as the months they start from."""
    entries = of(LEDGER)
    charges = {(e["cdr_id"], e.get("version", 1)): e for e in entries if e["kind"] == "charge"}
    suspended = {each["cdr_id"]: each["reason"] for each in of(SUSPENSE)}

    assert [e["reason"] for e in entries if e["kind"] == "command_rejected"] == [
        *("no_credits", "no_credits", "credits_open"),
    ]
    assert suspended.pop("c9") == "no_rate"
    assert suspended == dict.fromkeys(("c1", "c3", "c8"), "no_tenant_capability")
    assert charges["c2", 2]["currency"] == NO_CURRENCY
    assert charges["c7", 1]["charge_micros"] > 0
    assert [e["kind"] for e in entries].count("charge_reversed") == 2
    carried = [e for e in entries if e["kind"] == "balance_carried_forward"]
    assert [e["currency"] for e in carried] == [NO_CURRENCY, "USD"]
    assert {each["state"] for each in of(STATUS)} == {"not_configured", "open"}
    assert not {each["kind"] for each in of(EVENTS)} & {"balance_exhausted", "threshold_crossed"}


FREE = {"kind": "charge", "currency": NO_CURRENCY, "outcome": "rated"}


@pytest.mark.parametrize(
    ("topic", "pick", "lie", "field"),
    [
        (LEDGER, FREE, {"currency": "USD"}, "currency"),
        (LEDGER, FREE, {"deck_id": "acs", "deck_version": 1, "prefix": "336"}, "deck_id"),
        (LEDGER, FREE, {"destination": "France mobile"}, "deck_id, deck_version, prefix"),
        (LEDGER, FREE, {"call.duration_s": 361}, "lines"),
        (LEDGER, FREE, {"lines": []}, "lines"),
        (LEDGER, {"kind": "account_opened"}, {"decks": ["acs"]}, "decks"),
        (LEDGER, {"kind": "account_opened"}, {"currency": "USD"}, "currency"),
        (LEDGER, {"kind": "credits_opened"}, {"currency": "EUR"}, "currency"),
        (LEDGER, {"kind": "credits_opened"}, {"currency": NO_CURRENCY}, "currency"),
        (LEDGER, {"kind": "credits_opened"}, {"decks": ["other"]}, "decks"),
        (LEDGER, {"reason": "no_credits"}, {"reason": "credits_open"}, "reason"),
        (LEDGER, {"reason": "credits_open"}, {"reason": "no_credits"}, "reason"),
        (LEDGER, {"reason": "no_credits"}, {"currency": "USD"}, None),
        (
            LEDGER,
            {"kind": "charge", "currency": "USD"},
            {"deck_id": None},
            "deck_id, deck_version, prefix",
        ),
        (SUSPENSE, {"cdr_id": "c1"}, {"reason": "unknown_deck"}, "reason"),
        (
            STATUS,
            {"state": "not_configured"},
            {"state": "open"},
            "state, allowed_call_types, blocked",
        ),
        (STATUS, {"state": "not_configured"}, {"currency": "USD"}, None),
        (STATUS, {"state": "not_configured"}, {"balance_micros": 0}, None),
        (STATUS, {"state": "not_configured"}, {"hours_remaining": 0}, "hours_remaining"),
        (STATUS, {"state": "open"}, {"currency": None}, None),
        (EVENTS, {"kind": "credits_opened"}, {"currency": "EUR"}, "currency"),
        (EVENTS, {"kind": "credits_opened"}, {"hours_remaining": None}, "hours_remaining"),
    ],
)
def test_a_lie_is_named(
    topic: str, pick: dict[str, Any], lie: dict[str, Any], field: str | None
) -> None:
    picked = {"tenant_id": "bare", **pick}
    place = place_of(topics(), topic, lambda value: picked.items() <= value.items())

    found = differences(altered(topics(), topic, place, lie))

    fields = {one.field for one in found}
    assert found
    assert field is None or field in fields, found


def test_an_account_without_credits_has_no_entry_about_money() -> None:
    """The entry that opens credits is taken away, as if there had been none: what follows is no entry of such."""
    place = place_of(topics(), LEDGER, lambda value: value["kind"] == "credits_opened")
    found = differences(replaced(topics(), LEDGER, place, []))

    assert {"seq", "kind", "currency"} <= {one.field for one in found}
