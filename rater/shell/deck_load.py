"""Deck load: publishes one version of a rate deck, whole or not at all, and tells which there are.

Rule 1: a version is immutable. The same one again changes nothing; other content is refused.
Rule 2: a version dated back, of a deck that has versions, can change the price of calls already
        made: only when that is said to be meant.
Rule 3: loaders of one deck exclude each other. They share a transactional id, so the later fences
        the earlier, and decides on all that the earlier had committed.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import msgspec
from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.errors import ProducerFenced

from rater.core.decks import Deck, DeckBook, Heading
from rater.shell.deck_topic import DeckTopic
from rater.shell.stream.faust_private import end_of_transaction
from rater.wire.deck_csv import Sheet
from rater.wire.deck_records import Manifest, pack_deck
from rater.wire.decks import DeckAssembler
from rater.wire.times import to_text
from topics.catalog import RATE_DECKS

_NAME = re.compile(rb"([A-Za-z0-9._-]{1,64})/([0-9]{1,10})/")

VISIBLE_TIMEOUT_S = 60.0
_TRANSACTION_TIMEOUT_MS = 30_000
"""A loader that dies in its transaction holds back the readers of the topic for as long as this."""


class LoadRefusedError(Exception):
    """The version may not be published; nothing was."""


class HeldBackError(Exception):
    """Somebody's transaction on the topic stays open and hides what lies behind it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version ready to be published."""

    heading: Heading
    manifest: Manifest
    records: list[tuple[bytes, bytes]]

    @staticmethod
    def of(heading: Heading, sheet: Sheet) -> "Candidate":
        """Pack a sheet that is known to compile."""
        records = pack_deck(heading, sheet)
        return Candidate(heading, msgspec.json.decode(records[-1][1], type=Manifest), records)


@dataclass(slots=True)
class Versions:
    """The versions on the topic: what their manifests say, and which are whole."""

    deck_id: str | None = None
    """The only deck to look at; None: all."""
    book: DeckBook = field(default_factory=DeckBook)
    manifests: dict[tuple[str, int], Manifest] = field(default_factory=dict)
    _assembler: DeckAssembler = field(default_factory=DeckAssembler)

    def take(self, records: Sequence[ConsumerRecord]) -> None:
        """Take in records of the topic, in their order."""
        for record in records:
            name = _name_of(record.key)
            if self.deck_id is None or name[0] == self.deck_id:
                self._take(name, record)

    def is_whole(self, deck_id: str, version: int) -> bool:
        """Say whether a version can price calls."""
        return any(deck.version == version for deck in self.of_deck(deck_id))

    def of_deck(self, deck_id: str) -> list[Deck]:
        """Return the whole versions of a deck, by the instant from which they are in force."""
        return [deck for deck in self.book.versions() if deck.deck_id == deck_id]

    def _take(self, name: tuple[str, int], record: ConsumerRecord) -> None:
        outcome = self._assembler.feed(record.key, record.value)
        if isinstance(outcome, Deck):
            self.book = self.book.with_deck(outcome)
        manifest = _manifest_of(record)
        if manifest is not None and (manifest.deck_id, manifest.version) == name:
            self.manifests.setdefault(name, manifest)


def decide(versions: Versions, candidate: Candidate, now_ms: int, *, backdate: bool) -> bool:
    """Say whether a version is to be published; False: it is there already, the same.

    Raises `LoadRefusedError` with what speaks against it.
    """
    heading = candidate.heading
    name = (heading.deck_id, heading.version)
    published = versions.manifests.get(name)
    if published is not None:
        if published != candidate.manifest:
            raise LoadRefusedError(_difference(versions, published, candidate))
        # A part of it may have been deleted: the same records once more make it whole.
        return not versions.is_whole(*name)
    others = versions.of_deck(heading.deck_id)
    if others and heading.valid_from_ms < now_ms and not backdate:
        known = ", ".join(f"{d.version} from {to_text(d.valid_from_ms)}" for d in others)
        message = (
            f"valid_from: {to_text(heading.valid_from_ms)} is in the past, and deck "
            f"{heading.deck_id} has versions ({known}): calls already made could get another "
            "price. Say --backdate if that is meant"
        )
        raise LoadRefusedError(message)
    return True


def outranked_by(versions: Versions, heading: Heading) -> list[int]:
    """Return the higher versions valid from the same instant: they price all calls instead."""
    return [
        deck.version
        for deck in versions.of_deck(heading.deck_id)
        if deck.valid_from_ms == heading.valid_from_ms and deck.version > heading.version
    ]


