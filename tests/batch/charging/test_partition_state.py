"""A partition's memory, rebuilt from its changelogs."""

import pytest

from rater.batch.charging.accounts import AccountsShard
from rater.batch.charging.decision import Decision
from rater.batch.charging.lot_ids import LotIdsShard
from rater.batch.charging.open_suspense import SuspenseShard
from rater.batch.charging.partition_state import BatchesShard, Shard
from rater.batch.charging.users import UsersShard
from rater.core.pricing.plans.book import NO_BOOK
from tests.build import DAY, NOW, UNIT, Partition, call, opened
from topics.catalog import CDR_RAW, LEDGER, SUSPENSE


def test_a_partition_read_back_from_its_changelogs_knows_all_that_it_knew() -> None:
    partition = opened(("L1", UNIT))
    manifests = []
    for sent in (call(cdr_id="a"), call(cdr_id="b", to="+999123456")):
        partition.take(sent)
        partition.last.place({LEDGER.name: [9], SUSPENSE.name: [4]})
        manifests.append((b"cdr.raw.v1", partition.last.manifest(0, 1)))
    again = Partition()
    accounts, batches = AccountsShard(), BatchesShard()
    accounts.load(list(partition.shard.accounts.items()))
    batches.load(manifests)
    again.shard = Shard(0, accounts, batches, LotIdsShard(), UsersShard(), SuspenseShard())
    assert batches.stream_ms == NOW

    again.take(call(NOW + 1, cdr_id="a", ended_ms=NOW), call(cdr_id="b", to="+999123456"))

    # The offsets begin anew here: the first is at the watermark of the account.
    assert again.outcomes == {"skipped": 1, "duplicate": 1}


def test_a_tombstone_among_the_manifests_is_passed_over() -> None:
    batches = BatchesShard()
    batches.load([(b"cdr.raw.v1", None)])

    assert (batches.stream_ms, len(batches.index)) == (0, 0)


def test_a_manifest_that_is_none_is_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="manifest"):
        BatchesShard().load([(b"cdr.raw.v1", b"{}")])


def _one_manifest() -> bytes:
    partition = opened(("L1", UNIT))
    partition.take(call(cdr_id="a"))
    partition.last.place({LEDGER.name: [9], SUSPENSE.name: []})
    return partition.last.manifest(0, 1)


@pytest.mark.parametrize(
    ("written", "found"), [(b'"layout":2,', "found 2"), (b"", "found none")], ids=["newer", "older"]
)
def test_a_manifest_of_another_layout_is_refused_by_both_numbers(
    written: bytes, found: str
) -> None:
    other = _one_manifest().replace(b'"layout":1,', written)
    shard = BatchesShard()

    # Its ids are of another length: what is said is still the layout.
    for value in (other, other + b"1234"):
        with pytest.raises(ValueError, match=f"batch manifest layout: must be 1, {found}"):
            shard.load([(b"cdr.raw.v1", value)])
    assert (shard.stream_ms, len(shard.index)) == (0, 0)


@pytest.mark.parametrize("more", [b"1234", bytes(28)], ids=["longer entries", "one too many"])
def test_packed_ids_that_are_not_as_many_as_the_header_says_are_refused(more: bytes) -> None:
    shard = BatchesShard()

    with pytest.raises(ValueError, match="manifest ids: 1 of 28 bytes"):
        shard.load([(b"cdr.raw.v1", _one_manifest() + more)])
    assert (shard.stream_ms, len(shard.index)) == (0, 0)


def test_the_window_moves_with_stream_time_and_never_back() -> None:
    shard = Shard.empty(0, window_days=7)
    today = NOW // DAY
    assert shard.oldest_day(NOW) == today - 7

    for at_ms in (NOW + 3 * DAY, NOW):
        shard.apply(Decision(CDR_RAW.name, 0, at_ms, NO_BOOK))

    assert shard.batches.stream_ms == NOW + 3 * DAY
    assert shard.oldest_day(NOW) == today - 4
