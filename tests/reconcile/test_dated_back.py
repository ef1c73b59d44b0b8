"""Dated back: what is published for a time in which calls were charged already. The books stay provably right."""

import json
from typing import Any

import pytest

from tests.build import UNIT
from tests.plan_build import USER_OUT, allowance, plan, record
from tests.reconcile.everything import DATED, everything
from tests.reconcile.honest_worker import DAY_MS, SHEET, START_MS, HonestWorker, at
from tests.reconcile.tampering import altered, differences, place_of
from tests.reconcile.test_whatever_comes_together import MANY, prove_as_told, prove_by_cuts
from topics import catalog

LEDGER, SUSPENSE, DEAD = catalog.LEDGER.name, catalog.SUSPENSE.name, catalog.DEAD.name
HOUR_MS, MINUTE_MS = 3_600_000, 60_000
DOLLARS = {"currency": "USD"}


def charged(*calls: str) -> HonestWorker:
    """Return a worker that has given credit, sold some, and charged calls a minute apart."""
    worker = HonestWorker()
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "R1", 50 * UNIT)
    worker.fund("acme", "gift", 9 * UNIT, category="promotional")
    worker.work()
    take(worker, *calls)
    return worker


def take(worker: HonestWorker, *calls: str, **fields: Any) -> None:
    for cdr_id in calls:
        worker.now_ms += MINUTE_MS
        worker.call("acme", cdr_id, **fields)
        worker.work()


def said(worker: HonestWorker, topic: str = LEDGER) -> list[dict[str, Any]]:
    return [json.loads(each.value or b"") for _, each in worker.topics[topic]]


def drawn(worker: HonestWorker) -> list[tuple[str, int | None]]:
    """Return on what each charge drew first, and which version it names."""
    charges = [each for each in said(worker) if each["kind"] == "charge"]
    return [(each["draws"][0]["id"], each.get("settings_version")) for each in charges]


def found(worker: HonestWorker) -> list[tuple[str, str]]:
    return [(each.proof, each.field) for each in differences(dict(worker.topics))]


def test_an_order_of_draws_that_is_dated_back_is_named_by_what_it_decided() -> None:
    worker = charged("c1", "c2")
    worker.load_settings(START_MS - DAY_MS, promotional_credit="last", corrections=True)
    take(worker, "c3")
    worker.command("acme", "adjust", amount_micros=-UNIT, currency="USD", reason="too much")
    worker.call("acme", "c3", version=2, billsec=120)
    worker.call("acme", "c1", version=2, kind="void")
    worker.work()

    assert drawn(worker) == [("gift", None), ("gift", None), ("R1", 1), ("R1", 1)]
    assert found(worker) == []


def test_once_every_worker_knows_it_nothing_names_it_any_more() -> None:
    worker = charged("c1")
    worker.load_settings(START_MS - DAY_MS, promotional_credit="last")
    worker.pass_time(HOUR_MS)
    take(worker, "c2")

    assert drawn(worker) == [("gift", None), ("R1", None)]
    assert found(worker) == []


def test_a_limit_of_spending_that_is_dated_back_breaks_nothing_that_was_charged() -> None:
    worker = charged("c1", "c2")
    limit = {**DOLLARS, "spend_per_hour_micros": 100_000}
    worker.load_settings(START_MS - DAY_MS, currencies=[limit])
    take(worker, "c3", "c4")

    held = [each for each in said(worker) if each["kind"] == "spend_limit_tripped"]
    assert [(each["cdr_id"], each["settings_version"]) for each in held] == [("c3", 1)]
    assert found(worker) == []


def test_a_limit_that_is_raised_back_then_leaves_what_was_held() -> None:
    worker = charged()
    low = {**DOLLARS, "spend_per_hour_micros": 100_000}
    worker.load_settings(START_MS + 2 * MINUTE_MS, currencies=[low])
    worker.pass_time(5 * MINUTE_MS)
    take(worker, "c1", "c2")
    worker.load_settings(START_MS, promotional_credit="last")
    worker.load_settings(START_MS + 2 * MINUTE_MS, promotional_credit="last")
    worker.command("acme", "resume_recharge", actor="ann")
    take(worker, "c3", "c4", "c5")

    assert [version for _, version in drawn(worker)] == [None, None, 3, 3, 3]
    assert found(worker) == []


