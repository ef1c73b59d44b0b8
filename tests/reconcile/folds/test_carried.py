"""Accounts are carried forward with every month: held against the ledger, and where it may begin."""

import json
from functools import cache
from typing import Any

import pytest

from tests.reconcile.honest_worker import DAY_MS, PARTITIONS, START_MS, HonestWorker, at, busy_day
from tests.reconcile.tampering import Topics, altered, differences, place_of, verdict_on
from topics import records as r
from topics.catalog import DEAD, LEDGER, SUSPENSE

CARRIED = "balance_carried_forward"
FEBRUARY, MARCH, APRIL = (START_MS + days * DAY_MS for days in (31, 59, 90))


def months_of(worker: HonestWorker) -> HonestWorker:
    """Let months begin, with calls and all that has money in it between them."""
    worker.pass_time(FEBRUARY - worker.now_ms - DAY_MS)
    worker.command("watch", "set_decks", decks=["acs"], reason="same again")
    plans = [{"plan_id": p, "usage_country": "US", "licences": n} for p, n in (("a", 1), ("b", 5))]
    worker.command("watch", "set_entitlements", entitlements=plans, reason="Order 4711.")
    worker.command("beta", "set_billing_mode", mode="post_paid", valid_from=at(MARCH))
    worker.fund("beta", "B2", 6_000_000)
    old = {"purchased_at": "2024-02-02T00:00:00Z"}
    worker.fund("gamma", "G9", 700_000, **old)
    worker.command("gone", "open_account", currency="USD", decks=["acs"])
    worker.command("gone", "close_account", reason="no")
    worker.work()
    worker.pass_time(DAY_MS + 500)
    for number in range(3):
        worker.now_ms += 60_000
        for tenant in ("acme", "beta", "gamma", "watch"):
            worker.call(tenant, f"f{number}", billsec=40 + number)
        worker.work()
    worker.pass_time(DAY_MS)
    worker.command("gone", "reopen_account", reason="yes")
    worker.command("beta", "set_time_zone", time_zone="Asia/Tokyo")
    more = {"entitlements": plans[:1], "valid_from": "2020-01-01T00:00:00Z"}
    worker.command("watch", "set_entitlements", **more)
    worker.command("beta", "set_spend_limits", high_rate_micros=1, new_high_rate_destinations_max=9)
    worker.call("beta", "high", billsec=100)
    worker.work()
    worker.pass_time(MARCH - worker.now_ms + 9)
    for tenant in ("acme", "beta", "watch"):
        worker.call(tenant, "m1", billsec=61)
    worker.call("beta", "m1", billsec=61, ended_ms=worker.now_ms - 60_000)
    worker.work()
    worker.command("beta", "set_time_zone", time_zone="America/New_York", reason="Moved.")
    worker.pass_time(APRIL - worker.now_ms - 600_000)
    worker.call("watch", "a0", billsec=61)
    worker.work()
    worker.pass_time(600_000)
    worker.call("beta", "a1", billsec=61)
    worker.work()
    return worker


@cache
def some_months() -> Topics:
    return dict(months_of(busy_day()).topics)


def entries(topics: Topics) -> list[tuple[int, int, dict[str, Any]]]:
    return [
        (n, record.offset, json.loads(record.value or b"")) for n, record in topics[LEDGER.name]
    ]


def cut(
    topics: Topics, partition: int, offset: int, topic: str = LEDGER.name
) -> tuple[Topics, dict[tuple[str, int], int]]:
    """Return the topics without the records of a partition below an offset, and the log's new start."""
    left = [(n, x) for n, x in topics[topic] if n != partition or x.offset >= offset]
    return {**topics, topic: left}, {(topic, partition): offset}


def carried(tenant: str, number: int) -> dict[str, Any]:
    found = [e for _, _, e in entries(some_months()) if e["kind"] == CARRIED]
    return [entry for entry in found if entry["tenant_id"] == tenant][number]


def test_months_are_clean_and_every_account_is_carried_forward() -> None:
    topics = some_months()

    assert verdict_on(topics).differences == []
    kinds = [e["tenant_id"] for _, _, e in entries(topics) if e["kind"] == CARRIED]
    tenants = {e["tenant_id"] for _, _, e in entries(topics) if e["kind"] == "account_opened"}
    assert {tenant: kinds.count(tenant) for tenant in tenants} == dict.fromkeys(tenants, 3)