async def read_versions(bootstrap: str, topic: str = RATE_DECKS.name) -> Versions:
    """Return all that is committed on the topic."""
    versions = Versions()
    async with DeckTopic(bootstrap, topic=topic) as reader:
        await _read_all(reader, versions)
    return versions


class DeckLoader:
    """The one loader of a deck, from `open` until another opens: reads, then publishes."""

    def __init__(self, bootstrap: str, deck_id: str, topic: str = RATE_DECKS.name) -> None:
        self.versions = Versions(deck_id)
        self._topic = topic
        # Transactions that are open, of whatever deck, hide what was committed behind them.
        self._reader = DeckTopic(bootstrap, wait_for_open=True, topic=topic)
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap,
            transactional_id=f"rater-deck-load-{deck_id}",
            transaction_timeout_ms=_TRANSACTION_TIMEOUT_MS,
            max_request_size=RATE_DECKS.max_message_bytes,
            compression_type="gzip",
        )

    async def __aenter__(self) -> Self:
        """Shut out earlier loaders of this deck, then read all that is committed."""
        try:
            await self._producer.start()
            await self._reader.open()
            async with asyncio.timeout(VISIBLE_TIMEOUT_S):
                await _read_all(self._reader, self.versions)
        except TimeoutError as error:
            await self._close()
            raise HeldBackError(f"{self._held_back()}; nothing was published") from error
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect; what is not committed never was."""
        await self._close()

    async def publish(self, candidate: Candidate) -> None:
        """Publish a version in one transaction; raise when another loader has taken over."""
        try:
            async with self._producer.transaction():
                sent = [
                    await self._producer.send(self._topic, value, key, partition=0)
                    for key, value in candidate.records
                ]
                await asyncio.gather(*sent)
        except ProducerFenced as error:
            # Taken note of, or Python would complain of an exception that nobody has looked at.
            end_of_transaction(self._producer).exception()
            message = (
                f"deck_id: another load of {candidate.heading.deck_id} has begun meanwhile; "
                "nothing was published by this one"
            )
            raise LoadRefusedError(message) from error

    async def wait_until_whole(self, heading: Heading) -> None:
        """Return when readers of committed records see the version whole.

        Raises `HeldBackError` after a minute; the version is published all the same.
        """
        try:
            async with asyncio.timeout(VISIBLE_TIMEOUT_S):
                while not self.versions.is_whole(heading.deck_id, heading.version):
                    self.versions.take(await self._reader.poll())
        except TimeoutError as error:
            raise HeldBackError(f"{self._held_back()}; the version is published") from error

    def _held_back(self) -> str:
        return (
            f"{self._topic}: a transaction has been open for {VISIBLE_TIMEOUT_S:.0f} s and hides "
            "what lies behind it"
        )

    async def _close(self) -> None:
        await self._reader.close()
        await self._producer.stop()


async def _read_all(reader: DeckTopic, versions: Versions) -> None:
    while not reader.at_end:
        versions.take(await reader.poll())


def _name_of(key: bytes | None) -> tuple[str, int]:
    """Return deck and version of a record's key; ("", 0) where it says none."""
    match = _NAME.match(key or b"")
    return (match[1].decode(), int(match[2])) if match else ("", 0)


def _manifest_of(record: ConsumerRecord) -> Manifest | None:
    """Return the manifest in a record; None where it holds none that can be read."""
    if record.value is None or not (record.key or b"").endswith(b"/manifest"):
        return None
    try:
        return msgspec.json.decode(record.value, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _difference(versions: Versions, published: Manifest, candidate: Candidate) -> str:
    """Say in what a version on the topic is another than that of the file."""
    asked = candidate.manifest
    numbers = [v for deck_id, v in versions.manifests if deck_id == published.deck_id]
    if published.digest != asked.digest:
        what = f"has digest {published.digest} on the topic, {asked.digest} in the file"
    else:
        what = ", ".join(
            f"has {name} {getattr(published, name)!r} on the topic, {getattr(asked, name)!r} asked"
            for name in Manifest.__struct_fields__
            if getattr(published, name) != getattr(asked, name)
        )
    advice = f"a version is immutable, load it as version {max(numbers) + 1}"
    return f"version: {published.version} of deck {published.deck_id} {what}; {advice}"
