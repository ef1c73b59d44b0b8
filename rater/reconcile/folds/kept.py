"""Kept: what source records came to, as far as it cannot have been deleted by time.

Retention deletes a topic from its beginning, and a partition's batches write one after another: what is written after
the batch of the first record that is left is all there. Of that batch itself a part may be gone.
"""

from collections.abc import Mapping

from rater.reconcile.folds.batches import Batches
from rater.reconcile.folds.books import Books
from topics import catalog

TOPICS = (catalog.LEDGER.name, catalog.SUSPENSE.name, catalog.DEAD.name)
"""Where what a source record came to is said."""
CLOCKS_MS = 3_600_000
"""By how much the topics let a record's time be ahead."""

_ALL = -1
_NOTHING = 1 << 63


class Kept:
    """What is left of each of TOPICS, by the batches that wrote it."""

    def __init__(self, books: Books, batches: Mapping[str, Batches]) -> None:
        """Find the batch of the first record that is left of each topic."""
        self.books = books
        self.batches = batches
        self.after = {topic: self._first(topic) for topic in TOPICS}

    def _first(self, topic: str) -> int:
        """Return the manifest of the batch of which a part may be gone: after it all is there."""
        if self.books.is_whole(topic) or self.books.log.is_continued:
            return _ALL
        said = {
            TOPICS[0]: self.books.ledger.values(),
            TOPICS[1]: (suspended for _, suspended in self.books.suspense),
            TOPICS[2]: (dead for _, dead in self.books.dead),
        }
        first = next(iter(said[topic]), None)
        if first is None:
            return _NOTHING
        batches = self.batches.get(first.source_topic)
        index = None if batches is None else batches.locate(first.source_offset)
        return _ALL if batches is None or index is None else batches.manifests[index].offset

    def has(self, topic: str, source: str, offset: int) -> bool:
        """Say whether all that the batch of a source record wrote to a topic is there."""
        index = self.batches[source].locate(offset)
        if index is None:
            return self.books.is_whole(topic) or self.books.log.is_continued
        return self.batches[source].manifests[index].offset > self.after[topic]

    def has_all(self, source: str, offset: int) -> bool:
        """Say whether what a source record came to is there, wherever that was said."""
        return all(self.has(topic, source, offset) for topic in TOPICS)

    def has_since(self, topic: str, at_ms: int) -> bool:
        """Say whether all that was written to a topic since a time is there."""
        return self.books.log.slice(topic).reaches(at_ms - CLOCKS_MS)
