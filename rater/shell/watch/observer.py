"""Observer: one look at all groups: what they have committed, where their partitions end, and what they go on with.

Requests of a look: two of each group, for its offsets and its members; three of each leader of partitions, for starts
and ends; and fetches of what has not been seen before. No group is joined, and nothing is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from rater.kafka.broker import Broker
from rater.kafka.groups import Groups
from rater.kafka.rights import not_allowed
from rater.shell.process.clock import now_ms
from rater.shell.watch.foremost import FETCH_BYTES, POLL_MS, Foremost
from rater.shell.watch.lag import Lag, Offsets, lag_of
from topics.catalog import CATALOG
from topics.roles import GROUPS

TAKEN = tuple(topic for topic in CATALOG if topic.taken_by)
"""The topics that some group takes."""
TOPICS_OF: Mapping[str, tuple[str, ...]] = {
    group: tuple(t.name for t in TAKEN if group in {role.group for role in t.taken_by})
    for group in GROUPS
}
"""The topics of each group, in the catalog's order."""
REQUEST_MS = 5_000


class GroupLag(NamedTuple):
    """How far a group is in a partition."""

    group: str
    topic: str
    partition: int
    offsets: Offsets
    lag: Lag


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look has found."""

    lags: list[GroupLag]
    """Of each group and partition, by group, topic and number."""
    members: Mapping[str, int]
    """Of each group: the workers and services that have joined it."""


class Observer:
    """Looks at the groups of one broker. Use it as a context; after an error, make another: it looks all up anew."""

    def __init__(self, broker: Broker, partitions: int) -> None:
        """`partitions` of each topic."""
        self._broker = broker
        self._parts = {
            group: [TopicPartition(t, number) for t in names for number in range(partitions)]
            for group, names in TOPICS_OF.items()
        }
        self._everything = sorted({part for parts in self._parts.values() for part in parts})
        self._stack = AsyncExitStack()
        self._groups: Groups
        self._foremost: Foremost
        self._committed: Any
        self._written: Any

    async def __aenter__(self) -> Self:
        """Connect; NotReachedError, NotAllowedError."""
        async with AsyncExitStack() as stack:
            admin: Any = self._broker.admin(request_timeout_ms=REQUEST_MS)
            stack.push_async_callback(admin.close)
            await admin.start()
            self._groups = Groups(admin)
            self._committed = await self._consumer(stack, "read_committed")
            self._written = await self._consumer(stack, "read_uncommitted")
            self._foremost = Foremost(self._committed, self._everything)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        await self._stack.aclose()

    async def _consumer(self, stack: AsyncExitStack, isolation_level: str) -> Any:
        consumer = self._broker.consumer(
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level=isolation_level,
            request_timeout_ms=REQUEST_MS,
            fetch_max_wait_ms=POLL_MS,
            max_partition_fetch_bytes=FETCH_BYTES,
        )
        stack.push_async_callback(consumer.stop)
        await consumer.start()
        return consumer

    async def look(self) -> Look:
        """Look at everything; NotAllowedError, KafkaError, TimeoutError."""
        offsets = await self._offsets()
        counts = await asyncio.gather(*map(self._groups.members, self._parts))
        members = dict(zip(self._parts, counts, strict=True))
        lags = []
        for group, parts in self._parts.items():
            of = {part: offsets[group, part] for part in parts}
            foremost = await self._foremost.look(group, of)
            at_ms = now_ms()
            lags += [
                GroupLag(
                    group, part.topic, part.partition, each, lag_of(each, foremost.get(part), at_ms)
                )
                for part, each in of.items()
            ]
        return Look(lags=lags, members=members)

    async def _offsets(self) -> dict[tuple[str, TopicPartition], Offsets]:
        """Ask in this order, for all of these only grow: what seems lost is lost, and nothing seems beyond the end."""
        try:
            start = await self._written.beginning_offsets(self._everything)
            committed = await self._all_committed()
            stable = await self._committed.end_offsets(self._everything)
            end = await self._written.end_offsets(self._everything)
        except KafkaError as error:
            principal = self._broker.security.principal()
            raise not_allowed(error, principal, on_topics="Describe") or error from error
        return {
            (group, part): Offsets(committed[group].get(part), start[part], stable[part], end[part])
            for group, parts in self._parts.items()
            for part in parts
        }

    async def _all_committed(self) -> dict[str, dict[TopicPartition, int]]:
        asked = (self._groups.committed(group, parts) for group, parts in self._parts.items())
        return dict(zip(self._parts, await asyncio.gather(*asked), strict=True))