@pytest.mark.parametrize("partition", range(PARTITIONS))
def test_a_ledger_that_begins_anywhere_is_clean(partition: int) -> None:
    """Around each entry that carries an account forward every beginning, elsewhere every fifth."""
    topics = some_months()
    mine = [(offset, e) for n, offset, e in entries(topics) if n == partition]
    near = {m for n, (_, e) in enumerate(mine) if e["kind"] == CARRIED for m in (n - 1, n, n + 1)}
    wrong = {}
    for n in sorted({*near, *range(1, len(mine), 5)} & set(range(1, len(mine)))):
        found = verdict_on(*cut(topics, partition, mine[n][0])).differences
        if found:
            wrong[n, mine[n][1]["kind"]] = [str(each) for each in found[:3]]
    assert wrong == {}


@pytest.mark.parametrize("partition", range(PARTITIONS))
@pytest.mark.parametrize("topic", [SUSPENSE.name, DEAD.name])
def test_what_is_gone_of_suspense_and_of_dead_letters_is_not_missing(
    topic: str, partition: int
) -> None:
    topics = some_months()
    places = [x.offset for n, x in topics[topic] if n == partition]
    assert places

    for offset in (*places[1:], places[-1] + 1):
        assert verdict_on(*cut(topics, partition, offset, topic)).differences == []


def test_a_cdr_that_is_lost_is_found_where_nothing_of_its_time_can_be_gone() -> None:
    topics = some_months()
    last = place_of(topics, LEDGER.name, lambda e: e.get("cdr_id") == "a1")
    partition, _ = topics[LEDGER.name][last]
    first = next(record for n, record in topics[SUSPENSE.name] if n == partition)
    topics, starts = cut(topics, partition, first.offset + 1, SUSPENSE.name)
    left = [*topics[LEDGER.name][:last], *topics[LEDGER.name][last + 1 :]]
    found = verdict_on({**topics, LEDGER.name: left}, starts).differences

    assert "completeness" in {each.proof for each in found}


def test_a_ledger_of_which_all_is_gone_is_not_proven_and_not_wrong() -> None:
    topics = some_months()
    end = max(offset for _, offset, _ in entries(topics)) + 1
    verdict = verdict_on(*cut(topics, 0, end))

    assert verdict.differences == []
    assert any("none of their months is left" in note for note in verdict.unproven)


CHANGES: dict[str, Any] = {
    "seq": 3,
    "at_ms": FEBRUARY - 1,
    "currency": "EUR",
    "amount_micros": 1,
    "balance_micros": 1,
    "overdraft_micros": 1,
    "command_id": "carry/another",
    "month_ms": MARCH + 1,
    "time_zone": "Europe/Rome",
    "decks": ["another"],
    "lots": [],
    "lots_in_grace": [
        {"lot_id": "G", "remaining_micros": 1, "purchased_ms": 0, "expires_ms": MARCH - 1}
    ],
    "forfeited_to_ms": 7,
    "thresholds": [],
    "fired": ["another"],
    "closed_ms": 1,
    "settled_ms": 1,
    "closures": [{"from_ms": 1, "to_ms": 2}],
    "earlier_decks": [{"until_ms": 2, "decks": ["old"]}],
    "recharge_seq": 99,
    "cdr_offset": 0,
    "command_offset": 0,
    "request_offset": 0,
    "entitlements": [
        {
            "plan_id": "a",
            "usage_country": "US",
            "valid_from_ms": MARCH,
            "licences": 1,
            "seq": 3,
        }
    ],
    "billing_modes": [{"mode": "prepaid", "valid_from_ms": MARCH, "seq": 3}],
    "billing": {"state": "post_paid", "said_ms": 1},
    "owed": [{"month": "2024-02", "owed_micros": 1}],
    "pools": [{"pool": "2024-02/a/all", "used_s": 60}],
    "unlicensed_calls": "waive",
    "time_zone_changes": [
        {
            "time_zone": "Europe/Rome",
            "previous_time_zone": "UTC",
            "valid_from_ms": MARCH,
            "month": "2025-03",
        }
    ],
    "month_ends_ms": APRIL + 1,
    "ended": "2024-05",
    "spending.burn": 1,
    "spending.burn_from_minute": 1,
    "spending.burn_to_minute": 1,
    "spending.hour": 1,
    "spending.spent_micros": 1,
    "spending.spent_before_micros": 1,
    "spending.spend_per_hour_micros": 1,
    "spending.cost_per_call_micros": 1,
    "spending.watch": {"high_rate_micros": 9, "new_high_rate_destinations_max": 9},
    "spending.denied": ["overage"],
    "spending.tripped": ["recharge_cap"],
}


