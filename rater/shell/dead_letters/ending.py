"""Ending: letters are replayed or dropped, each once, whoever else tries and whenever anybody is killed.

Rule 1: what is written again and that the letter has ended are one Kafka transaction.
Rule 2: there is one who ends letters at a time. All have one transactional id, so that whoever begins shuts out whoever
        was before; and reads which letters are open only then. So what is open cannot be ended by anybody else.
Rule 3: a command that was killed has ended what it had committed; the same command again does the rest.
Rule 4: an end names the one before it in its partition (`topics.chain`), and its record has the time that it says.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any, Final, NamedTuple

from msgspec.structs import asdict, replace

from rater.kafka.broker import Broker
from rater.shell.admin.publish import STALL_S, Place, all_or_none, producing
from rater.shell.admin.who import Who
from rater.shell.dead_letters.letter import Letter
from rater.shell.dead_letters.original import Outgoing
from rater.shell.process.clock import now_ms
from rater.shell.process.failpoints import failpoint
from rater.shell.stream.sending import told_why
from rater.wire.outputs import encode
from topics.catalog import DEAD_ENDED
from topics.chain import NO_LINK, Link, digest_of
from topics.records import DeadEnded
from topics.roles import DEAD_LETTERS_ID
from topics.topic import LARGE

AT_ONCE: Final = 100
"""Letters of one transaction."""
BYTES_AT_ONCE: Final = 16 * 1024 * 1024
"""Of what is written again in it, about; a letter that is larger goes alone."""


class Step(NamedTuple):
    """A letter that is to be ended."""

    letter: Letter
    outgoing: Outgoing | None
    """What is written in place of its record; None: it is dropped."""


class Ender:
    """The one who ends letters, until another begins; use `ending`."""

    def __init__(self, broker: Broker, producer: Any) -> None:
        """Take a started producer."""
        self._broker = broker
        self._producer = producer
        self._links: dict[int, Link] = {}

    def go_on_from(self, links: Mapping[int, Link]) -> None:
        """Take the last ends by partition, which were read since this one began."""
        self._links = dict(links)

    async def end(self, steps: Sequence[Step], who: Who) -> list[DeadEnded]:
        """End letters in one transaction; PublishError: none of them was ended, or nobody knows."""
        links = dict(self._links)
        async with all_or_none(self._producer, self._broker), asyncio.timeout(STALL_S):
            outgoing = [step.outgoing for step in steps if step.outgoing is not None]
            places = iter(await self._write(self._sending(each) for each in outgoing))
            failpoint("dead_letters_after_sends")
            at_ms = now_ms()
            ends = [
                linked(end_of(step, who, at_ms, next(places) if step.outgoing else None), links)
                for step in steps
            ]
            await self._write(self._telling(each) for each in ends)
            failpoint("dead_letters_before_commit")
        failpoint("dead_letters_after_commit")
        self._links = links
        return ends

    async def _write(self, sends: Iterable[Any]) -> list[Place]:
        """Send records; return where they lie."""
        futures: list[asyncio.Future[Any]] = []
        with told_why(self._producer, futures):
            for send in sends:
                futures.append(await send)  # noqa: PERF401 (One by one: `told_why` looks at them.)
            written = await asyncio.gather(*futures)
        return [Place(each.partition, each.offset) for each in written]

    def _sending(self, each: Outgoing) -> Any:
        headers = list(each.headers)
        name, partition = each.topic.name, each.partition
        return self._producer.send(
            name, each.value, each.key, partition=partition, headers=headers or None
        )

    def _telling(self, end: DeadEnded) -> Any:
        place = {"partition": end.dead_partition, "timestamp_ms": end.at_ms}
        return self._producer.send(DEAD_ENDED.name, encode(end), key_of(end), **place)


def key_of(end: DeadEnded) -> bytes:
    """Return the key under which an end is kept: that of one letter, whatever other has its id."""
    return DEAD_ENDED.key.of(asdict(end))


def end_of(step: Step, who: Who, at_ms: int, place: Place | None) -> DeadEnded:
    """Return the end of a letter, whose record lies in a place now; None: nowhere."""
    letter, sent = step.letter, step.outgoing
    topic, partition, offset = letter.place
    return DeadEnded(
        dead_id=letter.dead_id,
        outcome="dropped" if sent is None else "replayed",
        reason=letter.reason,
        letter_at_ms=letter.at_ms,
        dead_topic=topic,
        dead_partition=partition,
        dead_offset=offset,
        at_ms=at_ms,
        job_id=who.job_id,
        by=who.by,
        why=who.why,
        sent_partition=None if place is None else place.partition,
        sent_offset=None if place is None else place.offset,
        sent_sha256=sha256(sent.value).hexdigest() if sent and sent.is_corrected else None,
    )


def linked(end: DeadEnded, links: dict[int, Link]) -> DeadEnded:
    """Return an end that names the one before it in its partition; it is the last one from then on."""
    before = links.get(end.dead_partition, NO_LINK)
    numbered = replace(end, number=before.number + 1)
    digest = digest_of(before, encode(numbered))
    links[end.dead_partition] = Link(before.number + 1, digest)
    return replace(numbered, chain_sha256=digest)


def portions(letters: Iterable[Letter]) -> Iterator[list[Letter]]:
    """Yield letters in their order, as many at once as one transaction takes."""
    some: list[Letter] = []
    size = 0
    for letter in letters:
        if some and (len(some) == AT_ONCE or size + letter.value_bytes > BYTES_AT_ONCE):
            yield some
            some, size = [], 0
        some.append(letter)
        size += letter.value_bytes
    if some:
        yield some


@asynccontextmanager
async def ending(broker: Broker) -> AsyncIterator[Ender]:
    """Shut out whoever ended letters before, and be the one who does."""
    async with producing(broker, DEAD_LETTERS_ID, LARGE, AT_ONCE) as producer:
        yield Ender(broker, producer)