def test_a_version_dated_back_over_another_is_told_from_it() -> None:
    worker = charged("c1")
    worker.load_settings(START_MS - 2 * DAY_MS, promotional_credit="last")
    take(worker, "c2")
    worker.load_settings(START_MS - DAY_MS, promotional_credit="first")
    take(worker, "c3")

    assert drawn(worker) == [("gift", None), ("R1", 1), ("gift", 2)]
    assert found(worker) == []


def test_a_worker_that_learns_of_it_later_is_right_for_as_long() -> None:
    worker = charged("c1")
    before = worker.rules
    worker.load_settings(START_MS - DAY_MS, promotional_credit="last")
    after = worker.rules
    take(worker, "c2")
    worker.rules = before
    take(worker, "c3")
    worker.rules = after
    take(worker, "c4")

    assert drawn(worker) == [("gift", None), ("R1", 1), ("gift", None), ("R1", 1)]
    assert found(worker) == []

    worker.rules = before
    worker.pass_time(HOUR_MS)
    take(worker, "c5")
    assert ("ledger", "draws") in found(worker)


def test_what_waits_and_what_is_dead_name_it_for_the_numbers_that_they_hide() -> None:
    worker = charged()
    take(worker, "w1", to="+9607000000")
    worker.produce(catalog.CDR_RAW.name, b"acme", b'{"to":"+33612345678"}')
    worker.work()
    worker.load_settings(START_MS - DAY_MS, number_masks=[{"prefix": "", "digits": 4}])
    take(worker, "w2", to="+9607000001")
    take(worker, "c1")
    worker.call("acme", "old", ended_ms=START_MS - 30 * DAY_MS)
    worker.produce(catalog.CDR_RAW.name, b"acme", b'{"to":"+33612345678"}')
    worker.work()

    assert [each.get("settings_version") for each in said(worker, SUSPENSE)] == [None, 1, 1]
    assert [each.get("settings_version") for each in said(worker, DEAD)] == [None, 1]
    assert "**" in str(said(worker)[-1]["call"]["to"])
    assert found(worker) == []


def test_bounds_of_an_account_that_are_dated_back_are_told_from_those_of_before() -> None:
    worker = charged("c1")
    recharge = {"enabled": True, "trigger_micros": 50 * UNIT, "amount_micros": 50 * UNIT}
    worker.command("acme", "set_auto_recharge", **recharge)
    worker.fund("acme", "R2", 900 * UNIT)
    worker.work()
    terms = {"recharge_minimum_micros": 60 * UNIT, "balance_max_micros": 800 * UNIT}
    worker.load_settings(START_MS - DAY_MS, currencies=[{**DOLLARS, **terms}])
    worker.command("acme", "set_auto_recharge", **recharge)
    worker.fund("acme", "R3", 10 * UNIT)
    more = {"trigger_micros": 70 * UNIT, "amount_micros": 60 * UNIT}
    worker.command("acme", "set_auto_recharge", **{**recharge, **more})
    worker.work()

    refused = [each for each in said(worker) if each["kind"] == "command_rejected"]
    assert [each["settings_version"] for each in refused] == [1, 1]
    assert found(worker) == []


def test_calls_that_wait_are_freed_by_days_that_are_dated_back() -> None:
    worker = charged()
    take(worker, "w1", to="+9607000000")
    worker.pass_time(2 * DAY_MS)
    worker.load_settings(START_MS - DAY_MS, freecall_after_days=1)
    worker.pass_time(MINUTE_MS)

    assert [each.get("reason") for each in said(worker) if each["kind"] == "charge"] == ["freecall"]
    assert found(worker) == []


def freed(worker: HonestWorker) -> list[str]:
    return [each["cdr_id"] for each in said(worker) if each.get("reason") == "freecall"]


@pytest.mark.parametrize(("known", "days"), [("timer", 1), ("worker", 1), ("worker", 0)])
def test_whoever_of_timer_and_worker_knows_days_that_are_dated_back_first_a_call_is_freed_once(
    known: str, days: int
) -> None:
    """The command is under way while the partition moves to a worker that knows more, or less, of the settings."""
    worker = HonestWorker(freecall_after_days=2)
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.work()
    take(worker, "w1", to="+9607000000")
    worker.now_ms += 3 * DAY_MS
    before = worker.rules
    worker.load_settings(START_MS - DAY_MS, freecall_after_days=days)
    after = worker.rules
    timer, charging = (after, before) if known == "timer" else (before, after)
    for rules in (timer, charging):
        worker.rules = rules
        (worker.fire if rules is timer else worker.work)()
    worker.rules = after
    assert freed(worker) == (["w1"] if days else [])
    for _ in range(3):
        worker.pass_time(DAY_MS)

    assert freed(worker) == (["w1"] if days else [])
    assert len(worker.shards[worker.of("acme")].suspense) == (0 if days else 1)
    assert found(worker) == []


