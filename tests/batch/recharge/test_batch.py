"""A batch of recharge: where it is cut changes nothing, what comes again changes nothing, and nothing is lost."""

import json
from functools import cache
from random import Random
from typing import Any

import pytest

from rater.batch.recharge.batch import COMMANDS, EVENTS, RESULTS, TIMERS
from rater.core.recharge.machine import State
from rater.shell.admin.validation import RecordCheck
from tests.recharge_partition import (
    CREDITS,
    DEAD,
    MONEY,
    NOTICES,
    QUARANTINE,
    History,
    RechargePartition,
    cut,
    event,
    methods_event,
    result,
    settings_event,
)
from tests.units import NOW, UNIT, YEAR
from topics import catalog

SEEDS = range(8)
BURSTS = 120
CUTS = (2, 7, 10_000)


@cache
def history(seed: int) -> RechargePartition:
    """Return a partition to which much has happened, record by record."""
    return History(Random(seed)).run(BURSTS)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("most", CUTS)
def test_where_a_batch_is_cut_changes_nothing(seed: int, most: int) -> None:
    one_by_one = history(seed)
    cut_otherwise = RechargePartition()
    for topic, records in cut(one_by_one.log, most):
        cut_otherwise.take(topic, records)

    assert one_by_one.outputs == cut_otherwise.outputs
    assert one_by_one.state() == cut_otherwise.state()
    assert one_by_one.outcomes == cut_otherwise.outcomes


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_delivered_again_after_a_crash_changes_nothing(seed: int) -> None:
    """Committed, then killed before memory knew it: the state is read back, and any suffix may come again."""
    chance, log = Random(seed), history(seed).log
    again = RechargePartition()
    for topic, records in cut(log, 7):
        again.take(topic, records)
    before, written = again.state(), {topic: len(again.outputs[topic]) for topic in MONEY}

    for start in sorted(chance.sample(range(len(log)), 12)):
        again.restart()
        for topic, records in cut(log[start:], chance.choice((1, 3, 50))):
            again.take(topic, records)
        assert before == again.state()
        assert written == {topic: len(again.outputs[topic]) for topic in MONEY}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_crash_between_any_two_batches_changes_nothing(seed: int) -> None:
    chance, undisturbed = Random(seed), history(seed)
    killed = RechargePartition()
    for topic, records in cut(undisturbed.log, 5):
        if chance.random() < 0.3:
            killed.restart()
        killed.take(topic, records)

    assert undisturbed.outputs == killed.outputs
    assert undisturbed.state() == killed.state()


def test_the_histories_are_rich_enough_to_prove_something() -> None:
    outcomes = set[str]()
    for seed in SEEDS:
        outcomes |= set(history(seed).outcomes)
        assert all(history(seed).outputs[topic] for topic in (*MONEY, QUARANTINE, DEAD))

    wanted = {"heard", "captured", "captured_late", "duplicate", "declined", "unclear", "stale"}
    wanted |= {"due", "early", "resumed", "quarantined.second_capture", "dead.not_json"}
    assert wanted <= outcomes


@pytest.mark.parametrize("seed", SEEDS)
def test_all_that_is_written_is_in_the_published_language(seed: int) -> None:
    partition = history(seed)

    for name, values in partition.outputs.items():
        check = RecordCheck(catalog.BY_NAME[name])
        for value in values:
            assert [] == check.problems(json.loads(value)), value


def test_every_record_is_counted_once_and_the_manifest_says_so() -> None:
    partition = RechargePartition()
    partition.cross()
    decision = partition.send(RESULTS, b"acme", b"{")
    header = json.loads(decision.manifest(0, 1))

    assert [] == RecordCheck(catalog.RECHARGE_BATCHES).problems(header)
    assert ({"dead.not_json": 1}, 1, RESULTS) == (
        header["outcomes"],
        header["records"],
        header["source_topic"],
    )
    for seed in SEEDS:
        assert len(history(seed).log) == sum(history(seed).outcomes.values())


