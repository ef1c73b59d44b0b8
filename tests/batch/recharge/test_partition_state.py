"""The recharges of a partition: what waits, what is in which state, and how far each source has been applied."""

import pytest

from rater.batch.recharge.batch import EVENTS, RESULTS, TIMERS
from rater.batch.recharge.partition_state import RechargesShard
from rater.core.recharge.machine import State
from rater.core.recharge.state import ANSWER_MS
from tests.recharge_partition import RechargePartition, event, result
from tests.units import NOW


def crossed(*tenants: str) -> RechargePartition:
    partition = RechargePartition()
    for tenant in tenants:
        partition.cross(tenant)
    return partition


def test_a_tenant_is_due_when_its_answer_is_late_and_not_before() -> None:
    shard = crossed("acme", "globex").shard

    assert [] == shard.due(NOW + ANSWER_MS - 1)
    assert [(b"acme", NOW + ANSWER_MS), (b"globex", NOW + ANSWER_MS)] == shard.due(NOW + ANSWER_MS)


def test_who_has_what_it_needs_waits_for_nothing() -> None:
    partition = crossed("acme")
    command = partition.read("payment.commands.v1")[0]
    partition.tell(RESULTS, result(command))
    lot = {"lot_id": f"pay/{command['command_id']}", "amount_micros": 1}
    partition.tell(EVENTS, event("acme", "funds_credited", **lot, balance_micros=10**9))

    assert [] == partition.shard.due(2**62)


def test_states_and_watermarks_are_kept_up_and_read_back_from_the_changelog() -> None:
    partition = crossed("acme", "globex")
    partition.tell(RESULTS, result(partition.read("payment.commands.v1")[0]))
    told = (2, {State.CREDITING: 1, State.REQUESTED: 1}, (3, 0, -1, -1))

    def seen(shard: RechargesShard) -> tuple[object, ...]:
        return len(shard), {s: c for s, c in shard.states().items() if c}, shard.watermarks()

    assert told == seen(partition.shard)
    partition.restart()
    assert told == seen(partition.shard)


def test_a_tombstone_in_the_changelog_is_a_broken_invariant() -> None:
    with pytest.raises(AssertionError):
        RechargesShard().load([(b"acme", None)])


def test_it_is_known_since_when_money_is_under_way() -> None:
    partition = RechargePartition()
    partition.cross("acme", at_ms=NOW)
    partition.cross("globex", at_ms=NOW + 500)
    first, second = partition.read("payment.commands.v1")
    seen = [partition.shard.oldest()]
    partition.tell(RESULTS, result(first), at_ms=NOW + 9_000)
    seen.append(partition.shard.oldest())
    partition.restart()
    seen.append(partition.shard.oldest())
    lot = {"lot_id": f"pay/{first['command_id']}", "amount_micros": 1}
    partition.tell(EVENTS, event("acme", "funds_credited", **lot, balance_micros=10**9))
    seen.append(partition.shard.oldest())
    partition.tell(RESULTS, result(second, "declined"), at_ms=NOW + 9_000)
    seen.append(partition.shard.oldest())

    assert seen == [
        (NOW, None),
        (NOW + 500, NOW),
        (NOW + 500, NOW),
        (NOW + 500, None),
        (None, None),
    ]


def test_of_a_command_that_is_sent_again_the_first_time_counts() -> None:
    partition = crossed("acme")
    due = {
        "type": "recharge_due",
        "command_id": "t",
        "tenant_id": "acme",
        "due_ms": NOW + ANSWER_MS,
    }
    partition.tell(TIMERS, due, at_ms=NOW + ANSWER_MS)

    assert len(partition.read("payment.commands.v1")) == 2
    assert partition.shard.oldest() == (NOW, None)
