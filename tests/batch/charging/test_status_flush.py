"""The flush pays the statuses that are owed, and no others."""

import json

from rater.batch.charging.status_flush import decide_flush
from rater.core.pricing.plans.book import NO_BOOK
from tests.build import NOW, UNIT, call, opened


def test_a_status_that_is_owed_is_paid_once() -> None:
    partition = opened(("L1", UNIT)).take(call(cdr_id="a"), call(cdr_id="b"))
    assert partition.account().dirty

    partition.flush(NOW + 500)
    assert json.loads(partition.statuses[-1])["balance_micros"] == UNIT - 250_000
    assert not partition.account().dirty
    assert partition.shard.accounts.dirty() == []

    count = len(partition.statuses)
    partition.flush(NOW + 600)
    assert len(partition.statuses) == count


def test_accounts_that_owe_nothing_or_are_gone_are_passed_over() -> None:
    partition = opened()

    assert decide_flush(partition.shard, [b"acme", b"gone"], NOW, NO_BOOK).changed == {}


def test_a_flush_changes_no_sequence_number_and_no_stream_time() -> None:
    partition = opened(("L1", UNIT)).take(call(cdr_id="a"), call(cdr_id="b"))
    seq, stream_ms = partition.account().seq, partition.shard.batches.stream_ms
    partition.flush(NOW + 5_000)

    assert (partition.account().seq, partition.shard.batches.stream_ms) == (seq, stream_ms)
