"""Promotional credit: drawn in the order of the settings, never refunded, never other money; each fault is found."""

import json
from typing import Any

import pytest

from rater.core.account import draws, reversals
from rater.core.account import lots as account_lots
from tests.reconcile.honest_worker import DAY_MS, START_MS, HonestWorker, at
from tests.reconcile.tampering import altered, differences, place_of
from topics import catalog

LEDGER, STATUS = catalog.LEDGER.name, catalog.ACCOUNT_STATUS.name
TURNS = [(at(START_MS + DAY_MS), "last"), (at(START_MS + 2 * DAY_MS), "first")]


def given() -> HonestWorker:
    """Return a worker that gave credit, and charged before, under and after a setting that draws it last."""
    worker = HonestWorker(promotional=TURNS, corrections=True)
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "L1", 5_000_000)
    until = at(START_MS + 3 * DAY_MS)
    worker.fund("acme", "G1", 1_000_000, category="promotional", expires_at=until)
    worker.work()
    for day in range(3):
        worker.call("acme", f"c{day}")
        worker.work()
        worker.pass_time(DAY_MS)
    worker.pass_time(2 * DAY_MS)
    worker.flush()
    return worker


def draws_of(worker: HonestWorker) -> list[str]:
    entries = [json.loads(record.value or b"") for _, record in worker.topics[LEDGER]]
    return [e["draws"][0]["id"] for e in entries if e["kind"] == "charge"]


def fields(worker: HonestWorker) -> set[tuple[str, str]]:
    return {(each.proof, each.field) for each in differences(dict(worker.topics))}


def test_draws_follow_the_settings_at_the_time_of_the_record_and_that_is_clean() -> None:
    worker = given()

    assert draws_of(worker) == ["G1", "L1", "G1"]
    assert differences(dict(worker.topics)) == []


def drawn_otherwise(cdr_id: str, **fields: Any) -> set[tuple[str, str]]:
    """Return what is found where the first draw of a charge says otherwise."""
    topics = dict(given().topics)
    place = place_of(topics, LEDGER, lambda e: e.get("cdr_id") == cdr_id)
    (draw,) = json.loads(topics[LEDGER][place][1].value or b"")["draws"]
    told = {name: value for name, value in (draw | fields).items() if value is not None}
    found = differences(altered(topics, LEDGER, place, {"draws": [told]}))
    return {(each.proof, each.field) for each in found}


def test_a_draw_in_another_order_is_found_out() -> None:
    """The second call came while promotional credit was drawn last, the first while it was drawn first."""
    assert ("ledger", "draws") in drawn_otherwise("c1", id="G1", category="promotional")
    assert ("ledger", "draws") in drawn_otherwise("c0", id="L1", category=None)


def test_a_draw_that_does_not_say_the_times_of_promotional_credit_is_found_out() -> None:
    assert ("ledger", "draws") in drawn_otherwise("c0", purchased_ms=None, expires_ms=None)


@pytest.mark.parametrize("kind", ["funds_added", "lot_expired", "lot_forfeited"])
def test_an_entry_that_takes_it_for_other_money_is_found_out(kind: str) -> None:
    topics = dict(given().topics)
    place = place_of(topics, LEDGER, lambda e: e["kind"] == kind and "promotional" in str(e))
    entry: dict[str, Any] = {"category": None}
    if kind == "funds_added":
        times = {"purchased_ms": START_MS, "expires_ms": START_MS + 3 * DAY_MS}
        money = {"granted_micros": 10**6, "overdraft_paid_micros": 0, "remaining_micros": 10**6}
        entry = {"lot": {"lot_id": "G1", **money, **times}}

    assert differences(altered(topics, LEDGER, place, entry)) != []


def test_a_worker_that_refunds_it_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = HonestWorker()
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "P1", 1_000_000)
    worker.fund("acme", "G1", 1_000_000, category="promotional")
    worker.work()
    monkeypatch.setattr(
        reversals,
        "plan_reversal",
        lambda account, *_: draws.plan_draws(account.lots, [], 1_500_000, 0),
    )
    monkeypatch.setattr(
        "rater.core.account.commands.reverse_payment.plan_reversal", reversals.plan_reversal
    )
    worker.command(
        *("acme", "reverse_payment"),
        payment_id="P1",
        amount_micros=1_500_000,
        reversed_micros=1_500_000,
        currency="USD",
        reversal_id="dp_1",
        reversal="dispute",
    )
    worker.work()

    assert ("ledger", "draws") in fields(worker)


def test_a_status_that_takes_it_for_other_money_is_found_out() -> None:
    worker = HonestWorker()
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "G1", 1_000_000, category="promotional")
    worker.work()
    worker.flush()
    topics = dict(worker.topics)
    assert differences(topics) == []
    place = place_of(topics, STATUS, lambda e: bool(e.get("funds")))
    expires_ms = account_lots.lot_expiry_ms(START_MS)
    told = {"funds": [{"expires_ms": expires_ms, "amount_micros": 1_000_000}]}

    assert [each.field for each in differences(altered(topics, STATUS, place, told))] == ["funds"]
