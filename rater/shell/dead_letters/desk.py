"""Desk: the open letters that are meant, read once, and what can be done with each of them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from rater.core.charging_settings import SettingsBook
from rater.kafka.broker import Broker
from rater.shell.admin.log import Log, reading_log
from rater.shell.admin.missing import counts_with
from rater.shell.admin.publish import Ready
from rater.shell.dead_letters.choice import as_taken, chosen, content_of
from rater.shell.dead_letters.letter import Letter, Place
from rater.shell.dead_letters.open_letters import OPEN_MAX, OpenLetters
from rater.shell.dead_letters.original import (
    SEVERAL,
    Original,
    Outgoing,
    corrected,
    original_of,
    outgoing,
    rekeyed,
)
from rater.shell.dead_letters.reader import LETTERS, reading_letters
from rater.shell.dead_letters.selection import Selection
from rater.shell.versions.settings_load import read_settings
from rater.wire.dead_letters import decode_letter
from rater.wire.outputs import output_key
from rater.wire.suspended_letters import CONFLICT, MISROUTED, as_letter, decode_suspended
from topics.catalog import BY_NAME, DEAD, DEAD_ENDED, SUSPENSE
from topics.records import Dead

GONE: Final = "the letter is gone"
HIDDEN: Final = "the topic of its record is not there, or this login may not see it"


class Desk:
    """What was read; use `at_desk`."""

    def __init__(
        self,
        log: Log,
        partitions: Mapping[str, int],
        settings: SettingsBook,
        letters: OpenLetters,
    ) -> None:
        """Take what was read, and what reads on."""
        self._log = log
        self._partitions = partitions
        self.settings = settings
        self.letters = letters
        self.unknown = 0
        """Records where dead letters lie that are none."""

    async def read(self, letter: Letter, key: bytes | None = None) -> Dead | None:
        """Return a letter, whole; None: it is gone by now.

        `key`: that of its record, of which suspense has the beginning.
        """
        found = await self._record(letter.place)
        if found is None or letter.place.topic != SUSPENSE.name:
            return None if found is None else decode_letter(found.value)
        said = decode_suspended(found.value)
        whole = key if output_key(key) == found.key else found.key
        return None if said is None else as_letter(said, whole, letter.reason)

    async def content(self, letter: Letter) -> str | None:
        """Return the hash of what a CDR in conflict says; None where nobody knows it, and of other letters."""
        if letter.reason != CONFLICT:
            return None
        original = await self._original(letter)
        return None if isinstance(original, str) else content_of(original.value)

    async def replayed(
        self, letter: Letter, now_ms: int, content: str | None = None
    ) -> Outgoing | str:
        """Return what is to be written again of a letter's record, as it was, or why it cannot be.

        Of a CDR in conflict that is its next version, if its `content` was chosen; what is misrouted gets its own key.
        """
        original, count = await self._original(letter), self._count(letter)
        if isinstance(original, str):
            return original
        settings = self.settings.at(now_ms)
        masks = settings.number_masks
        topic = BY_NAME[letter.source.topic]
        if letter.reason == CONFLICT:
            return as_taken(chosen(topic, original, content, count, masks), settings)
        write = rekeyed if letter.reason == MISROUTED else outgoing
        return write(topic, original, count, masks)

    async def corrected(self, letter: Letter, ready: Ready) -> Outgoing | str:
        """Return what is to be written in place of a letter's record, with its headers as far as they are there."""
        original, count = await self._original(letter), self._count(letter)
        if original in {GONE, HIDDEN, SEVERAL}:
            return str(original)
        headers = () if isinstance(original, str) else original.headers
        return corrected(BY_NAME[letter.source.topic], ready, headers, count)

    def _count(self, letter: Letter) -> int:
        """Return how many partitions the topic of a letter's record has; 0: it may not be seen."""
        return self._partitions.get(letter.source.topic, 0)

    async def _original(self, letter: Letter) -> Original | str:
        count, partition = self._count(letter), letter.source.partition
        if not count:
            return HIDDEN
        if partition >= count:
            return f"partition {partition} of {letter.source.topic} is not there: it has {count}"
        found = await self._record(letter.source)
        dead = await self.read(letter, None if found is None else found.key)
        if dead is None:
            return GONE
        hides = self.settings.hides and letter.place.topic in {DEAD.name, SUSPENSE.name}
        return original_of(dead, found, hides=hides)

    async def _record(self, place: Place) -> Any | None:
        found = await self._log.between(*place, place.offset + 1)
        return found[0] if found else None


@asynccontextmanager
async def at_desk(
    broker: Broker, selection: Selection, most: int = OPEN_MAX
) -> AsyncIterator[Desk]:
    """Read the open letters that are meant, no more than so many; MissingTopicsError where a topic is missing."""
    topics = (*LETTERS, SUSPENSE) if selection.has_suspended else LETTERS
    counts = await counts_with(broker, [topic.name for topic in (DEAD_ENDED, *topics)])
    letters = OpenLetters(selection.has, most)
    async with reading_letters(broker, counts, letters, topics) as reader:
        await reader.look()
    settings = await read_settings(broker)
    async with reading_log(broker) as log:
        desk = Desk(log, counts, settings, letters)
        desk.unknown = reader.unknown
        yield desk
