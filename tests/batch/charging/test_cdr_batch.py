"""A batch of CDRs: read, looked up, decided in order; nothing is changed before it is committed."""

import json
from typing import Any

import pytest

from rater.batch.charging.batch import decide
from rater.batch.charging.cdr_ids import id_digest
from rater.batch.charging.partition_state import Shard
from tests.build import (
    DAY,
    HOUR,
    NOW,
    RULES,
    UNIT,
    Partition,
    Sent,
    Stored,
    call,
    cdr,
    command,
    opened,
    opening,
    order,
)
from topics.catalog import CDR_RAW
from topics.manifests import IdState
from topics.partitioner import partition_of


def reasons(partition: Partition) -> list[str]:
    return [json.loads(value)["reason"] for value in partition.suspense]


def test_calls_are_charged_in_their_order() -> None:
    partition = opened(("L1", UNIT))
    partition.take(call(cdr_id="a"), call(cdr_id="b", billsec=120))

    charged = [x for x in partition.entries() if x["kind"] == "charge"]
    assert [(x["cdr_id"], x["balance_micros"]) for x in charged] == [("a", 875_000), ("b", 625_000)]
    assert partition.account().cdr_offset == 1


def test_a_decision_changes_nothing_until_it_is_committed() -> None:
    partition = opened(("L1", UNIT))
    before = dict(partition.shard.accounts.items())
    records = [Stored(0, NOW, b"acme", call().value)]

    first = decide(partition.shard, CDR_RAW.name, records, RULES, 1)
    second = decide(partition.shard, CDR_RAW.name, records, RULES, 1)

    assert first.outputs() == second.outputs()
    assert dict(partition.shard.accounts.items()) == before


def test_a_second_copy_is_a_duplicate_in_the_same_batch_and_in_a_later_one() -> None:
    partition = opened(("L1", UNIT)).take(call(), call())
    partition.take(call(NOW + HOUR, ended_ms=NOW))

    assert (partition.outcomes["rated"], partition.outcomes["duplicate"]) == (1, 2)


def test_a_second_copy_of_what_waits_is_a_duplicate() -> None:
    partition = (
        opened().take(call(to="+999123456"), call(to="+999123456")).take(call(to="+999123456"))
    )

    assert reasons(partition) == ["no_rate"]
    assert partition.outcomes["duplicate"] == 2


@pytest.mark.parametrize("batches", [1, 2])
def test_the_same_id_with_other_content_is_a_conflict_each_time(batches: int) -> None:
    partition = opened(("L1", UNIT))
    sent = [call(), call(billsec=61), call(billsec=61)]
    if batches == 1:
        partition.take(*sent)
    else:
        partition.take_each(sent)

    assert reasons(partition) == ["conflict", "conflict"]
    assert partition.account().balance == UNIT - 125_000


def test_what_decides_no_charge_makes_no_conflict() -> None:
    partition = opened(("L1", UNIT)).take(call(), call(source="sbc-2", note="again"))

    assert partition.outcomes["duplicate"] == 1


def test_the_same_id_of_another_version_or_tenant_is_another_call() -> None:
    assert id_digest(cdr()) != id_digest(cdr(version=2))
    assert id_digest(cdr()) != id_digest(cdr(tenant_id="globex"))
    assert id_digest(cdr()) == id_digest(cdr(billsec=1))


def test_what_is_remembered_of_a_call_is_the_digest_of_its_key() -> None:
    shard = opened(("L1", UNIT)).shard
    calls: list[dict[str, Any]] = [{"cdr_id": "a"}, {"cdr_id": "b"}, {"cdr_id": "a", "version": 2}]
    records = [Stored(n, NOW, b"acme", call(**said).value) for n, said in enumerate(calls)]

    decision = decide(shard, CDR_RAW.name, records, RULES, 1)

    known = [digest for digest, _, state, *_ in decision.remembered if state == IdState.CHARGED]
    assert known == [id_digest(cdr(**said)) for said in calls]


def test_a_record_that_the_account_has_applied_is_skipped() -> None:
    partition = opened(("L1", UNIT)).take(call())
    partition.redeliver(CDR_RAW.name, [Stored(0, NOW, b"acme", call(billsec=600).value)])

    assert partition.outcomes["skipped"] == 1
    assert partition.account().balance == UNIT - 125_000


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"ended_ms": NOW - 8 * DAY}, "too_old"),
        ({"ended_ms": NOW + DAY + 1_000}, "in_future"),
        ({"tenant_id": "nobody"}, "unknown_tenant"),
        ({"to": "3635"}, "short_number"),
    ],
)
def test_a_call_that_cannot_be_charged_waits(fields: dict[str, Any], reason: str) -> None:
    assert reasons(opened().take(call(**fields))) == [reason]


