"""What a tenant is entitled to: held against the commands, the ledger's own order, and the accounts' changelog."""

import json
from functools import cache
from typing import Any

import pytest

from tests.reconcile.honest_worker import DAY_MS, START_MS, HonestWorker, at
from tests.reconcile.tampering import Topics, altered, differences, place_of
from topics.catalog import ACCOUNTS_CHANGELOG, BALANCE_EVENTS, LEDGER

SET = "entitlements_set"


def licences(plan_id: str, number: int, usage_country: str = "US") -> dict[str, Any]:
    return {"plan_id": plan_id, "usage_country": usage_country, "licences": number}


@cache
def entitled() -> Topics:
    """Return the topics of an account whose licences change: now, ahead, back, and long ago."""
    worker = HonestWorker()
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "A", 9_000_000)
    worker.work()
    for days, named in (
        (None, [licences("domestic", 115), licences("domestic", 10, "FR")]),
        (20, [licences("domestic", 100)]),
        (-1, [licences("domestic", 120)]),
        (-500, [licences("domestic", 1), licences("small", 3)]),
        (-450, [licences("domestic", 2), licences("small", 0)]),
    ):
        worker.now_ms += 1_000
        since = {} if days is None else {"valid_from": at(START_MS + days * DAY_MS)}
        worker.command("acme", "set_entitlements", entitlements=named, reason="order", **since)
        worker.call("acme", f"c{days}", billsec=61)
        worker.work()
    for days, mode in (
        (5, "post_paid"),
        (-500, "post_paid"),
        (-450, "prepaid"),
        (-440, "post_paid"),
        (-1, "prepaid"),
    ):
        worker.now_ms += 1_000
        since = {"valid_from": at(START_MS + days * DAY_MS)}
        worker.command("acme", "set_billing_mode", mode=mode, reason="moved", **since)
        worker.work()
    worker.command("acme", "set_auto_recharge", enabled=True, trigger_h=1, amount_micros=10**8)
    worker.command("acme", "set_entitlements", entitlements=[licences("x", n) for n in (1, 2)])
    worker.command("nobody", "set_entitlements", entitlements=[licences("x", 1)])
    worker.work()
    return dict(worker.topics)


def entries() -> list[dict[str, Any]]:
    return [json.loads(record.value or b"") for _, record in entitled()[LEDGER.name]]


def test_licences_that_change_are_clean() -> None:
    found = [entry for entry in entries() if entry["kind"] == SET]

    assert differences(entitled()) == []
    assert [entry.get("dated_back", False) for entry in found] == [False, False, True, True, True]
    assert [entry.get("forgotten", 0) for entry in found] == [0, 0, 0, 0, 3]
    reasons = [entry["reason"] for entry in entries() if entry["kind"] == "command_rejected"]
    assert reasons == ["invalid_setting", "unknown_tenant", "invalid_setting"]


@pytest.mark.parametrize(
    ("which", "lie", "field"),
    [
        (0, {"valid_from_ms": 1}, "valid_from_ms"),
        (1, {"valid_from_ms": START_MS}, "valid_from_ms"),
        (0, {"entitlements": [licences("domestic", 116)]}, "entitlements"),
        (0, {"entitlements": [licences("domestic", 116)]}, "contract"),
        (0, {"entitlements": [licences("domestic", n) for n in (1, 2)]}, "entitlements"),
        (0, {"dated_back": True}, "dated_back"),
        (2, {"dated_back": False}, "dated_back"),
        (4, {"forgotten": 2}, "forgotten"),
        (3, {"reason": "never"}, "reason"),
        (3, {"amount_micros": 1}, "balance_micros"),
        (3, {"command_id": "another"}, "command_id"),
    ],
)
def test_a_lie_about_the_licences_is_named(which: int, lie: dict[str, Any], field: str) -> None:
    index = place_of(entitled(), LEDGER.name, lambda value: value["kind"] == SET, which)

    found = differences(altered(entitled(), LEDGER.name, index, lie))

    assert field in {one.field for one in found}, found


def test_billing_modes_that_change_are_kept_as_far_as_a_call_can_ask() -> None:
    found = [entry for entry in entries() if entry["kind"] == "billing_mode_set"]

    assert [entry.get("forgotten", 0) for entry in found] == [0, 0, 2, 0, 0]


@pytest.mark.parametrize(
    ("which", "lie", "field"),
    [
        (0, {"mode": "prepaid"}, "mode"),
        (0, {"mode": "prepaid"}, "contract"),
        (0, {"valid_from_ms": 1}, "valid_from_ms"),
        (1, {"dated_back": False}, "dated_back"),
        (2, {"forgotten": 1}, "forgotten"),
        (4, {"reason": None}, "reason"),
    ],
)
def test_a_lie_about_the_billing_mode_is_named(which: int, lie: dict[str, Any], field: str) -> None:
    kind = "billing_mode_set"
    index = place_of(entitled(), LEDGER.name, lambda value: value["kind"] == kind, which)

    found = differences(altered(entitled(), LEDGER.name, index, lie))

    assert field in {one.field for one in found}, found


@pytest.mark.parametrize("kind", ["entitlements_changed", "billing_mode_changed"])
def test_an_event_that_is_gone_is_named(kind: str) -> None:
    topics = entitled()
    index = place_of(topics, BALANCE_EVENTS.name, lambda value: value["kind"] == kind)
    left = [*topics[BALANCE_EVENTS.name][:index], *topics[BALANCE_EVENTS.name][index + 1 :]]

    assert "events" in {one.proof for one in differences({**topics, BALANCE_EVENTS.name: left})}


def test_every_byte_of_a_stored_contract_counts() -> None:
    topics = entitled()
    index = len(topics[ACCOUNTS_CHANGELOG.name]) - 1
    value = topics[ACCOUNTS_CHANGELOG.name][index][1].value or b""

    unnoticed = [
        at
        for at in range(len(value) - 90, len(value))
        if not differences(
            altered(
                topics,
                ACCOUNTS_CHANGELOG.name,
                index,
                value[:at] + bytes((value[at] ^ 1,)) + value[at + 1 :],
            )
        )
    ]

    assert unnoticed == []
