"""Open letters: the dead letters that nobody has ended yet, folded from letters and ends. No clock, no I/O.

Rule 1: a letter is known by its id, the place of its record, and the time of that: of a topic that was made anew other
        letters have the same ids. Written twice, as the gateway may, it is one letter.
Rule 2: an end is of the letter that has its id and its time.
Rule 3: what retention has deleted is not open: nobody can show it or write its record again.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final, NamedTuple

from rater.shell.dead_letters.letter import Letter, Place
from topics.chain import Link
from topics.records import DeadEnded

OPEN_MAX: Final = 100_000
"""Letters that are looked at at once. As soon as there is one more, no more are read before some of them are ended."""

Partition = tuple[str, int]
Name = tuple[str, int]
"""Id and time of a letter."""


class Sum(NamedTuple):
    """The open letters of a topic's records with one reason."""

    letters: int
    oldest_ms: int
    """When the oldest of them was written."""


class OpenLetters:
    """Letters and ends, in any order."""

    def __init__(
        self, wanted: Callable[[Letter], bool] = lambda _: True, most: int = OPEN_MAX
    ) -> None:
        """Keep those that are wanted; `most` are looked at."""
        self._wanted = wanted
        self.most = most
        self._open: dict[Partition, dict[Name, Letter]] = {}
        self._ended: dict[Partition, dict[Name, int]] = {}
        """Where the letter lies."""
        self._jobs: Counter[str] = Counter()
        self.links: dict[int, Link] = {}
        """The last end of each partition, as the one after it names it."""

    def add(self, letter: Letter) -> None:
        """Take a letter."""
        part = letter.place.topic, letter.place.partition
        name = letter.dead_id, letter.at_ms
        if name not in self._ended.get(part, {}) and self._wanted(letter):
            self._open.setdefault(part, {})[name] = letter

    def end(self, end: DeadEnded) -> None:
        """Take an end."""
        part = end.dead_topic, end.dead_partition
        name = end.dead_id, end.letter_at_ms
        self._ended.setdefault(part, {})[name] = end.dead_offset
        self._jobs[end.job_id] += 1
        if end.number is not None:
            self.links[end.dead_partition] = Link(end.number, end.chain_sha256 or "")
        self._open.get(part, {}).pop(name, None)

    def begin_at(self, begin: Place) -> None:
        """Forget what retention has deleted of a partition: all before this place."""
        part = begin.topic, begin.partition
        letters, ended = self._open.get(part, {}), self._ended.get(part, {})
        # In the order in which they were written; what was written twice counts by its last copy.
        gone = [name for name, each in letters.items() if each.place.offset < begin.offset]
        for name in gone:
            del letters[name]
        for name in [name for name, offset in ended.items() if offset < begin.offset]:
            del ended[name]

    def has_ended(self, dead_id: str) -> bool:
        """Say whether a letter has ended that was not deleted yet."""
        return any(dead_id == name for each in self._ended.values() for name, _ in each)

    def ended_by(self, job_id: str) -> int:
        """Return how many letters a job has ended, as far as ends were taken."""
        return self._jobs[job_id]

    @property
    def is_full(self) -> bool:
        """Whether there are more than are looked at, so that no more need be read."""
        return len(self) > self.most

    def sums(self) -> dict[tuple[str, str], Sum]:
        """Return them by the topic of their records and the reason."""
        sums: dict[tuple[str, str], Sum] = {}
        for some in self._open.values():
            for each in some.values():
                name = each.source.topic, each.reason
                before = sums.get(name, Sum(0, each.since_ms))
                sums[name] = Sum(before.letters + 1, min(before.oldest_ms, each.since_ms))
        return sums

    def __len__(self) -> int:
        """Return how many are kept."""
        return sum(map(len, self._open.values()))

    def __iter__(self) -> Iterator[Letter]:
        """Yield so many as are looked at in the order of their records, topic by topic and partition by partition."""
        letters = (each for some in self._open.values() for each in some.values())
        return islice(sorted(letters, key=lambda each: each.source), self.most)
