"""What could be charged: tried out on what charging has committed, tenant by tenant, in the order of the calls."""

import pytest

from rater.shell.admin.who import Who
from rater.shell.process.clock import now_ms
from rater.shell.recycler.recycler import Found, chargeable
from rater.shell.recycling.desk import Desk
from tests.batch.charging.test_open_suspense import NOWHERE, correction, partition_of, waits
from tests.batch.charging.test_recycling import mend
from tests.build import DAY, NOW, UNIT, Partition, Sent, call

WHO = Who("auto-1", "recycler", "it is there")
PRICE = 60_000


def desk_of(partition: Partition) -> Desk:
    desk = Desk(partition.rules, 1, dict(partition.shard.suspense.items()))
    desk.load(dict(partition.shard.accounts.items()), dict(partition.shard.users.items()))
    return desk


def found(partition: Partition, *without: str) -> list[Found]:
    return chargeable(desk_of(partition), WHO, now_ms(), without)


def test_nothing_could_be_charged_as_long_as_nothing_is_mended() -> None:
    assert found(partition_of().take(waits())) == []


def test_what_could_be_charged_is_summed_up_in_the_order_of_the_calls() -> None:
    partition = mend(
        partition_of().take(waits(cdr_id="b"), waits(cdr_id="a", ended_ms=NOW - 1_000))
    )

    (only,) = found(partition)
    assert [each.row.cdr_id for each in only.calls] == ["a", "b"]
    assert only.wish == ("acme", 2, 2 * PRICE, 50 * UNIT, "USD")


def test_what_was_refused_is_left_out() -> None:
    partition = mend(partition_of().take(waits(cdr_id="a"), waits(cdr_id="b")))

    (only,) = found(partition, "cdr.raw.v1/0/0")
    assert [each.row.cdr_id for each in only.calls] == ["b"]


@pytest.mark.parametrize("below", [[call()], [correction(2, kind="void")]])
def test_a_version_above_what_stands_is_not_among_them(below: list[Sent]) -> None:
    partition = mend(partition_of().take(*below, correction(3, to=NOWHERE)))

    assert found(partition) == []


def test_what_waits_for_an_operators_word_is_left_to_operators() -> None:
    partition = partition_of().take(call(ended_ms=NOW - 30 * DAY))

    assert partition.shard.suspense.words.calls == {"acme": 1}
    assert found(partition) == []


def test_a_trial_changes_nothing_of_what_was_read() -> None:
    partition = mend(partition_of().take(waits()))
    desk, again = desk_of(partition), desk_of(partition)
    chargeable(desk, WHO, now_ms())

    assert desk.is_as(again)
    assert chargeable(desk, WHO, now_ms()) == chargeable(again, WHO, now_ms())
    assert not desk.is_as(desk_of(mend(partition.take(waits(cdr_id="c2")))))
