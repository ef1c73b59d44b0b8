"""Wherever a log is cut beside workers that write, and however much later each topic is read, it is clean."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from faust.types import TP

from rater.reconcile.difference import Difference
from rater.reconcile.reading.cut import CHARGING, RECHARGE, cut_log
from rater.reconcile.reading.log import READ, Located, logs_of
from rater.reconcile.report import begin, prove
from rater.shell.stream.batches import RecordBatch
from rater.wire.unread import last_offset_of
from tests.reconcile import honest_circle
from tests.reconcile.follow.days import Ends, published_in
from tests.reconcile.honest_circle import HonestCircle
from tests.reconcile.honest_worker import PARTITIONS, _taken


class Moments(HonestCircle):
    """A circle of which it is known where all topics ended after each transaction, and each has a time of its own."""

    def __post_init__(self) -> None:
        self.moments: list[Ends] = []
        super().__post_init__()

    def passed(self) -> None:
        self.moments.append(dict(self.ends))
        self.now_ms += 3

    def produce(
        self, topic: str, key: bytes | None, value: bytes | None, partition: int | None = None
    ) -> None:
        super().produce(topic, key, value, partition)
        self.passed()

    def flush(self) -> None:
        super().flush()
        self.passed()

    async def _take(self, tp: TP, size: int) -> None:
        """Take what is there, past the markers behind it, as the consumer does."""
        records = [
            _taken(tp, record)
            for partition, record in self.topics[tp.topic]
            if partition == tp.partition and record.offset >= self.taken[tp]
        ]
        for at in range(0, len(records), size):
            chunk = records[at : at + size]
            is_last = at + size >= len(records)
            end = self.ends[tp.topic, tp.partition]
            next_offset = end if is_last else (last_offset_of(chunk[-1]) or chunk[-1].offset) + 1
            await self.stepper.take(RecordBatch(tp, chunk, self.taken[tp], next_offset))
            self.taken[tp] = next_offset
            self.passed()


def read_at(circle: Moments, charging: int, recharge: int, others: int) -> list[Difference]:
    """Return what differs in what is read beside the workers, each group of topics at its moment."""
    moments = {CHARGING: charging, RECHARGE: recharge}
    keyed: dict[str, list[Located]] = {}
    for topic in READ:
        ends = circle.moments[moments.get(topic, others)]
        keyed[topic] = [
            (partition, record)
            for partition, record in circle.topics.get(topic, [])
            if record.offset < ends.get((topic, partition), 0)
        ]
    published = published_in(dict(circle.topics))
    verdict = begin(published)
    for log in logs_of(keyed, PARTITIONS):
        prove(verdict, cut_log(log), published)
    return verdict.differences


def readings(circle: Moments, every: int, first: int) -> Iterator[tuple[int, int, int]]:
    """Yield moments at which the three groups of topics may be read."""
    last = len(circle.moments) - 1
    for charging in range(first, last + 1, every):
        for later in (0, 1, 4, 19):
            recharge = min(charging + later, last)
            for more in (0, 2, 30):
                yield charging, recharge, min(recharge + more, last)


def found(circle: Moments, every: int, first: int = 0) -> dict[tuple[int, int, int], list[Any]]:
    """Return what differs, by when it was read."""
    return {
        moments: wrong
        for moments in readings(circle, every, first)
        if (wrong := read_at(circle, *moments))
    }


@pytest.fixture
def circle(monkeypatch: pytest.MonkeyPatch) -> Moments:
    monkeypatch.setattr(honest_circle, "HonestCircle", Moments)
    made: Any = honest_circle.busy_circle()
    made.flush()
    assert all(sum(a.values()) <= sum(b.values()) for a, b in pairwise(made.moments))
    return made  # type: ignore[no-any-return]


@pytest.mark.parametrize("first", range(2))
def test_wherever_it_is_cut_it_is_clean(circle: Moments, first: int) -> None:
    assert found(circle, every=41, first=first * 17) == {}


def test_what_charging_had_not_said_when_its_manifests_were_read_must_not_be_read_sooner(
    circle: Moments,
) -> None:
    """Were the others read first, the manifests would speak of what is not there."""
    last = len(circle.moments) - 1

    assert read_at(circle, last, last, last // 2) != []
