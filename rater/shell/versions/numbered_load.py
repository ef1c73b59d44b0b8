"""Numbered load: publishes one version of what is numbered and of one record, and tells which there are.

Rule 1: a version is immutable, and the numbers rise: the same one again changes nothing, a lower one is refused.
Rule 2: a version is in force a minute after it is published, at the earliest: by then every worker knows it, and none
        decides by another. One dated back decides otherwise about what was charged already when that is replayed: only
        when it is said to be meant.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Generic, TypeVar

from aiokafka import ConsumerRecord

from rater.core.times import to_text
from rater.kafka.broker import Broker
from rater.shell.versions.shared_loader import LoadRefusedError, SharedLoader, read_all
from rater.shell.versions.shared_topic import SharedTopic
from rater.wire.versions import BadVersion, Numbered, VersionReader
from topics.topic import Topic

LEAD_MS = 60_000
"""The least time between a version's publication and its force."""

V = TypeVar("V", bound=Numbered)


class Published(Generic[V]):
    """The versions on the topic, by their numbers."""

    def __init__(self, reader: VersionReader[V]) -> None:
        """Begin with none."""
        self.versions: dict[int, V] = {}
        self._reader = reader

    def take(self, records: Sequence[ConsumerRecord]) -> None:
        """Take records of the topic, in their order; what a worker skips is skipped."""
        for record in records:
            outcome = self._reader.feed(record.key, record.value)
            if outcome is not None and not isinstance(outcome, BadVersion):
                self.versions[outcome.version] = outcome


def decide(published: Collection[V], asked: V, now_ms: int, *, backdate: bool) -> bool:
    """Say whether a version is to be published; False: it is there already, the same.

    Raises `LoadRefusedError` with what speaks against it.
    """
    known = next((each for each in published if each.version == asked.version), None)
    last = max((each.version for each in published), default=0)
    if known is not None:
        if known == asked:
            return False
        raise LoadRefusedError(
            f"version: {asked.version} is on the topic with other content; a version is immutable, load it as "
            f"version {last + 1}"
        )
    if asked.version < last:
        raise LoadRefusedError(f"version: must be above {last}, the last, found {asked.version}")
    earliest_ms = now_ms + LEAD_MS
    if asked.valid_from_ms < earliest_ms and not backdate:
        raise LoadRefusedError(
            f"valid_from: must be {to_text(earliest_ms)} or later, so that every worker knows the version before it "
            f"decides by it, found {to_text(asked.valid_from_ms)}. Say --backdate if an earlier time is meant"
        )
    return True


async def read_published(broker: Broker, topic: Topic, reader: VersionReader[V]) -> Published[V]:
    """Return all that is committed on the topic."""
    published = Published(reader)
    async with SharedTopic(broker, topic.name, topic.max_message_bytes) as shared:
        await read_all(shared, published.take)
    return published


class NumberedLoader(SharedLoader, Generic[V]):
    """The one loader of a topic, from `open` until another opens: reads, then publishes."""

    def __init__(
        self,
        broker: Broker,
        topic: Topic,
        name: str,
        reader: VersionReader[V],
        encode: Callable[[V], tuple[bytes, bytes]],
    ) -> None:
        """`name` is what loaders exclude each other by; `encode` returns key and value of a version."""
        self.published = Published(reader)
        self._encode = encode
        super().__init__(broker, topic.name, topic.max_message_bytes, name, self.published.take)

    async def load(self, asked: V, now_ms: int, *, backdate: bool) -> bool:
        """Publish a version, and wait until readers see it; False: it is there already, the same.

        Raises `LoadRefusedError` when it may not be, or another loader has taken over.
        """
        if not decide(self.published.versions.values(), asked, now_ms, backdate=backdate):
            return False
        overtaken = "another load has begun meanwhile; nothing was published by this one"
        await self.send([self._encode(asked)], overtaken)
        await self.wait_until(lambda: asked.version in self.published.versions)
        return True
