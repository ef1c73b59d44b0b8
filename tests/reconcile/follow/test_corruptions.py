"""Each corruption of the reconciler's tests, made at the tail: a follower that was clean so far finds it at once."""

import pickle
from functools import cache
from typing import Any

import pytest

from rater.reconcile.difference import Difference
from rater.reconcile.folds.published import Published
from rater.reconcile.follow.partition import Partition
from rater.reconcile.reading.log import Record
from tests.reconcile.follow.days import (
    Ends,
    begin,
    follow,
    part_of,
    parts_of,
    published_in,
    turns_of,
)
from tests.reconcile.honest_worker import busy_day
from tests.reconcile.tampering import Topics, altered, place_of, replaced
from tests.reconcile.test_proofs import (
    ACCOUNTS,
    BATCHES,
    CHARGING_TOPICS,
    DEAD,
    DECKS,
    EVENTS,
    LEDGER,
    LIES,
    SOURCES,
    STATUS,
    SUSPENSE,
)

OTHERWISE = {
    (LEDGER, "source_topic", "command_id"): "source_offset",
    (BATCHES, "next_offset", "first_offset"): "records",
}
"""What names a lie where what it would be held against came before; by topic, by the field that lies, and by the one
that is named of a whole log."""


@cache
def _day() -> tuple[Topics, list[Ends], list[bytes]]:
    """Return an honest day, its turns, and a clean follower before each of them."""
    topics, turns = turns_of(busy_day)
    partitions, published, before = begin(), published_in(topics), []
    for part in parts_of(topics, turns):
        before.append(pickle.dumps(partitions))
        assert follow(partitions, part, published) == []
    return topics, turns, before


@cache
def _published() -> Published:
    return published_in(_day()[0])


def _kept(partitions: bytes) -> list[Partition]:
    kept: list[Partition] = pickle.loads(partitions)  # noqa: S301  (Our own.)
    return kept


def _found(topics: Topics, number: int) -> list[Difference]:
    """Return what a clean follower finds in the turn of a number, of topics that are corrupt there."""
    honest, turns, before = _day()
    published = _published() if topics[DECKS] is honest[DECKS] else published_in(topics)
    faults = [*published.shelf.faults, *published.settings.faults, *published.plans.faults]
    partitions = _kept(before[number])
    part = part_of(topics, turns, number)
    return [*faults, *follow(partitions, part, published)]


def _turn_of(topic: str, index: int) -> int:
    """Return the turn with which a record came; decks are there before all, and count with the first charges."""
    topics, turns, _ = _day()
    partition, record = topics[topic][index]
    if topic == DECKS:
        return _turn_of(LEDGER, place_of(topics, LEDGER, lambda v: v["kind"] == "charge"))
    ended = (n for n, ends in enumerate(turns) if record.offset < ends.get((topic, partition), 0))
    return next(ended)


@pytest.mark.parametrize(("topic", "which", "lie", "field"), LIES)
def test_a_record_that_lies_is_named(
    topic: str, which: dict[str, Any], lie: dict[str, Any], field: str
) -> None:
    honest, _, _ = _day()
    index = place_of(honest, topic, lambda value: which.items() <= value.items())

    found = _found(altered(honest, topic, index, lie), _turn_of(topic, index))

    named = OTHERWISE.get((topic, next(iter(lie)), field), field)
    assert named in {difference.field for difference in found}, found


@pytest.mark.parametrize("topic", CHARGING_TOPICS)
@pytest.mark.parametrize("value", [None, b"", b"{", b"\xff\x00", b"[]", b"{}", b"null"])
def test_a_value_that_is_no_record_is_a_difference(topic: str, value: bytes | None) -> None:
    honest, _, _ = _day()
    index = len(honest[topic]) - 1

    assert _found(altered(honest, topic, index, value), _turn_of(topic, index))


@pytest.mark.parametrize("topic", [LEDGER, EVENTS, SUSPENSE, DEAD, *SOURCES, BATCHES, DECKS])
def test_a_record_that_is_gone_is_a_difference(topic: str) -> None:
    honest, _, _ = _day()
    for index in range(0, len(honest[topic]), 9):
        found = _found(replaced(honest, topic, index, []), _turn_of(topic, index))

        assert found, honest[topic][index]


@pytest.mark.parametrize("topic", [LEDGER, EVENTS, SUSPENSE, DEAD, BATCHES])
def test_a_record_that_is_there_twice_is_a_difference(topic: str) -> None:
    honest, turns, _ = _day()
    for index in range(0, len(honest[topic]), 9):
        partition, record = honest[topic][index]
        again = (partition, record.replaced(offset=100_000))
        topics = {**honest, topic: [*honest[topic], again]}

        assert _found(topics, len(turns) - 1), record


def test_one_lost_entry_is_not_a_hundred_differences() -> None:
    honest, _, _ = _day()
    index = place_of(honest, LEDGER, lambda value: value.get("cdr_id") == "c5")

    found = _found(replaced(honest, LEDGER, index, []), _turn_of(LEDGER, index))

    assert "seq" in {difference.field for difference in found}
    assert len(found) < 10


@pytest.mark.parametrize("tenant", [b"acme", b"watch"])
def test_every_byte_of_a_stored_account_counts(tenant: bytes) -> None:
    honest, _, _ = _day()
    keys = [record.key for _, record in honest[ACCOUNTS]]
    index = len(keys) - 1 - keys[::-1].index(tenant)
    value = honest[ACCOUNTS][index][1].value or b""
    number = _turn_of(ACCOUNTS, index)

    for at in range(0, len(value), 7):
        changed = value[:at] + bytes((value[at] ^ 1,)) + value[at + 1 :]
        assert _found(altered(honest, ACCOUNTS, index, changed), number), at


def test_the_last_status_of_a_tenant_may_not_be_gone() -> None:
    honest, _, _ = _day()
    index = place_of(honest, STATUS, lambda value: value["tenant_id"] == "acme", -1)

    found = _found(replaced(honest, STATUS, index, []), _turn_of(STATUS, index))

    assert {difference.key for difference in found} == {"acme"}


def test_nothing_new_is_clean() -> None:
    honest, _, before = _day()
    nothing: dict[str, list[Record]] = {topic: [] for topic in honest}

    assert follow(_kept(before[-1]), [nothing, nothing], published_in(honest)) == []
