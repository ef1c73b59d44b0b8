"""Recycling: what waits is charged once when it can be, waits on, or is dropped; at every cut, and after a restart."""

import json
from typing import Any

import pytest

from rater.core.pricing.decks import DeckBook
from rater.core.pricing.rates import Action, Row
from rater.core.pricing.rules import Rules
from tests.batch.charging.test_open_suspense import (
    NOWHERE,
    correction,
    partition_of,
    restarted,
    row,
    rows,
    waits,
)
from tests.build import (
    DAY,
    HOUR,
    NOW,
    ROWS,
    RULES,
    UNIT,
    Partition,
    Sent,
    call,
    command,
    deck,
    opened,
    opening,
    order,
    settings_version,
)
from topics.manifests import IdState, unpack_ids

LATER = NOW + HOUR
WHO = {"by": "ann@acme.example", "why": "the deck is mended", "job_id": "j1"}


def mended(rules: Rules = RULES) -> Rules:
    """Return the rules with a deck that has a price for what waits: 0.06 a minute."""
    book = DeckBook.of([deck(*ROWS, Row(20, "999", 60_000_000))])
    return Rules(book, rules.numbering, rules.settings, rules.plans)


def mend(partition: Partition) -> Partition:
    partition.rules = mended(partition.rules)
    return partition


def recycle(kind: str, command_id: str = "r1", **changes: Any) -> dict[str, Any]:
    named = {"cdr_id": "c1", "version": 1, "suspense_id": "cdr.raw.v1/0/0"}
    return order(kind, command_id, **{**named, **WHO, **changes})


def release(command_id: str = "r1", at_ms: int = LATER, **changes: Any) -> Sent:
    return command(recycle("release_call", command_id, **changes), at_ms)


def drop(command_id: str = "d1", at_ms: int = LATER, **changes: Any) -> Sent:
    return command(recycle("drop_call", command_id, **changes), at_ms)


def charges(partition: Partition) -> list[dict[str, Any]]:
    return [each for each in partition.entries() if each["kind"] == "charge"]


def reasons(partition: Partition) -> list[str]:
    return [e["reason"] for e in partition.entries() if e["kind"] == "command_rejected"]


def test_a_call_that_waits_is_charged_once_the_deck_has_its_price() -> None:
    partition = mend(partition_of().take(waits())).take(release())

    (entry,) = charges(partition)
    assert (entry["charge_micros"], entry["at_ms"], entry["prefix"]) == (60_000, LATER, "999")
    assert entry["source_topic"] == "account.timers.v1"
    assert entry["waited"] == {
        "suspense_id": "cdr.raw.v1/0/0",
        "at_ms": NOW,
        "reason": "no_rate",
        "by": "ann@acme.example",
        "why": "the deck is mended",
    }
    assert entry["job_id"] == "j1"
    assert rows(partition) == {}
    assert partition.last.recycled == {("no_rate", "charged"): 1}


def test_it_is_charged_as_if_it_had_been_charged_at_once() -> None:
    late = mend(partition_of().take(waits())).take(release())
    at_once = partition_of()
    mend(at_once).take(waits())

    names = ("call", "lines", "draws", "charge_micros", "balance_micros", "deck_version", "prefix")
    assert [charges(late)[0][n] for n in names] == [charges(at_once)[0][n] for n in names]


@pytest.mark.parametrize("command_id", ["r1", "r2"])
def test_released_twice_it_is_charged_once(command_id: str) -> None:
    partition = mend(partition_of().take(waits())).take(release(), release(command_id))
    partition.take(release(command_id, LATER + HOUR))

    assert len(charges(partition)) == 1
    assert set(reasons(partition)) == ({"not_waiting"} if command_id == "r2" else set())


def test_after_a_restart_it_is_charged_once() -> None:
    partition = restarted(mend(partition_of().take(waits())).take(release()))
    partition.take(waits(LATER + DAY, ended_ms=NOW), release("r2", LATER + 30 * DAY))

    assert len(charges(partition)) == 1
    assert partition.outcomes["duplicate"] == 1


