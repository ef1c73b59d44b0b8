"""One step's transaction: when the coordinators are told, and what waits for them. The rest the tests on Kafka show."""

from __future__ import annotations

import asyncio
from collections import Counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn, cast

import pytest
from aiokafka import TopicPartition
from faust.types import TP

from rater.shell.stream.leases import Lease, MisplacedError
from rater.shell.stream.transaction import Step

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE = TP("cdrs", 3)


class Batch:
    """A batch of Kafka's with room for all."""

    def __init__(self) -> None:
        self.records = 0
        self._builder = SimpleNamespace(append=self.append)
        self._relative_offset = 0

    def append(self, *_: Any) -> object:
        self.records += 1
        return object()

    def close(self) -> None:
        pass

    def record_count(self) -> int:
        return self.records


class Producer:
    """Writes down what it is asked for; its coordinators answer when `answer` is set."""

    def __init__(self) -> None:
        self.asked: list[object] = []
        self.answer = asyncio.Event()
        self.error: Exception | None = None
        self.ended = asyncio.get_running_loop().create_future()
        self.log: Counter[str] = Counter()
        """How many records and markers lie in each topic."""
        self.open: set[str] = set()
        self._txn_manager = SimpleNamespace(
            maybe_add_partition_to_txn=self.add,
            wait_for_transaction_end=lambda: self.ended,
        )

    def add(self, place: TopicPartition) -> None:
        self.asked.append(place)
        self.open.add(place.topic)

    def create_batch(self) -> Batch:
        return Batch()

    async def begin_transaction(self) -> None:
        self.asked.append("begin")

    async def send_offsets_to_transaction(
        self, offsets: Mapping[TopicPartition, int], _: str
    ) -> None:
        self.asked.append(offsets[TopicPartition(*SOURCE)])
        await self.answer.wait()
        if self.error is not None:
            raise self.error

    async def send_batch(self, batch: Batch, topic: str, partition: int) -> asyncio.Future[Any]:
        self.asked.append((topic, partition, batch.records))
        sent = asyncio.get_running_loop().create_future()
        sent.set_result(SimpleNamespace(offset=self.log[topic]))
        self.open.add(topic)
        self.log[topic] += batch.records
        return sent

    async def commit_transaction(self) -> None:
        self.asked.append("commit")
        self.mark()

    async def abort_transaction(self) -> None:
        self.asked.append("abort")
        self.mark()

    def mark(self) -> None:
        """Write the markers."""
        self.log.update(self.open)
        self.open.clear()


class GivenUpError(Exception):
    """The worker ends."""


class Owner:
    """The transactions that the step belongs to."""

    group_id = "group"

    def check(self, lease: Lease) -> None:
        pass

    def note_committed(self, *_: Any) -> None:
        pass

    async def give_up(self, error: BaseException, lease: Lease) -> NoReturn:
        raise GivenUpError from error


def lease_of(producer: Producer) -> Lease:
    return Lease(3, 1, cast("Any", producer))


def step_of(producer: Producer) -> Step:
    return Step(Owner(), lease_of(producer), SOURCE)


async def written(lease: Lease, records: int, *, topics: tuple[str, ...] = ("out",)) -> list[int]:
    """Take a step that writes so many records to `out`, and return where they lie, as it was told."""
    async with Step(Owner(), lease, SOURCE) as step:
        step.enlist(7, topics)
        step.write("out", 3, [(b"k", b"v")] * records)
        offsets = list(await step.offsets("out", 3))
        await step.commit(7)
    return offsets


