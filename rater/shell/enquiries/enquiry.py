"""Enquiry: records of topics, of one tenant or of all, in a time, as they are committed; nothing is kept of them.

A tenant's records are read from its one partition, from the first of a time on (the broker knows where it is), outside
every group. The time of a record is that at which it was written.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass

import msgspec

from rater.kafka.broker import Broker
from rater.shell.admin import topic_admin
from rater.shell.admin.missing import MissingTopicsError, counts_with
from rater.shell.admin.topic_reader import Selection, Taken, last_of, reading
from rater.wire.lines import Line
from topics.catalog import ACCOUNT_STATUS, Topic
from topics.partitioner import partition_of


class EnquiryError(Exception):
    """What was asked cannot be answered; the message says what to do."""


class UnknownTenantError(EnquiryError):
    """Nothing has ever been said of such a tenant."""

    def __init__(self, tenant: str, broker: Broker) -> None:
        """Name it."""
        super().__init__(
            f"no account of {tenant[:80]!r} on {broker}: `rater account list` prints those that are there"
        )


@contextmanager
def of_another_version(what: str) -> Iterator[None]:
    """Raise EnquiryError where what is read is of a layout, or has fields, that this version does not know."""
    try:
        yield
    except (ValueError, msgspec.MsgspecError) as error:
        # Not what the error says: it tells those who run a worker how to begin anew.
        raise EnquiryError(
            f"{what}: another release has written it; ask with that of the workers"
        ) from error


@dataclass(frozen=True, slots=True)
class Enquiry:
    """A broker that is asked; made by `enquiring`."""

    broker: Broker
    partitions: dict[str, int]
    """By topic."""

    def records(
        self,
        topic: Topic,
        tenant: str | None = None,
        from_ms: int | None = None,
        until_ms: int | None = None,
        *,
        is_following: bool = False,
    ) -> AsyncGenerator[Line, None]:
        """Return the records of a topic: of a tenant, from a time on, up to the first of another, or for ever.

        Raises EnquiryError where the topic is not there.
        """
        selection = Selection(
            tenant=tenant,
            from_ms=_first_ms(from_ms),
            until_ms=until_ms,
            is_following=is_following,
        )
        return self._selected(topic, selection)

    async def records_beside(
        self, topic: Topic, tenant: str, from_ms: int | None = None
    ) -> AsyncGenerator[Line, None]:
        """Yield the records of all tenants of the partition in which one lies, from a time on; likewise."""
        partition = partition_of(tenant.encode(), await self.count_of(topic))
        selection = Selection(from_ms=_first_ms(from_ms), partitions=frozenset((partition,)))
        async with aclosing(self._selected(topic, selection)) as lines:
            async for line in lines:
                yield line

    async def _selected(self, topic: Topic, selection: Selection) -> AsyncGenerator[Line, None]:
        count = await self.count_of(topic)
        async with (
            reading(self.broker, topic, selection) as reader,
            aclosing(reader.lines(count)) as lines,
        ):
            async for line in lines:
                yield line

    async def count_of(self, topic: Topic) -> int:
        """Return how many partitions a topic has; EnquiryError where it is not there, or NotAllowedError."""
        count = self.partitions.get(topic.name)
        if not count:
            # Of this topic alone, and now: a broker writes down whatever it refuses.
            try:
                count = (await counts_with(self.broker, [topic.name]))[topic.name]
            except MissingTopicsError as error:
                raise EnquiryError(str(error)) from error
        return count

    async def latest(self, topic: Topic, tenant: str) -> bytes | None:
        """Return the last value of a tenant's own key in a compacted topic; None: there is none."""
        found: bytes | None = None
        async with aclosing(self.records(topic, tenant)) as lines:
            async for line in lines:
                if line.key == tenant.encode():
                    found = line.value
        return found

    async def selected(
        self, topic: Topic, taken: Callable[[bytes], Taken | None]
    ) -> dict[bytes, Taken]:
        """Return what is taken of the last value of each key of a compacted topic; None takes nothing."""
        async with aclosing(self.records(topic)) as lines:
            return await last_of(lines, taken)

    async def check_tenant(self, tenant: str) -> None:
        """Raise UnknownTenantError where there is no account of a tenant."""
        if await self.latest(ACCOUNT_STATUS, tenant) is None:
            raise UnknownTenantError(tenant, self.broker)


@asynccontextmanager
async def enquiring(broker: Broker) -> AsyncIterator[Enquiry]:
    """Ask a broker what topics it has, and be ready to read them."""
    async with topic_admin.connected(broker) as admin:
        partitions = await admin.partition_counts()
    yield Enquiry(broker, partitions)


def _first_ms(from_ms: int | None) -> int:
    """Return what a selection takes for a time from which on is read; None: from the beginning."""
    return -1 if from_ms is None else max(from_ms, 0)
