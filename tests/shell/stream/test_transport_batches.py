"""Batches: their offsets, and the order in which they reach the agents."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from aiokafka.errors import InvalidTxnState, KafkaError, ProducerFenced
from faust.types import TP

from rater.kafka.broker import Broker
from rater.shell.stream.batches import BatchScheduler, RecordBatch, batch_scheduler
from rater.shell.stream.consumer import OffsetsLostError
from rater.shell.stream.faust_settings import faust_settings
from rater.shell.stream.leases import AssignmentError, NotOwnedError, is_fenced
from rater.shell.stream.transactions import assigned_together


@dataclass
class Record:
    offset: int
    key: bytes = b"k"
    value: bytes = b"v"
    timestamp: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()


def batch(topic: str, partition: int) -> RecordBatch:
    tp = TP(topic, partition)
    return RecordBatch(tp, [Record(5), Record(6), Record(9)], start_offset=3, next_offset=12)


def order(scheduler: BatchScheduler, *tps: tuple[str, int]) -> list[tuple[str, int]]:
    fetched = {TP(*tp): batch(*tp) for tp in tps}
    return [(tp.topic, tp.partition) for tp, _ in scheduler.iterate(fetched)]


def test_a_batch_tells_where_it_begins_and_what_to_commit() -> None:
    taken = batch("cdrs", 0)

    assert (taken.start_offset, taken.first_offset) == (3, 5)
    assert (taken.last_offset, taken.next_offset) == (9, 12)
    assert len(taken) == 3


def test_commands_go_before_the_cdrs_that_were_fetched_with_them() -> None:
    scheduler = BatchScheduler(first=["commands"])

    for _ in range(4):
        topics = [topic for topic, _ in order(scheduler, ("cdrs", 0), ("cdrs", 1), ("commands", 1))]

        assert topics == ["commands", "cdrs", "cdrs"]


def test_every_partition_gets_the_first_turn_in_turn() -> None:
    scheduler = BatchScheduler()
    tps = [("cdrs", 0), ("cdrs", 1), ("cdrs", 2)]

    firsts = {order(scheduler, *tps)[0] for _ in range(3)}

    assert firsts == set(tps)


def test_every_batch_is_delivered_once() -> None:
    tps = [("cdrs", 0), ("cdrs", 1), ("commands", 0), ("commands", 1)]

    assert sorted(order(BatchScheduler(first=["commands"]), *tps)) == sorted(tps)


def test_nothing_fetched_is_nothing_delivered() -> None:
    assert order(BatchScheduler()) == []


def test_a_batch_holds_at_least_one_record() -> None:
    with pytest.raises(ValueError, match="records_per_batch must be at least 1, not 0"):
        batch_scheduler([], 0)


def test_faust_gets_a_scheduler_with_our_order() -> None:
    settings = faust_settings(Broker("a:1,b:2"), first_topics=["commands"], records_per_batch=7)

    assert settings["ConsumerScheduler"]().records_per_batch == 7
    assert settings["broker"] == "batchkafka://a:1;batchkafka://b:2"


def test_lost_records_and_topics_made_anew_are_told_apart() -> None:
    lost = str(OffsetsLostError(TP("cdrs", 3), expected=10, found=50))
    anew = str(OffsetsLostError(TP("cdrs", 3), expected=10, found=0))

    assert "cdrs partition 3: expected offset 10, but records 10 to 49 were deleted" in lost
    assert "the topic was made anew: it begins at 0" in anew


def test_an_error_caused_by_fencing_counts_as_fenced() -> None:
    wrapped = KafkaError("Unexpected error during batch delivery")
    wrapped.__cause__ = InvalidTxnState()

    assert is_fenced(ProducerFenced())
    assert is_fenced(NotOwnedError("partition 1"))
    assert is_fenced(wrapped)


def test_other_errors_do_not_count_as_fenced() -> None:
    assert not is_fenced(KafkaError("the broker is gone"))
    assert not is_fenced(None)


def test_partitions_that_are_not_assigned_together_are_refused() -> None:
    whole = {TP("cdrs", 1), TP("commands", 1), TP("cdrs", 3), TP("commands", 3)}

    assert assigned_together(whole) == {1, 3}
    assert assigned_together([]) == set()
    with pytest.raises(AssignmentError, match=r"only \{'commands': \[3\]\}"):
        assigned_together(whole - {TP("commands", 1)})


def test_a_batch_is_cut_where_the_next_record_begins() -> None:
    first, rest = batch("a", 0).cut(2)

    assert rest is not None
    assert ([r.offset for r in first.records], first.start_offset, first.next_offset) == (
        [5, 6],
        3,
        9,
    )
    assert ([r.offset for r in rest.records], rest.start_offset, rest.next_offset) == ([9], 9, 12)


def test_a_batch_that_is_taken_whole_has_no_rest() -> None:
    whole = batch("a", 0)

    assert whole.cut(3) == (whole, None)