def test_all_that_recharge_writes_of_a_tenant_has_its_key() -> None:
    for seed in SEEDS:
        partition = history(seed)
        tenants = {b"acme", b"globex", b"initech"}
        assert {key for _, key in partition.keys} <= tenants
        assert {name for name, _ in partition.keys} == {*MONEY, QUARANTINE, DEAD}


def test_a_crossing_a_capture_and_a_credit() -> None:
    partition = RechargePartition()
    command = partition.cross()
    partition.tell(RESULTS, result(command))
    (credit,) = partition.read(CREDITS)
    lot = {"lot_id": credit["lot_id"], "amount_micros": credit["amount_micros"]}
    partition.tell(
        EVENTS, event("acme", "funds_credited", **lot, balance_micros=299_900_000, seq=9)
    )

    assert (200 * UNIT, "USD", "pm_1") == tuple(
        command[name] for name in ("amount_micros", "currency", "method")
    )
    assert ("add_funds", f"pay/{command['command_id']}", 200 * UNIT, 1) == tuple(
        credit[name] for name in ("type", "lot_id", "amount_micros", "recharge_seq")
    )
    assert ["funds_added"] == [notice["kind"] for notice in partition.read(NOTICES)]
    assert State.IDLE == partition.recharge().state


@pytest.mark.parametrize("at_ms", [0, NOW - 3 * YEAR, 4_133_980_800_000])
def test_a_gateway_whose_clock_is_wrong_by_years_neither_loses_money_nor_makes_it_expire(
    at_ms: int,
) -> None:
    partition = RechargePartition()
    command = partition.cross()
    partition.tell(RESULTS, result(command, at_ms=at_ms), NOW + 5_000)
    (credit,) = partition.read(CREDITS)

    assert [] == RecordCheck(catalog.ACCOUNT_COMMANDS).problems(credit)
    assert credit["purchased_at"] in ("2026-03-01T12:00:00Z", "2026-03-01T12:00:05Z")
    assert NOW + 5_000 == partition.recharge().now_ms


STRAYS: list[tuple[str, dict[str, Any]]] = [
    (EVENTS, settings_event("globex")),
    (COMMANDS, {"type": "resume_recharge", "command_id": "r1", "tenant_id": "globex"}),
    (TIMERS, {"type": "recharge_due", "command_id": "d1", "tenant_id": "globex", "due_ms": 1}),
]


@pytest.mark.parametrize(("topic", "said"), STRAYS, ids=lambda part: str(part)[:40])
def test_what_lies_under_anothers_key_changes_nothing_and_is_not_lost(
    topic: str, said: dict[str, Any]
) -> None:
    partition = RechargePartition()
    partition.cross()
    before = partition.state()
    partition.send(topic, b"acme", json.dumps(said).encode())
    (letter,) = partition.read(DEAD)

    assert before == partition.state()
    assert ("unknown_value", "tenant_id") == (letter["reason"], letter["field"])
    assert "misrouted: key: 'acme' in partition 0; globex belongs to 0" == letter["detail"]


def test_a_command_for_a_tenant_that_nobody_has_heard_of_is_not_lost() -> None:
    partition = RechargePartition()
    said = {"type": "resume_recharge", "command_id": "r1", "tenant_id": "hooli"}
    partition.tell(COMMANDS, said)
    (letter,) = partition.read(DEAD)

    assert "unknown_command: tenant_id: hooli is not known here" == letter["detail"]
    assert {} == partition.state()


def test_a_result_in_the_wrong_partition_is_in_quarantine() -> None:
    partition = RechargePartition(partition=0, partitions=8)
    told = result({"command_id": "acme/recharge/1/1/1", "tenant_id": "acme"}, "unknown")
    partition.tell(RESULTS, told)
    (quarantined,) = partition.read(QUARANTINE)

    assert ("misrouted", json.dumps(told)) == (quarantined["reason"], quarantined["result"])


def test_the_first_event_of_an_account_makes_its_recharge() -> None:
    partition = RechargePartition()
    partition.tell(EVENTS, methods_event("acme", "pm_1", currency="EUR"))

    assert ("EUR", State.IDLE) == (partition.recharge().currency, partition.recharge().state)
