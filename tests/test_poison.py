"""The poison corpus in memory: every record ends where it must, and its neighbours are charged."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from rater.batch.charging.batch import decide
from rater.batch.charging.decision import Decision
from rater.batch.charging.partition_state import Shard
from rater.core.pricing.decks import DeckBook
from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.rules import Rules
from rater.shell.admin.validation import RecordCheck
from rater.wire.pricing.deck_files import read_deck_file
from rater.wire.pricing.numbering import load_numbers
from rater.wire.pricing.zones import zone_of
from rater.wire.settings.currencies import shipped_book
from tests.corpus.poison.corpus import (
    COUNTED,
    FOLDER,
    MADE,
    Case,
    End,
    end_of,
    read_accounts,
    read_cases,
    with_neighbours,
)
from topics.catalog import (
    ACCOUNT_COMMANDS,
    ACCOUNT_SOURCES,
    ACCOUNT_STATUS,
    BALANCE_EVENTS,
    CDR_RAW,
    DEAD,
    LEDGER,
    PARTITIONS,
    SUSPENSE,
)

SAMPLE_DECK = Path(__file__).parents[1] / "rater" / "data" / "sample_deck.csv"
OPENED_MS, CALLED_MS = 1_772_352_000_000, 1_772_366_400_000
"""08:00 and 12:00 of the corpus's day."""
CDRS = read_cases(CDR_RAW.name)
COMMANDS = read_cases(*(topic.name for topic in ACCOUNT_SOURCES))


@dataclass
class Stored:
    """A record as a batch gets it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class Play:
    """All partitions of a worker in memory, and all that they wrote."""

    def __init__(self, batch: int) -> None:
        book = DeckBook.of([read_deck_file(SAMPLE_DECK, deck_id="worldwide", currency="USD")])
        self.rules = Rules(book, load_numbers(), shipped_book(), PlanBook(zone_of=zone_of))
        self.shards = [Shard.empty(number) for number in range(PARTITIONS)]
        self.batch = batch
        self.outputs: list[tuple[str, bytes]] = []
        self.outcomes: Counter[str] = Counter()
        self._ends: Counter[tuple[str, int]] = Counter()

    def take(self, topic: str, cases: Sequence[Case], at_ms: int) -> list[tuple[Case, int]]:
        """Take the records, each partition's cut into batches; return each with its offset."""
        logs: dict[int, list[Stored]] = {}
        placed = []
        for case in cases:
            offset = self._ends[topic, case.partition]
            self._ends[topic, case.partition] += 1
            logs.setdefault(case.partition, []).append(Stored(offset, at_ms, case.key, case.value))
            placed.append((case, offset))
        for partition, records in logs.items():
            for cut in range(0, len(records), self.batch):
                self._step(topic, self.shards[partition], records[cut : cut + self.batch])
        return placed

    def _step(self, topic: str, shard: Shard, records: Sequence[Stored]) -> None:
        decision = decide(shard, topic, records, self.rules, PARTITIONS)
        written = list(outputs_of(decision))
        self.outputs += written
        self.outcomes += decision.outcomes
        places = {name: self._reserve(topic, name, shard, written) for name in decision.PLACED}
        decision.place(places)
        assert decision.manifest(records[0].offset, records[-1].offset + 1)
        shard.apply(decision)

    def _reserve(
        self, topic: str, name: str, shard: Shard, written: list[tuple[str, bytes]]
    ) -> list[int]:
        first = self._ends[name, shard.partition]
        count = sum(output == name for output, _ in written)
        self._ends[name, shard.partition] += count
        return list(range(first, first + count))


def outputs_of(decision: Decision) -> Iterator[tuple[str, bytes]]:
    for topic, records in decision.outputs():
        yield from ((topic, value or b"") for _, value in records)


@dataclass
class Played:
    """The whole corpus played: what was taken, with its place, and what came of it."""

    play: Play
    placed: list[tuple[Case, int]]
    ends: dict[tuple[str, int, int], list[End]]

    def of(self, case: Case) -> list[End]:
        offset = next(offset for taken, offset in self.placed if taken is case)
        return self.ends.get((case.topic, case.partition, offset), [])