def test_what_still_has_no_price_waits_on_for_what_it_waits_for_now() -> None:
    partition = partition_of().take(waits())
    book = DeckBook.of([deck(*ROWS, Row(20, "999", 0, action=Action.DENY))])
    partition.rules = Rules(book, RULES.numbering, partition.rules.settings, RULES.plans)
    partition.take(release())

    (refused,) = [each for each in partition.entries() if each["kind"] == "command_rejected"]
    assert refused["reason"] == "still_waits"
    assert refused["waits"]["reason"] == "denied"
    assert row(partition).reason == "denied"
    mend(partition).take(release("r2"))
    assert charges(partition)[0]["waited"]["reason"] == "denied"


def test_a_call_of_an_account_that_is_opened_later_is_charged() -> None:
    partition = Partition().take(call(tenant_id="late"))
    partition.take(release(tenant_id="late"))
    partition.take(command(opening("late"), LATER), release("r2", LATER, tenant_id="late"))

    assert reasons(partition) == ["unknown_tenant"]
    assert [each["charge_micros"] for each in charges(partition)] == [125_000]
    assert rows(partition) == {}


def test_a_licence_that_is_set_later_lets_its_calls_be_charged() -> None:
    partition = opened(("L1", 50 * UNIT))
    partition.take(command(order("set_unlicensed_calls", calls="suspend"), NOW - HOUR))
    partition.take(call(user_id="ann"))
    licensed = order("set_user", "u1", user_id="ann", usage_country="US", credits_licence=True)
    partition.take(release())
    partition.take(command({**licensed, "valid_from": "2026-02-01T00:00:00Z"}, LATER))
    partition.take(release("r2"))

    assert reasons(partition) == ["still_waits"]
    assert [each["waited"]["reason"] for each in charges(partition)] == ["no_user_capability"]


def test_a_call_that_was_replaced_is_not_charged_and_the_other_one_is() -> None:
    partition = partition_of().take(waits(), correction(2, NOW + 1, to=NOWHERE, billsec=120))
    mend(partition).take(release(), release("r2", version=2, suspense_id="cdr.raw.v1/0/1"))

    assert reasons(partition) == ["not_waiting"]
    assert [(e["version"], e["charge_micros"]) for e in charges(partition)] == [(2, 120_000)]
    partition.take(correction(3, LATER, to=NOWHERE, billsec=60))
    assert charges(partition)[-1]["charge_micros"] == 60_000
    assert partition.account().balance == 50 * UNIT - 60_000


def test_what_was_corrected_meanwhile_is_not_charged_again() -> None:
    partition = partition_of().take(waits(), correction(2, NOW + 1))
    mend(partition).take(release())

    assert reasons(partition) == ["not_waiting"]
    assert [each["version"] for each in charges(partition)] == [2]


def test_a_version_that_waits_beside_a_charge_waits_on() -> None:
    partition = partition_of().take(call(), correction(2, NOW + 1, to=NOWHERE))
    mend(partition).take(release(version=2, suspense_id="cdr.raw.v1/0/1"))

    assert reasons(partition) == ["still_waits"]
    assert row(partition).reason == "correction_unsupported"
    assert len(charges(partition)) == 1


def test_a_dropped_call_is_never_charged() -> None:
    partition = partition_of().take(waits()).take(drop())
    mend(partition).take(release(), drop("d2"), waits(LATER, ended_ms=NOW))

    (entry,) = [each for each in partition.entries() if each["kind"] == "call_dropped"]
    assert entry["waited"]["by"] == "ann@acme.example"
    assert (entry["seq"], entry["cdr_id"]) == (2, "c1")
    assert charges(partition) == []
    assert reasons(partition) == ["not_waiting", "not_waiting"]
    assert partition.outcomes["duplicate"] == 1
    assert rows(partition) == {}


def test_a_call_of_nobody_can_be_dropped() -> None:
    partition = Partition().take(call(tenant_id="nobody")).take(drop(tenant_id="nobody"))

    assert [each["seq"] for each in partition.entries()] == [0]
    assert rows(partition) == {}


