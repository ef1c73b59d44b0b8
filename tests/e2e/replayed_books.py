"""The books of a replay: the simulator takes what lies on the topics, in the order in which a run has committed it.

Topics have no common order: whether an order on a waiting call or another CDR of its tenant comes first is up to the
run, and its manifests say it. In that order a run that nothing happens to writes the same to the byte: one record at a
time, without Kafka, every entry where the run has it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from rater.batch.charging.decision import Decision
from rater.batch.simulate import D_contra, Simulator, State
from rater.core.limits import STATUS_EVERY_MS
from rater.wire.lines import Line
from tests.e2e.broker import Record, consume
from tests.e2e.charging_books import Books
from tests.e2e.charging_play import SOURCES
from tests.e2e.simulated_books import note_lines, note_tables
from topics.catalog import BATCHES_CHANGELOG, CDR_RAW, LEDGER
from topics.manifests import split_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rater.core.pricing.rules import Rules

Places = dict[tuple[str, int], list[int]]
"""The offsets of the records of a topic and partition."""
BEYOND = 1 << 30
"""Where that lies which the run has not written."""


class Step(NamedTuple):
    """What a run has taken in one transaction, and when it was written."""

    at_ms: int
    records: list[Record]


class Replay(Simulator):
    """A simulator that is told where its entries lie: orders name a charge by its place."""

    def __init__(self, rules: Rules, places: Mapping[tuple[str, int], Sequence[int]]) -> None:
        """Write where `places` says, as long as it says anything of a topic and partition."""
        super().__init__(rules)
        self._places = places
        self.outcomes: Counter[str] = Counter()
        """What became of CDRs."""

    def take(self, record: Record) -> Iterator[Line]:
        """Take a record as it lies on its topic; no timer fires: what timers wrote lies on topics, too."""
        place = (record.topic, record.partition, record.offset)
        yield from self._take(Line(*place, record.timestamp_ms, record.key, record.value))
        yield from self._take_joined()

    def _next_offset(self, topic: str, partition: int) -> int:
        number = super()._next_offset(topic, partition)
        places = self._places.get((topic, partition))
        if places is None:
            return number
        return places[number] if number < len(places) else BEYOND + number

    def _commit(self, state: State[D_contra], decision: D_contra, at_ms: int) -> Iterator[Line]:
        if isinstance(decision, Decision) and decision.source_topic == CDR_RAW.name:
            self.outcomes.update(decision.outcomes)
        yield from super()._commit(state, decision, at_ms)


async def steps_of(bootstrap: str) -> list[Step]:
    """Return the committed steps of a run, those of a partition in order; each record was taken in one of them."""
    left = {record[:3]: record for record in await consume(bootstrap, *SOURCES)}
    steps = []
    for manifest in await consume(bootstrap, BATCHES_CHANGELOG.name):
        header, _ = split_manifest(manifest.value or b"")
        source = header["source_topic"], manifest.partition
        offsets = range(header["first_offset"], header["next_offset"])
        places = [(*source, offset) for offset in offsets if (*source, offset) in left]
        assert len(places) == header["records"], header
        steps.append(Step(manifest.timestamp_ms, [left.pop(place) for place in places]))
    assert not left, f"{len(left)} records were never taken: {sorted(left)[:3]}"
    return steps


async def replayed(bootstrap: str, rules: Sequence[tuple[int, Rules]]) -> Books:
    """Replay a run; `rules` are those in force, each from an instant on at which nobody was at work."""
    places: Places = defaultdict(list)
    for record in await consume(bootstrap, LEDGER.name):
        places[LEDGER.name, record.partition].append(record.offset)
    simulator, books, last_ms = Replay(rules[0][1], places), Books(), 0
    for step in await steps_of(bootstrap):
        in_force = [each for since_ms, each in rules if since_ms <= step.at_ms][-1]
        if simulator.rules is not in_force:
            simulator.rules = in_force
        for record in step.records:
            note_lines(books, simulator.take(record))
            last_ms = max(last_ms, record.timestamp_ms)
    # Statuses that are owed.
    note_lines(books, simulator.run_until(last_ms + 2 * STATUS_EVERY_MS))
    note_tables(books, simulator)
    books.outcomes = simulator.outcomes
    return books