def test_a_day_is_new_as_long_as_its_calls_are_remembered() -> None:
    midnight = NOW // DAY * DAY
    partition = opened(("L1", UNIT))
    partition.take(call(ended_ms=midnight - 7 * DAY, cdr_id="in"))
    partition.take(call(ended_ms=midnight - 7 * DAY - 1_000, cdr_id="out"))

    assert (partition.outcomes["rated"], reasons(partition)) == (1, ["too_old"])


@pytest.mark.parametrize("key", [None, b"", b"globex", b"\xff\xfe"])
def test_a_record_under_another_key_is_misrouted(key: bytes | None) -> None:
    partition = opened(("L1", UNIT))
    partition.take(Sent(CDR_RAW.name, key, call().value))
    (record,) = map(json.loads, partition.suspense)

    assert (record["reason"], record["belongs_to_partition"]) == ("misrouted", 0)
    assert partition.account().balance == UNIT


def test_a_record_in_another_partition_is_misrouted_and_says_where_it_belongs() -> None:
    right = partition_of(b"acme", 8)
    shard = Shard.empty((right + 1) % 8)
    decision = decide(shard, CDR_RAW.name, [Stored(0, NOW, b"acme", call().value)], RULES, 8)

    (record,) = [json.loads(value or b"") for _, value in decision.suspense]
    assert (record["reason"], record["belongs_to_partition"]) == ("misrouted", right)


def test_a_broken_record_is_a_dead_letter_and_its_neighbours_are_charged() -> None:
    partition = opened(("L1", UNIT))
    partition.take(call(cdr_id="a"), Sent(CDR_RAW.name, b"acme", b"{"), call(cdr_id="b"))

    assert partition.outcomes["rated"] == 2
    assert partition.outcomes["dead.not_json"] == 1
    assert partition.last.records == 3


def test_a_batch_of_nothing_readable_writes_no_entries() -> None:
    partition = opened().take(Sent(CDR_RAW.name, None, None))

    assert partition.outcomes["dead.empty"] == 1
    assert partition.last.remembered == []


def test_an_account_is_worked_on_as_one_through_the_whole_batch() -> None:
    partition = opened(("L1", UNIT))
    partition.take(command(opening("globex")))
    partition.take(call(cdr_id="a"), call(cdr_id="g", tenant_id="globex"), call(cdr_id="b"))

    assert set(partition.last.changed) == {"acme", "globex"}
    assert partition.account().balance == UNIT - 250_000
    assert partition.account("globex").debt == 125_000


def test_an_id_that_has_left_the_window_is_new_within_the_batch_too() -> None:
    sent = [
        call(NOW, cdr_id="old"),
        call(NOW + 9 * DAY, cdr_id="other"),
        call(NOW + 9 * DAY, cdr_id="old"),
    ]

    assert opened().take(*sent).outputs() == opened().take_each(sent).outputs()


@pytest.mark.parametrize("at_ms", [-1, -(10**15), -(2**63)])
def test_a_record_without_a_time_is_of_the_time_of_the_stream(at_ms: int) -> None:
    partition = opened(("L1", UNIT)).take(call(cdr_id="a"))
    sent = call(cdr_id="b")
    partition.take(Sent(sent.topic, sent.key, sent.value, at_ms))

    assert partition.entries()[-1]["at_ms"] == NOW
    assert partition.outcomes["rated"] == 2


def test_a_huge_key_is_not_taken_over() -> None:
    key = b"k" * 3_000_000
    partition = opened()
    partition.take(Sent(CDR_RAW.name, key, b"{"), Sent(CDR_RAW.name, key, call().value))

    assert len(partition.last_keys) == 2
    assert max(len(taken or b"") for taken in partition.last_keys) <= 1_024


def test_a_charge_is_remembered_by_its_own_entry_though_others_follow() -> None:
    partition = opened(("L1", 60 * UNIT))
    limits = order("set_spend_limits", spend_per_hour_micros=1, cost_per_call_micros=1)
    partition.take(command(limits, NOW - HOUR))
    partition.take(call(cdr_id="a"), call(cdr_id="b"))

    kinds = [entry["kind"] for entry in partition.entries()][-4:]
    assert kinds == ["charge", "spend_limit_tripped", "spend_limit_tripped", "charge"]
    ids = partition.last.remembered
    entries = partition.last_entries
    assert [entries[place].entry_id for *_, place, _ in ids] == ["acme/4", "acme/7"]
    partition.take(call(cdr_id="a"))
    assert partition.outcomes["duplicate"] == 1
