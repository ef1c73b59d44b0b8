"""Watch: how far the charging group has come, and waiting until it has done everything."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from loadtest import clients, logins
from loadtest.progress import Progress
from topics.catalog import APP

POLL_S = 0.1
STILL_S = 1.0
"""A group that has committed nothing for so long may have nothing left: it is looked whether a record is there."""
LOOK_S = 5.0


class LateError(Exception):
    """The group did not reach the end in time; the message says where it stands."""


class Watch:
    """The committed offsets of a consumer group, and the ends of the topics it reads.

    Make one with `watching`.
    """

    def __init__(self, admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer, group: str) -> None:
        """Take clients that are started; `watching` does that."""
        self._admin = admin
        self._consumer = consumer
        self._group = group

    async def ends(self, topic: str) -> dict[int, int]:
        """Return where each partition of a topic ends now."""
        partitions = [TopicPartition(topic, p) for p in await self._partitions(topic)]
        ends = await self._consumer.end_offsets(partitions)
        return {part.partition: end for part, end in ends.items()}

    async def records(self, topic: str) -> int:
        """Return how many offsets a topic holds now, deleted ones not counted."""
        partitions = [TopicPartition(topic, p) for p in await self._partitions(topic)]
        begins = await self._consumer.beginning_offsets(partitions)
        ends = await self._consumer.end_offsets(partitions)
        return sum(ends[part] - begins[part] for part in partitions)

    async def committed(self, topic: str) -> dict[int, int]:
        """Return the group's committed offset per partition; a partition without one is absent.

        A broker that is starting or restarting knows no offsets for the moment: none are returned.
        """
        try:
            offsets = await self._admin.list_consumer_group_offsets(self._group)
        except KafkaError:
            return {}
        return {
            part.partition: at.offset
            for part, at in offsets.items()
            if part.topic == topic and at.offset >= 0
        }

    async def members(self) -> int:
        """Return how many members the group has, all of them assigned; 0 while it changes."""
        (described,) = await self._admin.describe_consumer_groups([self._group])
        _error, _group, state, _type, _protocol, members, *_ = described.groups[0]
        return len(members) if state == "Stable" else 0

    async def until_done(
        self,
        topic: str,
        *,
        timeout_s: float,
        alive: Callable[[], None] = lambda: None,
        ends: Mapping[int, int] | None = None,
    ) -> None:
        """Wait until the group has committed all that the topic holds now, or up to these ends of its partitions.

        What lies behind the last record is never committed where no batch has read it: markers of transactions.
        Too late: LateError. `alive` is called again and again; it may raise when waiting is in
        vain, as when the worker has ended.
        """
        ends = await self.ends(topic) if ends is None else ends
        total, left = sum(ends.values()), ends
        deadline = time.monotonic() + timeout_s
        before: dict[int, int] = {}
        moved_s = time.monotonic()
        with Progress(f"charging {topic}", total, "record") as progress:
            while True:
                alive()
                done = await self.committed(topic)
                progress.to(sum(min(done.get(part, 0), end) for part, end in ends.items()))
                if all(done.get(part, 0) >= end for part, end in left.items()):
                    return
                if done != before:
                    before, moved_s = done, time.monotonic()
                elif time.monotonic() - moved_s > STILL_S:
                    left = await self._with_records(topic, done, left)
                    moved_s = time.monotonic()
                if time.monotonic() > deadline:
                    raise LateError(_where(self._group, topic, done, ends, timeout_s))
                await asyncio.sleep(POLL_S)

    async def _with_records(
        self, topic: str, done: Mapping[int, int], ends: Mapping[int, int]
    ) -> dict[int, int]:
        """Return the ends of those partitions in which a record lies between what is done and the end."""
        return {
            number: end
            for number, end in ends.items()
            if (first := done.get(number, 0)) < end
            and await self._has_record(TopicPartition(topic, number), first, end)
        }

    async def _has_record(self, part: TopicPartition, first: int, end: int) -> bool:
        """Say whether a committed record lies there; a broker that does not tell may have one."""
        begin = (await self._consumer.beginning_offsets([part]))[part]
        self._consumer.assign([part])
        self._consumer.seek(part, max(first, begin))
        deadline = time.monotonic() + LOOK_S
        try:
            while await self._consumer.position(part) < end:
                fetched = await self._consumer.getmany(part, timeout_ms=100)
                if any(each.offset < end for some in fetched.values() for each in some):
                    return True
                if time.monotonic() > deadline:
                    return True
        finally:
            self._consumer.pause(part)
        return False

    async def _partitions(self, topic: str) -> list[int]:
        (described,) = await self._admin.describe_topics([topic])
        if described["error_code"]:
            raise LookupError(f"{topic} is not on the broker")
        return sorted(part["partition"] for part in described["partitions"])


@asynccontextmanager
async def watching(bootstrap: str, group: str = APP) -> AsyncIterator[Watch]:
    """Open a watch on a group; it belongs to no group itself and commits nothing.

    It logs in as whoever reads in that group: nobody else may see how far it is.
    """
    role = logins.member_of(group)
    admin = clients.admin(bootstrap, role)
    consumer = clients.consumer(bootstrap, role=role, auto_offset_reset="earliest")
    try:
        await admin.start()
        try:
            await consumer.start()
            yield Watch(admin, consumer, group)
        finally:
            await consumer.stop()
    finally:
        await admin.close()


def _where(
    group: str, topic: str, done: Mapping[int, int], ends: Mapping[int, int], timeout_s: float
) -> str:
    """Say which partitions are behind."""
    behind = ", ".join(
        f"{part}: {done.get(part, 0)} of {end}"
        for part, end in sorted(ends.items())
        if done.get(part, 0) < end
    )
    return f"{group} has not finished {topic} in {timeout_s:.0f} s: partition {behind}"
