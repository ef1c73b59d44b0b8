"""Deck service: every whole version of every rate deck, in memory, always up to date (`follower`)."""

import logging
from bisect import bisect_right
from collections.abc import Sequence

from aiokafka import ConsumerRecord

from rater.core.pricing.decks import Deck, DeckBook, Version
from rater.core.times import to_text
from rater.kafka.broker import Broker
from rater.shell.process.metrics import Metrics
from rater.shell.versions.follower import Follower, tell_skipped
from rater.shell.versions.refused_field import refusable_fields, refused_field
from rater.shell.versions.shared_topic import SharedTopic
from rater.wire.pricing.decks import BadDeck, DeckAssembler
from topics.catalog import RATE_DECKS

log = logging.getLogger(__name__)


class DeckService(Follower[Version | BadDeck]):
    """The worker's view of the rate decks."""

    what = "rate decks"

    def __init__(self, broker: Broker, metrics: Metrics, topic: str = RATE_DECKS.name) -> None:
        super().__init__(SharedTopic(broker, topic, RATE_DECKS.max_message_bytes))
        self.book = DeckBook()
        self._metrics = metrics
        metrics.versions.expect_deck_refusals(refusable_fields(RATE_DECKS))
        self._assembler = DeckAssembler()
        self._starts_ms: list[int] = []
        """From when on each version of any deck is in force, the earliest first."""

    def assemble(self, records: Sequence[ConsumerRecord]) -> list[Version | BadDeck]:
        """Feed records to the assembler."""
        made: list[Version | BadDeck] = []
        for record in records:
            outcome = self._assembler.feed(record.key, record.value)
            if isinstance(outcome, BadDeck):
                tell_skipped(record, outcome.key, outcome.detail)
            if outcome is not None:
                made.append(outcome)
        return made

    def take(self, made: Sequence[Version | BadDeck]) -> None:
        """Put what has become whole into a new book."""
        book = self.book
        for outcome in made:
            if isinstance(outcome, BadDeck):
                self._metrics.versions.deck_record_refused(
                    refused_field(outcome.detail, RATE_DECKS)
                )
                continue
            book = book.with_deck(outcome)
            log.info("rate deck %(deck)s", {"deck": _described(outcome)})
        self.book = book
        versions = book.versions()
        self._starts_ms = sorted(one.valid_from_ms for one in versions)
        self._metrics.versions.set_decks_whole(sum(isinstance(one, Deck) for one in versions))

    def measure(self, now_ms: int) -> None:
        """Report since when the version holds that came into force last, of whichever deck."""
        begun = bisect_right(self._starts_ms, now_ms)
        self._metrics.versions.set_decks_since(self._starts_ms[begun - 1] // 1_000 if begun else 0)

    def tell_beginning(self) -> None:
        """Log how many versions are whole, and which are not."""
        log.info("rate decks: %(whole)d versions are whole", {"whole": len(self.book.versions())})
        if incomplete := self._assembler.incomplete():
            log.warning(
                "rate decks that are not whole and price nothing: %(decks)s", {"decks": incomplete}
            )


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
