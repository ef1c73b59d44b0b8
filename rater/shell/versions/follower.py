"""Follower: a worker's view of a topic of versions, in memory, always up to date.

It reads the whole topic with a consumer of its own, is ready when it has read what was there at its start, and then
follows. What it knows is an immutable snapshot: a step takes it once, for its whole batch. (Why not Faust's
GlobalTable: it applies some records late or to another table, and swallows errors of recovery.)
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from aiokafka import ConsumerRecord, TopicPartition

from rater.kafka.unread import Unread
from rater.shell.versions.shared_topic import SharedTopic

log = logging.getLogger(__name__)

_DETAIL_MAX = 2_000
"""Characters of what is wrong with a record: it may quote what a stranger wrote."""

Made = TypeVar("Made")
"""What a record, or several together, make: a version, or what is wrong."""


class Follower(Generic[Made]):
    """Reads one topic; a subclass says what its records mean.

    A record that cannot be used is counted, logged and skipped. Anything else that goes wrong ends the follower:
    `failed` gets the exception, and the worker must end too: what it knows stands still.
    """

    what: ClassVar[str]
    """What the topic carries, for people."""

    failed: asyncio.Future[None]
    """Pending as long as all is well; made by `start`."""

    reached: Mapping[TopicPartition, int]
    """Up to where all that was read is taken, by partition; empty before anything was."""

    def __init__(self, topic: SharedTopic) -> None:
        self.reached = {}
        self._topic = topic
        self._caught_up = asyncio.Event()
        self._follower: asyncio.Task[None] | None = None

    def assemble(self, records: Sequence[ConsumerRecord]) -> list[Made]:
        """Make of records what they make; runs in a thread, one call at a time."""
        raise NotImplementedError

    def take(self, made: Sequence[Made]) -> None:
        """Put what was made into a new snapshot; who holds the old one may go on with it."""
        raise NotImplementedError

    def tell_beginning(self) -> None:
        """Log what was there at the start."""
        raise NotImplementedError

    async def start(self) -> None:
        """Begin to read; raise when there is no broker or no topic."""
        try:
            await self._topic.open()
        except BaseException:
            await self._topic.close()
            raise
        self.failed = asyncio.get_running_loop().create_future()
        self._follower = asyncio.create_task(self._follow(), name=self.what)
        self._follower.add_done_callback(self._ended)

    async def ready(self) -> None:
        """Return when all that was there at the start is known.

        Raises what ended the follower, if it ended.
        """
        waiter = asyncio.ensure_future(self._caught_up.wait())
        either: list[asyncio.Future[Any]] = [waiter, self.failed]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiter.cancel()
        if self.failed.done():
            self.failed.result()

    async def progress(self) -> str:
        """Say how far the reading has come, for `/readyz`."""
        return await self._topic.progress()

    async def stop(self) -> None:
        """Stop following; what is known stays as it is."""
        if self._follower is None:
            return
        self._follower.cancel()
        await asyncio.wait({self._follower})
        await self._topic.close()

    async def _follow(self) -> None:
        while True:
            records = _readable(await self._topic.poll())
            if records:
                # Compiling a large deck takes seconds: the event loop must go on meanwhile.
                self.take(await asyncio.to_thread(self.assemble, records))
            self.reached = await self._topic.positions()
            if self._topic.at_end and not self._caught_up.is_set():
                self._caught_up.set()
                self.tell_beginning()

    def _ended(self, follower: asyncio.Task[None]) -> None:
        """Hand on what ended the follower; it is logged here, so nobody can miss it."""
        if follower.cancelled():
            self.failed.cancel()
            return
        error = follower.exception()
        log.error("%(what)s are no longer followed", {"what": self.what}, exc_info=error)
        self.failed.set_exception(
            error or RuntimeError(f"the follower of {self.what} ended by itself")
        )
        self.failed.exception()  # Retrieved: no second complaint when nobody awaits it.


def _readable(records: Sequence[ConsumerRecord]) -> list[ConsumerRecord]:
    """Return the records but for those that stand for a batch which was not unpacked; log these."""
    for record in records:
        if isinstance(record, Unread):
            tell_skipped(record, "", f"and all up to {record.last_offset}: {record.why}")
    return [record for record in records if not isinstance(record, Unread)]


def tell_skipped(record: ConsumerRecord, key: str, detail: str) -> None:
    """Log a record that cannot be used: what somebody meant to be in force is not."""
    log.error(
        "record at offset %(offset)d of %(topic)s[%(partition)d] skipped, key %(key)r: %(reason)s",
        {
            "offset": record.offset,
            "topic": record.topic,
            "partition": record.partition,
            "key": key,
            "reason": detail[:_DETAIL_MAX],
        },
    )
