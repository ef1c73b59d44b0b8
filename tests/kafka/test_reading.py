"""Reading to an end: the position counts; and back, where the partition is still ours."""

from __future__ import annotations

from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError

from rater.kafka.reading import put_back, read_to_end

ONE, TWO = TopicPartition("topic", 0), TopicPartition("topic", 1)


class Log:
    """A consumer of partitions whose fetches are known: records, and the position that they lead to."""

    def __init__(self, fetches: dict[TopicPartition, list[tuple[list[str], int]]]) -> None:
        self.fetches = fetches
        self.positions = dict.fromkeys(fetches, 0)
        self.paused: list[TopicPartition] = []

    async def position(self, tp: TopicPartition) -> int:
        return self.positions[tp]

    def pause(self, *tps: TopicPartition) -> None:
        self.paused += tps

    def seek(self, tp: TopicPartition, offset: int) -> None:
        if tp not in self.positions:
            raise IllegalStateError(tp)
        self.positions[tp] = offset

    async def getmany(self, *tps: TopicPartition, timeout_ms: int) -> dict[TopicPartition, Any]:
        assert not set(tps) & set(self.paused)
        found = {}
        for tp in tps:
            records, self.positions[tp] = self.fetches[tp].pop(0)
            if records:
                found[tp] = records
        return found


async def read(log: Log, ends: dict[TopicPartition, int], rounds: int = 99) -> list[str]:
    seen: list[str] = []
    asked = iter(range(rounds))
    async for fetched in read_to_end(log, ends, 1, lambda: next(asked, None) is None):
        seen += [record for records in fetched.values() for record in records]
    return seen


async def test_all_is_read_though_a_partition_ends_with_markers() -> None:
    log = Log({ONE: [(["a"], 1), ([], 2), (["b"], 3), ([], 5)], TWO: [(["x", "y"], 2)]})

    assert await read(log, {ONE: 5, TWO: 2}) == ["a", "x", "y", "b"]
    assert log.paused == [TWO, ONE]


async def test_nothing_is_asked_of_what_is_at_its_end() -> None:
    log = Log({ONE: [], TWO: [(["x"], 1)]})

    assert await read(log, {ONE: 0, TWO: 1}) == ["x"]


async def test_reading_ends_when_it_has_become_pointless() -> None:
    log = Log({ONE: [(["a"], 1), (["b"], 2)]})

    assert await read(log, {ONE: 2}, rounds=1) == ["a"]


def test_records_are_put_back_where_the_partition_is_still_ours() -> None:
    class At:
        offset = 7

    log = Log({ONE: []})
    put_back(log, ONE, [At(), object()])
    assert log.positions == {ONE: 7}

    put_back(log, TWO, [At()])
    assert log.positions == {ONE: 7}
