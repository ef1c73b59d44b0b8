"""Deck load: publishes one version of a rate deck, whole or not at all.

Rule 1: a version is immutable. The same one again changes nothing; other content is refused.
Rule 2: a version dated back, of a deck that has versions, can change the price of calls already
        made: only when that is said to be meant.
Rule 3: a deck has one currency: a version in another is refused.
Rule 4: loaders of one deck exclude each other (`shared_loader`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from rater.core.pricing.decks import Heading
from rater.core.times import to_text
from rater.kafka.broker import Broker
from rater.shell.versions.deck_versions import Versions
from rater.shell.versions.shared_loader import LoadRefusedError, SharedLoader
from rater.wire.pricing.deck_csv import Sheet
from rater.wire.pricing.deck_records import pack_deck
from topics.catalog import RATE_DECKS
from topics.records import DeckManifest
from topics.roles import DECK_LOADER


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version ready to be published."""

    heading: Heading
    manifest: DeckManifest
    records: list[tuple[bytes, bytes]]

    @staticmethod
    def of(heading: Heading, sheet: Sheet) -> "Candidate":
        """Pack a sheet that is known to compile."""
        records = pack_deck(heading, sheet)
        return Candidate(heading, msgspec.json.decode(records[-1][1], type=DeckManifest), records)


def decide(versions: Versions, candidate: Candidate, now_ms: int, *, backdate: bool) -> bool:
    """Say whether a version is to be published; False: it is there already, the same.

    Raises `LoadRefusedError` with what speaks against it.
    """
    heading = candidate.heading
    name = (heading.deck_id, heading.version)
    published = versions.manifests.get(name)
    if published is not None and published != candidate.manifest:
        raise LoadRefusedError(_difference(versions, published, candidate))
    currency = versions.book.currency_of(heading.deck_id)
    if currency is not None and currency != heading.currency:
        message = (
            f"currency: {heading.currency}, must be {currency}, that of deck {heading.deck_id} "
            f"({versions.known(heading.deck_id)}): accounts in {currency} would have no price from "
            f"{to_text(heading.valid_from_ms)} on; give it a deck id of its own"
        )
        raise LoadRefusedError(message)
    if published is not None:
        # A part of it may have been deleted: the same records once more make it whole.
        return not versions.is_whole(*name)
    others = versions.of_deck(heading.deck_id)
    if any(other.version == heading.version for other in others):
        message = (
            f"version: {heading.version} of deck {heading.deck_id} is its retirement; "
            f"load it as version {versions.next_version(heading.deck_id)}"
        )
        raise LoadRefusedError(message)
    if others and heading.valid_from_ms < now_ms and not backdate:
        known = versions.known(heading.deck_id)
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


class DeckLoader(SharedLoader):
    """The one loader of a deck, from `open` until another opens: reads, then publishes."""

    def __init__(self, broker: Broker, deck_id: str, topic: str = RATE_DECKS.name) -> None:
        self.deck_id = deck_id
        self.versions = Versions(deck_id)
        super().__init__(
            broker,
            topic,
            RATE_DECKS.max_message_bytes,
            f"{DECK_LOADER.transactional_ids}{deck_id}",
            self.versions.take,
        )

    async def publish(self, records: Sequence[tuple[bytes, bytes]]) -> None:
        """Publish the records of a version in one transaction; raise when another loader has taken over."""
        overtaken = (
            f"deck_id: another load of {self.deck_id} has begun meanwhile; "
            "nothing was published by this one"
        )
        await self.send(records, overtaken)

    async def wait_until_whole(self, version: int) -> None:
        """Return when readers of committed records see the version whole.

        Raises `HeldBackError` after a minute; the version is published all the same.
        """
        await self.wait_until(lambda: self.versions.is_whole(self.deck_id, version))


def _difference(versions: Versions, published: DeckManifest, candidate: Candidate) -> str:
    """Say in what a version on the topic is another than that of the file."""
    asked = candidate.manifest
    if published.digest != asked.digest:
        what = f"has digest {published.digest} on the topic, {asked.digest} in the file"
    else:
        what = ", ".join(
            f"has {name} {getattr(published, name)!r} on the topic, {getattr(asked, name)!r} asked"
            for name in DeckManifest.__struct_fields__
            if getattr(published, name) != getattr(asked, name)
        )
    advice = (
        f"a version is immutable, load it as version {versions.next_version(published.deck_id)}"
    )
    return f"version: {published.version} of deck {published.deck_id} {what}; {advice}"
