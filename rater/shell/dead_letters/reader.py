"""Reader: all dead letters and their ends, from the beginning, then what has come since the last look.

Ends are read before letters: whoever ends a letter has read it. Outside every group; what is committed alone.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, Final

from aiokafka import TopicPartition

from rater.kafka.broker import Broker
from rater.kafka.reading import read_to_end
from rater.shell.dead_letters.letter import Place, letter_of, letter_of_suspended
from rater.shell.dead_letters.open_letters import OpenLetters
from rater.wire.dead_letters import decode_end, decode_letter, tenant_of
from rater.wire.suspended_letters import decode_suspended, reason_of
from topics.catalog import CDR_RAW, DEAD, DEAD_ENDED, RECHARGE_DEAD, SUSPENSE
from topics.topic import Topic

LETTERS: Final = (DEAD, RECHARGE_DEAD)
"""Where dead letters lie. `notifications.dead.v1` has notifications, which could be read and were not delivered: the
notifier knows them by their ids, and sends none again."""
TOPICS: Final = (DEAD_ENDED, *LETTERS)
_POLL_MS: Final = 100


class Reader:
    """A reader of one broker; use `reading_letters`."""

    def __init__(
        self,
        consumer: Any,
        partitions: Mapping[str, int],
        letters: OpenLetters,
        topics: Sequence[Topic] = LETTERS,
    ) -> None:
        """Take a started consumer, how many partitions each topic has, and what takes letters and ends.

        `topics`: where letters are looked for.
        """
        self._consumer = consumer
        self._cdr_partitions = partitions.get(CDR_RAW.name, 0)
        self._groups = [
            [TopicPartition(t.name, n) for t in some for n in range(partitions[t.name])]
            for some in ((DEAD_ENDED,), topics)
        ]
        self.letters = letters
        self.unknown = 0
        """Records that are no dead letters."""
        self._starts: dict[TopicPartition, int] = {}

    async def look(self, seconds: float = float("inf")) -> bool:
        """Read what is there, for so long at most; say whether it was read to the end, or until there are too many."""
        until = monotonic() + seconds
        await self._skip_deleted()
        for parts in self._groups:
            await self._read(parts, until)
        return monotonic() <= until

    async def _read(self, parts: list[TopicPartition], until: float) -> None:
        is_of_letters = parts[0].topic != DEAD_ENDED.name

        def is_enough() -> bool:
            return monotonic() > until or (is_of_letters and self.letters.is_full)

        ends = await self._consumer.end_offsets(parts)
        self._consumer.resume(*parts)
        async for fetched in read_to_end(self._consumer, ends, _POLL_MS, is_enough):
            for part, records in fetched.items():
                self._take(part, records)
        self._consumer.pause(*parts)

    async def _skip_deleted(self) -> None:
        """Forget what retention has deleted, and begin behind it."""
        parts = [part for some in self._groups for part in some]
        starts: dict[TopicPartition, int] = await self._consumer.beginning_offsets(parts)
        if not self._starts:
            self._consumer.assign(parts)
            self._consumer.pause(*parts)
        for part, start in starts.items():
            if part not in self._starts or await self._consumer.position(part) < start:
                self._consumer.seek(part, start)
            if part.topic != DEAD_ENDED.name and self._starts.get(part) != start:
                self.letters.begin_at(Place(part.topic, part.partition, start))
        self._starts = starts

    def _take(self, part: TopicPartition, records: Any) -> None:
        if part.topic == DEAD_ENDED.name:
            for record in records:
                if (end := decode_end(record.value)) is not None:
                    self.letters.end(end)
            return
        if part.topic == SUSPENSE.name:
            self._take_suspended(part, records)
            return
        for record in records:
            dead = decode_letter(record.value)
            if dead is None:
                self.unknown += 1
                continue
            place = Place(part.topic, part.partition, record.offset)
            size = dead.value_bytes or len(dead.value_b64 or "") * 3 // 4
            self.letters.add(letter_of(place, record.timestamp, dead, tenant_of(dead), size))

    def _take_suspended(self, part: TopicPartition, records: Any) -> None:
        for record in records:
            said = decode_suspended(record.value)
            if said is None:
                self.unknown += 1
                continue
            reason = reason_of(said, record.key, self._cdr_partitions)
            if reason is not None:
                place = Place(part.topic, part.partition, record.offset)
                self.letters.add(letter_of_suspended(place, record.timestamp, said, reason))


@asynccontextmanager
async def reading_letters(
    broker: Broker,
    partitions: Mapping[str, int],
    letters: OpenLetters,
    topics: Sequence[Topic] = LETTERS,
    **options: Any,
) -> AsyncIterator[Reader]:
    """Connect for a while; `topics`: where letters are looked for; `options` of the client."""
    consumer = broker.consumer(
        group_id=None,
        enable_auto_commit=False,
        # A position outside a topic means that it was made anew: an error, never a guess.
        auto_offset_reset="none",
        isolation_level="read_committed",
        fetch_max_wait_ms=_POLL_MS,
        **options,
    )
    try:
        await consumer.start()
        yield Reader(consumer, partitions, letters, topics)
    finally:
        await consumer.stop()