def test_a_worker_that_does_not_know_the_days_yet_refuses_and_is_asked_again_the_next_day() -> None:
    worker = HonestWorker(freecall_after_days=20)
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.work()
    take(worker, "w1", to="+9607000000")
    worker.now_ms += 3 * DAY_MS
    before = worker.rules
    worker.load_settings(START_MS - DAY_MS, freecall_after_days=1)
    after = worker.rules
    worker.fire()
    worker.rules = before
    worker.work()
    assert freed(worker) == []
    assert said(worker)[-1]["reason"] == "not_due"
    worker.rules = after
    worker.pass_time(MINUTE_MS)
    assert freed(worker) == []
    worker.pass_time(DAY_MS)

    assert freed(worker) == ["w1"]
    assert found(worker) == []


def test_a_version_of_another_time_may_not_be_named() -> None:
    worker = charged("c1")
    worker.load_settings(START_MS - DAY_MS, promotional_credit="last")
    worker.load_settings(START_MS + DAY_MS, promotional_credit="last")
    take(worker, "c2")
    topics = dict(worker.topics)
    place = place_of(topics, LEDGER, lambda each: each.get("cdr_id") == "c2")

    for version in (None, 2, 7):
        told = altered(topics, LEDGER, place, {"settings_version": version})
        assert differences(told) != [], version


def test_the_loader_may_not_say_that_all_knew_it_before_it_was_there() -> None:
    worker = charged("c1")
    worker.load_settings(START_MS - DAY_MS, promotional_credit="last")
    topics = dict(worker.topics)
    told = altered(topics, catalog.CHARGING_SETTINGS.name, 0, {"known_from": at(START_MS)})

    assert ("settings", "known_from") in {(e.proof, e.field) for e in differences(told)}


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_dated_back_the_books_are_clean(seed: int) -> None:
    worker = everything(seed, deeds=DATED)

    prove_as_told(worker)
    prove_by_cuts(worker, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", MANY)
def test_whatever_else_is_dated_back_the_books_are_clean(seed: int) -> None:
    worker = everything(seed, deeds=DATED)

    prove_as_told(worker)
    prove_by_cuts(worker, seed)


@pytest.mark.parametrize("price", [b"0.5", b"0.0001"])
def test_a_deck_that_is_dated_back_leaves_what_was_charged_and_prices_what_comes(
    price: bytes,
) -> None:
    """A charge names the version of its deck, and is held against that one."""
    worker = charged("c1")
    sheet = SHEET.read_bytes()
    assert b"3361,0.125," in sheet
    sheet = sheet.replace(b"3361,0.125,", b"3361,%b," % price)
    worker.load_deck("acs", sheet, 2, START_MS - DAY_MS)
    take(worker, "c2")
    worker.flush()

    charges = [each for each in said(worker) if each["kind"] == "charge"]
    assert [each["deck_version"] for each in charges] == [1, 2]
    assert found(worker) == []


@pytest.mark.parametrize("is_before", [False, True])
def test_a_catalog_of_plans_that_is_dated_back_leaves_what_was_charged(*, is_before: bool) -> None:
    """Where pools pay the catalog is named; of one that was published shortly before, either is right."""
    since = at(START_MS - DAY_MS)
    small = plan("CALLS", allowance("all", 200, zones=()))
    large = plan("CALLS", allowance("all", 6_000, zones=()))
    worker = charged()
    held = [{"plan_id": "CALLS", "usage_country": "US", "licences": 1}]
    worker.command("acme", "set_entitlements", entitlements=held, valid_from=since)
    if is_before:
        worker.load_plans(record(small, valid_from=since, chains=(USER_OUT,)))
        worker.pass_time(2 * HOUR_MS)
    call = {"call_type": "user_out", "usage_country": "US"}
    take(worker, "c1", "c2", **call)
    worker.flush()
    worker.load_plans(record(large, version=2, valid_from=since, chains=(USER_OUT,)))
    take(worker, "c3", **call)
    worker.flush()
    worker.pass_time(2 * HOUR_MS)
    take(worker, "c4", **call)
    worker.flush()

    charges = [each for each in said(worker) if each["kind"] == "charge"]
    before = 1 if is_before else None
    assert [each.get("plan_version") for each in charges] == [before, before, 2, 2]
    assert found(worker) == []
