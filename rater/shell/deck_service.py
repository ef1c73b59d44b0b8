"""Deck service: every whole version of every rate deck, in memory, always up to date.

Each worker runs one: it reads the whole of rate.decks.v1 with a consumer of its own, is ready when
it has read what was there at its start, and then follows. `book` is an immutable snapshot: a step
takes it once and prices its whole batch by it. (Why not Faust's GlobalTable: it applies some
records late or to another table, and swallows errors of recovery.)
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from aiokafka import ConsumerRecord

from rater.core.decks import Deck, DeckBook, Version
from rater.shell.deck_topic import DeckTopic
from rater.shell.metrics import Metrics
from rater.wire.decks import BadDeck, DeckAssembler
from rater.wire.times import to_text
from topics.catalog import RATE_DECKS

log = logging.getLogger(__name__)


class DeckService:
    """The worker's view of the rate decks.

    A record that cannot be used is counted, logged and skipped. Anything else that goes wrong ends
    the service: `failed` gets the exception, and the worker must end too: its decks stand still.
    """

    failed: asyncio.Future[None]
    """Pending as long as all is well; made by `start`."""

    def __init__(self, bootstrap: str, metrics: Metrics, topic: str = RATE_DECKS.name) -> None:
        self.book = DeckBook()
        self._metrics = metrics
        self._topic = DeckTopic(bootstrap, topic=topic)
        self._assembler = DeckAssembler()
        self._caught_up = asyncio.Event()
        self._follower: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to read; raise when there is no broker or no topic."""
        try:
            await self._topic.open()
        except BaseException:
            await self._topic.close()
            raise
        self.failed = asyncio.get_running_loop().create_future()
        self._follower = asyncio.create_task(self._follow(), name="rate decks")
        self._follower.add_done_callback(self._ended)

    async def ready(self) -> None:
        """Return when all that was there at the start is in the book.

        Raises what ended the service, if it ended.
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
        """Stop following; `book` stays as it is."""
        if self._follower is None:
            return
        self._follower.cancel()
        await asyncio.wait({self._follower})
        await self._topic.close()

    async def _follow(self) -> None:
        while True:
            records = await self._topic.poll()
            if records:
                # Compiling a large deck takes seconds: the event loop must go on meanwhile.
                self._take(await asyncio.to_thread(self._assemble, records))
            if self._topic.at_end and not self._caught_up.is_set():
                self._caught_up.set()
                self._tell_beginning()

    def _assemble(self, records: Sequence[ConsumerRecord]) -> list[Version | BadDeck]:
        """Feed records to the assembler; runs in a thread, one call at a time."""
        made: list[Version | BadDeck] = []
        for record in records:
            outcome = self._assembler.feed(record.key, record.value)
            if isinstance(outcome, BadDeck):
                # A price list, or its end, that somebody meant to be in force is not.
                log.error(
                    "record at offset %d of %s[%d] skipped, key %r: %s",
                    record.offset, record.topic, record.partition, outcome.key, outcome.detail,
                )  # fmt: skip
            if outcome is not None:
                made.append(outcome)
        return made

    def _take(self, made: Sequence[Version | BadDeck]) -> None:
        """Put what has become whole into a new book; who holds the old one may go on with it."""
        book = self.book
        for outcome in made:
            if isinstance(outcome, BadDeck):
                self._metrics.deck_record_refused(outcome.detail.partition(":")[0])
                continue
            book = book.with_deck(outcome)
            log.info("rate deck %s", _described(outcome))
        self.book = book
        self._metrics.set_decks_whole(sum(isinstance(one, Deck) for one in book.versions()))

    def _tell_beginning(self) -> None:
        log.info("rate decks: %d versions are whole", len(self.book.versions()))
        if incomplete := self._assembler.incomplete():
            log.warning("rate decks that are not whole and price nothing: %s", incomplete)

    def _ended(self, follower: asyncio.Task[None]) -> None:
        """Hand on what ended the follower; it is logged here, so nobody can miss it."""
        if follower.cancelled():
            self.failed.cancel()
            return
        error = follower.exception()
        log.error("rate decks are no longer followed", exc_info=error)
        self.failed.set_exception(error or RuntimeError("the deck service ended by itself"))
        self.failed.exception()  # Retrieved: no second complaint when nobody awaits it.


def _described(deck: Version) -> str:
    if not isinstance(deck, Deck):
        since = to_text(deck.valid_from_ms)
        return (
            f"{deck.deck_id} version {deck.version} retires it: nothing is priced from {since} on"
        )
    return (
        f"{deck.deck_id} version {deck.version} is whole: {deck.rows} rows, {deck.currency}, "
        f"valid from {to_text(deck.valid_from_ms)}"
    )
