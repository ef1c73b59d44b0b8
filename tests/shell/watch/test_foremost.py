"""Foremost: one record is read of what was not seen before, and nothing again."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from rater.kafka.rights import NotAllowedError
from rater.shell.watch.foremost import Foremost
from rater.shell.watch.lag import Offsets, Stretch

ONE, TWO = TopicPartition("t", 0), TopicPartition("t", 1)


class Record(NamedTuple):
    offset: int
    timestamp: int


class Log:
    """A consumer of partitions that hold records at some offsets, and markers at all others."""

    def __init__(self, **records: Sequence[int]) -> None:
        self.records = {
            TopicPartition("t", int(name[1:])): list(at) for name, at in records.items()
        }
        self.ends = dict.fromkeys(self.records, 10)
        self.at: dict[TopicPartition, int] = {}
        self.open: set[TopicPartition] = set()
        self.fetches: list[tuple[TopicPartition, int]] = []
        self.error: KafkaError | None = None

    def assign(self, parts: list[TopicPartition]) -> None:
        self.open = set(parts)

    def seek(self, part: TopicPartition, offset: int) -> None:
        self.at[part] = offset

    def pause(self, *parts: TopicPartition) -> None:
        self.open -= set(parts)

    def resume(self, *parts: TopicPartition) -> None:
        self.open |= set(parts)

    async def position(self, part: TopicPartition) -> int:
        return self.at[part]

    async def getmany(self, *parts: TopicPartition, **_: Any) -> dict[TopicPartition, list[Record]]:
        assert self.open == set(parts)
        if self.error is not None:
            raise self.error
        part = parts[0]
        self.fetches.append((part, self.at[part]))
        rest = [at for at in self.records[part] if at >= self.at[part]]
        if not rest:
            self.at[part] = self.ends[part]
            return {}
        self.at[part] = rest[0] + 1
        return {part: [Record(rest[0], rest[0] * 1_000)]}


def at(committed: int, stable: int = 10) -> Offsets:
    return Offsets(committed, 0, stable, stable)


async def test_the_first_record_is_read_once_for_as_long_as_the_group_stands_there() -> None:
    log = Log(p0=[6, 8])
    foremost = Foremost(log, [ONE])

    for _ in range(3):
        assert await foremost.look("g", {ONE: at(4)}) == {ONE: Stretch(4, 6, 6_000)}
    assert log.fetches == [(ONE, 4)]
    assert await foremost.look("g", {ONE: at(5)}) == {ONE: Stretch(4, 6, 6_000)}
    assert await foremost.look("g", {ONE: at(7)}) == {ONE: Stretch(7, 8, 8_000)}
    assert log.fetches == [(ONE, 4), (ONE, 7)]
    assert log.open == set()


async def test_markers_at_the_end_are_read_once_and_then_what_comes_behind_them() -> None:
    log = Log(p0=[])
    foremost = Foremost(log, [ONE])

    for _ in range(2):
        assert await foremost.look("g", {ONE: at(4)}) == {ONE: Stretch(4, 10)}
    log.records[ONE], log.ends[ONE] = [11], 12
    assert await foremost.look("g", {ONE: at(4, 12)}) == {ONE: Stretch(4, 11, 11_000)}
    assert log.fetches == [(ONE, 4), (ONE, 10)]


async def test_a_group_that_has_taken_all_costs_no_fetch() -> None:
    log = Log(p0=[3], p1=[3])
    foremost = Foremost(log, [ONE, TWO])

    assert await foremost.look("g", {ONE: at(10), TWO: at(400)}) == {}
    assert log.fetches == []


async def test_each_group_has_its_own() -> None:
    foremost = Foremost(Log(p0=[2, 7]), [ONE])

    assert await foremost.look("a", {ONE: at(1)}) == {ONE: Stretch(1, 2, 2_000)}
    assert await foremost.look("b", {ONE: at(5)}) == {ONE: Stretch(5, 7, 7_000)}
    assert await foremost.look("a", {ONE: at(1)}) == {ONE: Stretch(1, 2, 2_000)}


async def test_several_partitions_are_read_to_the_last() -> None:
    log = Log(p0=[5], p1=[])
    foremost = Foremost(log, [ONE, TWO])

    assert await foremost.look("g", {ONE: at(0), TWO: at(0)}) == {
        ONE: Stretch(0, 5, 5_000),
        TWO: Stretch(0, 10),
    }


async def test_what_cannot_be_read_is_not_known_and_tried_again() -> None:
    log = Log(p0=[5])
    foremost = Foremost(log, [ONE])
    log.error = OffsetOutOfRangeError()

    assert await foremost.look("g", {ONE: at(0)}) == {ONE: Stretch(0, 0)}
    log.error = None
    assert await foremost.look("g", {ONE: at(0)}) == {ONE: Stretch(0, 5, 5_000)}


async def test_what_takes_too_long_is_read_on_with_the_next_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rater.shell.watch.foremost.READ_S", -1.0)
    foremost = Foremost(Log(p0=[5]), [ONE])

    assert await foremost.look("g", {ONE: at(0)}) == {ONE: Stretch(0, 0)}


async def test_a_missing_right_ends_the_look() -> None:
    log = Log(p0=[5])
    foremost = Foremost(log, [ONE])
    log.error = NotAllowedError("User:watch", "Read", "topic t")

    with pytest.raises(NotAllowedError):
        await foremost.look("g", {ONE: at(0)})


async def test_a_topic_that_was_made_anew_is_read_anew() -> None:
    log = Log(p0=[6])
    foremost = Foremost(log, [ONE])
    await foremost.look("g", {ONE: at(4)})
    log.records[ONE], log.ends[ONE] = [1], 3

    assert await foremost.look("g", {ONE: at(4, 3)}) == {}
    assert await foremost.look("g", {ONE: at(0, 3)}) == {ONE: Stretch(0, 1, 1_000)}
