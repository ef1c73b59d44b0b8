"""Deck versions: what is committed on the deck topic, for those who load, retire and list."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
from aiokafka import ConsumerRecord

from rater.core.pricing.decks import Deck, DeckBook, Retirement, Version
from rater.core.times import to_text
from rater.kafka.broker import Broker
from rater.shell.versions.shared_loader import read_all
from rater.shell.versions.shared_topic import SharedTopic
from rater.wire.pricing.decks import DeckAssembler
from topics.catalog import RATE_DECKS
from topics.records import DeckManifest

_NAME = re.compile(rb"([A-Za-z0-9._-]{1,64})/([0-9]{1,10})/")


@dataclass(slots=True)
class Versions:
    """The versions on the topic: what their manifests say, and which are whole."""

    deck_id: str | None = None
    """The only deck to look at; None: all."""
    book: DeckBook = field(default_factory=DeckBook)
    manifests: dict[tuple[str, int], DeckManifest] = field(default_factory=dict)
    _assembler: DeckAssembler = field(default_factory=DeckAssembler)

    def take(self, records: Sequence[ConsumerRecord]) -> None:
        """Take in records of the topic, in their order."""
        for record in records:
            name = _name_of(record.key)
            if self.deck_id is None or name[0] == self.deck_id:
                self._take(name, record)

    def is_whole(self, deck_id: str, version: int) -> bool:
        """Say whether a version takes part: it can price calls, or it retires the deck."""
        return any(deck.version == version for deck in self.of_deck(deck_id))

    def of_deck(self, deck_id: str) -> list[Version]:
        """Return the whole versions of a deck, by the instant from which they are in force."""
        return [deck for deck in self.book.versions() if deck.deck_id == deck_id]

    def known(self, deck_id: str) -> str:
        """Name the whole versions of a deck, for people."""
        return ", ".join(
            f"{one.version} {'retired ' if isinstance(one, Retirement) else ''}from "
            f"{to_text(one.valid_from_ms)}"
            for one in self.of_deck(deck_id)
        )

    def next_version(self, deck_id: str) -> int:
        """Return the number of the next version of a deck, those counted that are not whole."""
        numbers = [version for name, version in self.manifests if name == deck_id]
        return max([0, *numbers, *(one.version for one in self.of_deck(deck_id))]) + 1

    def _take(self, name: tuple[str, int], record: ConsumerRecord) -> None:
        outcome = self._assembler.feed(record.key, record.value)
        if isinstance(outcome, Deck | Retirement):
            self.book = self.book.with_deck(outcome)
        manifest = _manifest_of(record)
        if manifest is not None and (manifest.deck_id, manifest.version) == name:
            self.manifests.setdefault(name, manifest)


async def read_versions(broker: Broker, topic: str = RATE_DECKS.name) -> Versions:
    """Return all that is committed on the topic."""
    versions = Versions()
    async with SharedTopic(broker, topic, RATE_DECKS.max_message_bytes) as reader:
        await read_all(reader, versions.take)
    return versions


def _name_of(key: bytes | None) -> tuple[str, int]:
    """Return deck and version of a record's key; ("", 0) where it says none."""
    match = _NAME.match(key or b"")
    return (match[1].decode(), int(match[2])) if match else ("", 0)


def _manifest_of(record: ConsumerRecord) -> DeckManifest | None:
    """Return the manifest in a record; None where it holds none that can be read."""
    if record.value is None or not (record.key or b"").endswith(b"/manifest"):
        return None
    try:
        return msgspec.json.decode(record.value, type=DeckManifest)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