def test_every_field_has_a_change() -> None:
    head = {"entry_id", "tenant_id", "source_topic", "source_partition", "source_offset"}
    fields = {*r.BalanceCarriedForward.__struct_fields__} - {"spending", *head}
    inside = {f"spending.{name}" for name in r.CarriedSpending.__struct_fields__}

    assert fields | inside == set(CHANGES)


def place(tenant: str, number: int) -> int:
    def is_his(entry: dict[str, Any]) -> bool:
        return (entry["kind"], entry["tenant_id"]) == (CARRIED, tenant)

    return place_of(some_months(), LEDGER.name, is_his, number)


@pytest.mark.parametrize("name", CHANGES)
def test_a_field_that_was_changed_in_the_middle_is_found(name: str) -> None:
    topics = altered(some_months(), LEDGER.name, place("watch", 1), {name: CHANGES[name]})
    found = differences(topics)

    assert found != []
    if name not in ("command_id", "seq"):
        said = [each.field for each in found if each.proof == "ledger"]
        assert any(name in each.split(", ") or name.startswith(each) for each in said) or any(
            name.partition(".")[2] in each for each in said if "." in name
        ), said


LOT = ("remaining_micros", "purchased_ms", "expires_ms", "due_ms", "lot_id")


@pytest.mark.parametrize("name", LOT)
def test_a_lot_that_was_changed_is_found(name: str) -> None:
    lots = carried("watch", 1)["lots"]
    lots[0][name] = "another" if name == "lot_id" else lots[0][name] - 1
    found = differences(altered(some_months(), LEDGER.name, place("watch", 1), {"lots": lots}))

    assert "lots" in [each.field for each in found]


CONSISTENT = [name for name in CHANGES if name not in ("seq", "at_ms", "currency", "amount_micros")]


@pytest.mark.parametrize("name", CONSISTENT)
def test_a_beginning_that_was_changed_shows_in_what_comes_after(name: str) -> None:
    """Also where it adds up in itself: the accounts' changelog says something else at the end."""
    index = place("watch", 2)
    partition, record = some_months()[LEDGER.name][index]
    topics = altered(some_months(), LEDGER.name, index, {name: CHANGES[name]})

    assert verdict_on(*cut(topics, partition, record.offset)).differences != []


def test_money_made_up_in_a_beginning_is_found_though_it_adds_up() -> None:
    entry, index = carried("watch", 1), place("watch", 1)
    partition, record = some_months()[LEDGER.name][index]
    lots = entry["lots"]
    lots[-1]["remaining_micros"] += 5
    changed = {"lots": lots, "balance_micros": entry["balance_micros"] + 5}
    topics, starts = cut(
        altered(some_months(), LEDGER.name, index, changed), partition, record.offset
    )
    found = verdict_on(topics, starts).differences

    assert {"accounts", "ledger"} <= {each.proof for each in found}


def test_after_a_beginning_all_is_proven_as_before() -> None:
    index = place("beta", 0)
    partition, record = some_months()[LEDGER.name][index]
    topics, starts = cut(some_months(), partition, record.offset)
    later = place_of(
        topics, LEDGER.name, lambda e: e.get("cdr_id") == "m1" and e["tenant_id"] == "beta"
    )
    for wrong in (
        altered(topics, LEDGER.name, later, {"charge_micros": 1}),
        altered(topics, LEDGER.name, later, {"draws": []}),
        {**topics, LEDGER.name: [*topics[LEDGER.name][:later], *topics[LEDGER.name][later + 1 :]]},
    ):
        assert verdict_on(wrong, starts).differences != []


def test_a_first_entry_that_carries_forward_is_no_beginning_of_a_whole_ledger() -> None:
    index = place("beta", 0)
    partition, record = some_months()[LEDGER.name][index]
    topics, _ = cut(some_months(), partition, record.offset)

    assert verdict_on(topics).differences != []