def test_late_money_is_no_sign_of_fraud_and_counts_for_the_users_month() -> None:
    partition = opened(("L1", 50 * UNIT))
    limits = order("set_spend_limits", spend_per_hour_micros=50_000, cost_per_call_micros=1_000)
    partition.take(command(limits, NOW - HOUR))
    user = order("set_user", "u1", user_id="ann", usage_country="US", credits_licence=True)
    partition.take(command({**user, "valid_from": "2026-02-01T00:00:00Z"}, NOW - HOUR))
    partition.take(waits(user_id="ann"))
    mend(partition).take(release())

    assert [each["charge_micros"] for each in charges(partition)] == [60_000]
    assert not any(each["kind"] == "spend_limit_tripped" for each in partition.entries())
    spending = partition.account().spending
    assert (spending.spent, spending.burn, spending.held) == (0, 0, 0)
    assert json.loads(partition.user_statuses[-1])["spent_micros"] == 60_000


def test_its_id_is_remembered_as_charged() -> None:
    partition = mend(partition_of().take(waits())).take(release())

    ids = {each.state: each for each in unpack_ids(partition.last.ids.tobytes())}
    entry = json.loads(partition.ledger[ids[IdState.CHARGED].place])
    assert (entry["kind"], entry["cdr_id"]) == ("charge", "c1")


def test_a_call_without_an_account_to_charge_waits_on_in_the_closed_time() -> None:
    partition = opened(("L1", 50 * UNIT))
    partition.take(command(order("close_account", "x"), NOW - HOUR), call())
    partition.take(release(), command(order("reopen_account", "y"), LATER), release("r2"))

    assert reasons(partition) == ["still_waits", "still_waits"]
    assert row(partition).reason == "account_closed"


@pytest.mark.parametrize("size", [1, 2, 100])
def test_many_are_charged_at_every_cut(size: int) -> None:
    partition = partition_of()
    ids = [f"c{n}" for n in range(9)]
    partition.take(*[waits(cdr_id=each) for each in ids])
    asked = [
        release(f"r/{name}", cdr_id=name, suspense_id=f"cdr.raw.v1/0/{n}")
        for n, name in enumerate(ids)
    ]
    asked += asked[:4]
    mend(partition)
    for first in range(0, len(asked), size):
        partition.take(*asked[first : first + size])

    assert [each["cdr_id"] for each in charges(partition)] == ids
    assert partition.account().balance == 50 * UNIT - 9 * 60_000


def test_a_later_settings_version_may_mend_what_contradicted_itself() -> None:
    partition = opened(("L1", 50 * UNIT)).take(
        call(billsec=3_000, answered_at="2026-03-01T11:50:00Z")
    )
    assert row(partition).reason == "contradictory"
    looser = settings_version(1, LATER)
    fields = {name: getattr(looser, name) for name in looser.__match_args__}
    book = RULES.settings.with_version(
        type(looser)(**{**fields, "duration_tolerance_percent": 100})
    )
    partition.rules = RULES.with_settings(book)
    partition.take(release())

    assert len(charges(partition)) == 1


@pytest.mark.parametrize("stands", ["charged", "voided"])
def test_a_version_that_waits_above_what_stands_is_not_released(stands: str) -> None:
    kind = "final" if stands == "charged" else "void"
    below = [call()] if stands == "charged" else [call(), correction(2, kind=kind)]
    partition = mend(partition_of().take(*below, correction(3, to=NOWHERE)))
    place = f"cdr.raw.v1/0/{len(below)}"
    partition.take(release(version=3, suspense_id=place))

    last = partition.entries()[-1]
    assert (last["reason"], last["waits"]["reason"]) == ("still_waits", "correction_unsupported")
    assert f"an earlier version is {stands}" in last["detail"]
    # A version that comes after it does what it would have done.
    partition.take(correction(4, to=NOWHERE))
    assert charges(partition)[-1]["charge_micros"] == 60_000
    assert "reverses" in partition.entries()[-1] or stands == "charged"