async def turns(count: int = 9) -> None:
    """Let everybody else go on."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_nothing_is_sent_before_the_coordinators_have_answered() -> None:
    producer = Producer()
    async with step_of(producer) as step:
        step.enlist(7, ("out", "changes"))
        step.write("out", 3, [(b"k", b"v")])
        writing = asyncio.create_task(cast("Any", step.offsets("out", 3)))
        await turns()
        assert [
            "begin",
            TopicPartition("out", 3),
            TopicPartition("changes", 3),
            7,
        ] == producer.asked

        producer.answer.set()
        assert [0] == list(await writing)
        await step.commit(7)

    assert [("out", 3, 1), "commit"] == producer.asked[4:]


async def test_of_a_batch_that_was_cut_the_offset_that_was_reached_is_committed() -> None:
    producer = Producer()
    producer.answer.set()
    async with step_of(producer) as step:
        step.enlist(7, ())
        step.write("out", 3, [(b"k", b"v")])
        await step.commit(4)

    assert ["begin", 7, ("out", 3, 1), 4, "commit"] == producer.asked


async def test_a_step_that_told_nobody_commits_its_offset_at_the_end() -> None:
    producer = Producer()
    producer.answer.set()
    async with step_of(producer) as step:
        step.write("out", 3, [(b"k", b"v")])
        await step.commit(7)

    assert ["begin", ("out", 3, 1), 7, "commit"] == producer.asked


async def test_when_a_coordinator_refuses_nothing_is_sent_and_the_worker_ends() -> None:
    producer = Producer()
    producer.error = RuntimeError("fenced")
    producer.answer.set()

    async def refused() -> None:
        async with step_of(producer) as step:
            step.enlist(7, ("out",))
            step.write("out", 3, [(b"k", b"v")])
            await step.commit(7)

    with pytest.raises(GivenUpError):
        await refused()

    assert not [asked for asked in producer.asked if isinstance(asked, tuple) and len(asked) == 3]
    assert "commit" not in producer.asked


async def test_where_records_will_lie_is_foreseen_from_the_second_step_on() -> None:
    producer = Producer()
    producer.answer.set()
    lease = lease_of(producer)
    producer.log["out"] = 40

    assert [40, 41, 42] == await written(lease, 3)
    assert [44] == await written(lease, 1)

    producer.answer.clear()
    async with Step(Owner(), lease, SOURCE) as step:
        step.enlist(7, ("out",))
        step.write("out", 3, [(b"k", b"v")] * 2)
        assert [46, 47] == list(await step.offsets("out", 3))
        await turns()
        assert [7] == producer.asked[-1:], "nothing was sent"
        producer.answer.set()
        await step.commit(7)


async def test_records_that_lie_elsewhere_than_foreseen_are_taken_back() -> None:
    producer = Producer()
    producer.answer.set()
    lease = lease_of(producer)
    await written(lease, 3)
    producer.log["out"] += 1  # somebody else

    with pytest.raises(MisplacedError, match=r"out partition 3: .* foreseen at 4, it lies at 5"):
        await written(lease, 1)

    assert "abort" == producer.asked[-1]
    assert [7] == await written(lease, 1), (
        "behind 3 records, a marker, another, the one taken back, its marker"
    )
    assert [9] == await written(lease, 1)


async def test_what_gets_a_marker_alone_is_not_foreseen() -> None:
    producer = Producer()
    producer.answer.set()
    lease = lease_of(producer)
    await written(lease, 1)
    async with Step(Owner(), lease, SOURCE) as step:
        step.enlist(7, ("out",))
        await step.commit(7)

    assert [3] == await written(lease, 1)


async def test_a_step_that_is_left_foresees_nothing() -> None:
    producer = Producer()
    producer.answer.set()
    lease = lease_of(producer)
    await written(lease, 1)

    async def broken() -> None:
        async with Step(Owner(), lease, SOURCE) as step:
            step.write("out", 3, [(b"k", b"v")])
            raise AssertionError

    with pytest.raises(AssertionError):
        await broken()

    assert {} == lease.ends


async def test_a_step_that_is_left_waits_for_what_it_sent_and_takes_it_back() -> None:
    producer = Producer()
    producer.answer.set()

    async def broken() -> None:
        async with step_of(producer) as step:
            step.enlist(7, ("out",))
            step.write("out", 3, [(b"k", b"v")])
            await step.offsets("out", 3)
            raise AssertionError

    with pytest.raises(AssertionError):
        await broken()

    assert "abort" == producer.asked[-1]