def perform(batch: int) -> Played:
    play = Play(batch)
    placed = play.take(ACCOUNT_COMMANDS.name, read_accounts(), OPENED_MS)
    cases = [*with_neighbours(COMMANDS), *with_neighbours(CDRS)]
    for source in (*ACCOUNT_SOURCES, CDR_RAW):
        of_source = [case for case in cases if case.topic == source.name]
        placed += play.take(source.name, of_source, CALLED_MS)
    ends: dict[tuple[str, int, int], list[End]] = {}
    for topic, value in play.outputs:
        if topic in {LEDGER.name, SUSPENSE.name, DEAD.name}:
            place, end = end_of(topic, value)
            ends.setdefault(place, []).append(end)
    return Played(play, placed, ends)


@pytest.fixture(scope="module")
def played() -> Played:
    return perform(batch=10_000)


@pytest.mark.parametrize("case", CDRS + COMMANDS, ids=lambda case: case.name)
def test_a_poison_record_ends_on_its_topic_for_its_reason(case: Case, played: Played) -> None:
    ends = played.of(case)

    if case.ends_on in COUNTED:
        assert ends == []
        return
    assert [(end.ends_on, end.reason) for end in ends] == [(case.ends_on, case.reason)]
    if case.field is not None:
        assert ends[0].field == case.field


@pytest.mark.parametrize("case", CDRS + COMMANDS, ids=lambda case: case.name)
def test_what_is_kept_of_a_poison_record_is_what_was_sent(case: Case, played: Played) -> None:
    for end in played.of(case):
        if end.ends_on == DEAD.name:
            assert end.keeps(case)
        if end.ends_on == SUSPENSE.name:
            assert end.kept_value == case.value


def test_the_neighbours_of_poison_are_charged(played: Played) -> None:
    good = [case for case, _ in played.placed if case.name.startswith("good-")]

    assert len(good) == len(CDRS) + len(COMMANDS) + 4
    for case in good:
        assert [(end.ends_on, end.reason) for end in played.of(case)] == [
            (case.ends_on, case.reason)
        ]


def test_every_record_of_the_corpus_is_counted_once(played: Played) -> None:
    outcomes = played.play.outcomes

    assert sum(outcomes.values()) == len(played.placed)
    assert outcomes["duplicate"] == sum(case.ends_on == "duplicate" for case in CDRS + COMMANDS)
    assert outcomes["skipped"] == 0
    # A warning comes beside the entry of the command that it is about.
    ends = [end for those in played.ends.values() for end in those if end.reason != "deck_warning"]
    assert len(ends) + sum(case.ends_on in COUNTED for case in CDRS + COMMANDS) == len(
        played.placed
    )


def test_whatever_comes_of_poison_is_in_the_published_language(played: Played) -> None:
    checks = {
        topic.name: RecordCheck(topic)
        for topic in (LEDGER, BALANCE_EVENTS, ACCOUNT_STATUS, SUSPENSE, DEAD)
    }

    for topic, value in played.play.outputs:
        assert checks[topic].problems(json.loads(value)) == [], value[:500]


@pytest.mark.parametrize("batch", [1, 17])
def test_poison_comes_out_the_same_however_it_is_cut(batch: int, played: Played) -> None:
    again = perform(batch)

    assert sorted(again.play.outputs) == sorted(played.play.outputs)
    assert again.play.outcomes == played.play.outcomes


def test_the_corpus_is_large_and_its_index_names_every_file() -> None:
    index = [json.loads(line) for line in (FOLDER / "cases.jsonl").read_text().splitlines()]
    named = {line["file"] for line in index if line.get("file")}

    assert len(index) >= 60
    assert len({line["name"] for line in index}) == len(index)
    assert named == {path.name for path in FOLDER.iterdir() if path.name[:3].isdigit()}
    assert {line["made"] for line in index if "made" in line} == set(MADE)
