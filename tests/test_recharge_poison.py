"""The poison corpus of recharge in memory: every record ends where it must, and no tenant loses a credit by it."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from rater.batch.recharge.batch import COMMANDS, EVENTS, RESULTS, SOURCES, TIMERS
from rater.shell.admin.validation import RecordCheck
from tests.build import Stored
from tests.corpus.recharge_poison.corpus import (
    COUNTED,
    FOLDER,
    KEPT_MAX,
    MADE,
    OTHER,
    Case,
    End,
    crossing,
    end_of,
    good_result,
    read_cases,
)
from tests.recharge_partition import (
    CREDITS,
    DEAD,
    NOTICES,
    PAYMENTS,
    QUARANTINE,
    RechargePartition,
)
from tests.units import MINUTE, NOW
from topics.catalog import BY_NAME, PARTITIONS
from topics.partitioner import partition_of

CASES = read_cases()
TENANTS = [OTHER, *(case.tenant for case in CASES)]


class Play:
    """All partitions of a recharge worker in memory."""

    def __init__(self, batch: int) -> None:
        self.partitions = [RechargePartition(number, PARTITIONS) for number in range(PARTITIONS)]
        self.batch = batch
        self.ends: Counter[tuple[str, int]] = Counter()

    def take(
        self, topic: str, sent: Sequence[tuple[int, bytes | None, bytes | None]], at_ms: int
    ) -> list[tuple[str, int, int]]:
        """Take records with their partition, key and value, cut into batches; return their places."""
        logs: dict[int, list[Stored]] = {}
        places = []
        for partition, key, value in sent:
            offset = self.ends[topic, partition]
            self.ends[topic, partition] += 1
            logs.setdefault(partition, []).append(Stored(offset, at_ms, key, value))
            places.append((topic, partition, offset))
        for partition, records in logs.items():
            for cut in range(0, len(records), self.batch):
                self.partitions[partition].take(topic, records[cut : cut + self.batch])
        return places

    def written(self, topic: str) -> list[bytes]:
        """Return what was written to a topic, by partition."""
        return [value for each in self.partitions for value in each.outputs[topic]]

    def outcomes(self) -> Counter[str]:
        """Return how often each outcome was."""
        return sum((each.outcomes for each in self.partitions), Counter())


@dataclass
class Played:
    """The corpus played, and what came of each case."""

    play: Play
    places: dict[str, tuple[str, int, int]]
    sent: dict[str, bytes | None]
    ends: dict[tuple[str, int, int], list[End]]
    counted: dict[str, Counter[str]]

    def of(self, case: Case) -> list[End]:
        return self.ends.get(self.places[case.name], [])


def perform(batch: int) -> Played:
    play = Play(batch)
    home = {name: partition_of(name.encode(), PARTITIONS) for name in TENANTS}
    first = [(home[t], t.encode(), value) for t in TENANTS for value in crossing(t, NOW)]
    play.take(EVENTS, first, NOW)
    commands = {c["tenant_id"]: c for c in map(json.loads, play.written(PAYMENTS))}
    assert set(commands) == set(TENANTS)
    played = Played(play, {}, {}, {}, {})
    _poison(played, [case for case in CASES if not case.is_after], commands)
    good = [(home[t], t.encode(), good_result(commands[t], NOW + MINUTE)) for t in TENANTS]
    play.take(RESULTS, good, NOW + MINUTE)
    _poison(played, [case for case in CASES if case.is_after], commands)
    for topic in (DEAD, QUARANTINE):
        for value in play.written(topic):
            place, end = end_of(topic, value)
            played.ends.setdefault(place, []).append(end)
    return played


def _poison(played: Played, cases: list[Case], commands: dict[str, dict[str, str]]) -> None:
    other = commands[OTHER]["command_id"]
    for topic in SOURCES:
        chosen = [case for case in cases if case.topic == topic]
        sent = [(c.partition, c.key, c.value(commands[c.tenant], other, NOW)) for c in chosen]
        places = played.play.take(topic, sent, NOW + MINUTE)
        for case, place, (_, _, value) in zip(chosen, places, sent, strict=True):
            played.places[case.name], played.sent[case.name] = place, value


@pytest.fixture(scope="module")
def played() -> Played:
    return perform(batch=10_000)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_poison_record_ends_on_its_topic_for_its_reason_and_is_kept(
    case: Case, played: Played
) -> None:
    ends = played.of(case)

    if case.ends_on == COUNTED:
        assert [] == ends
        return
    assert [(case.ends_on, case.reason)] == [(end.ends_on, end.reason) for end in ends]
    assert case.field == ends[0].field
    sent = played.sent[case.name]
    assert ends[0].kept_value == (None if sent is None else sent[:KEPT_MAX])


def test_what_leaves_no_record_is_counted_for_its_reason(played: Played) -> None:
    wanted = Counter(case.reason for case in CASES if case.ends_on == COUNTED)
    # The good results: those of cases that told the capture already are duplicates.
    early = sum(case.reason == "captured" for case in CASES)
    wanted += Counter(captured=len(TENANTS) - early, duplicate=early)
    wanted["heard"] += 2 * len(TENANTS)
    late = wanted["captured"] - played.play.outcomes()["captured"]
    found = played.play.outcomes()

    assert wanted["captured"] == found["captured"] + found["captured_late"]
    assert late == found["captured_late"]
    for reason in set(wanted) - {"captured"}:
        assert wanted[reason] == found[reason], reason


def test_every_tenant_is_credited_once_whatever_was_sent_about_it(played: Played) -> None:
    credited = Counter(json.loads(value)["tenant_id"] for value in played.play.written(CREDITS))

    assert Counter(TENANTS) == credited


def test_nobody_is_asked_to_pay_twice(played: Played) -> None:
    asked = Counter(json.loads(value)["tenant_id"] for value in played.play.written(PAYMENTS))

    assert Counter(TENANTS) == asked


def test_only_what_is_in_quarantine_pauses(played: Played) -> None:
    told = {json.loads(value)["tenant_id"] for value in played.play.written(NOTICES)}
    # Of money that goes back only what was taken pauses; what is not believed was not.
    captures = [case for case in CASES if not case.name.startswith("reversed-")]
    doubted = {c.tenant for c in captures if c.reason in ("amount_mismatch", "currency_mismatch")}

    assert doubted == told


def test_whatever_comes_of_poison_is_in_the_published_language(played: Played) -> None:
    for topic in (PAYMENTS, CREDITS, NOTICES, QUARANTINE, DEAD):
        check = RecordCheck(BY_NAME[topic])
        for value in played.play.written(topic):
            assert [] == check.problems(json.loads(value)), value[:500]


@pytest.mark.parametrize("batch", [1, 7])
def test_poison_comes_out_the_same_however_it_is_cut(batch: int, played: Played) -> None:
    again = perform(batch)

    for topic in (PAYMENTS, CREDITS, NOTICES, QUARANTINE, DEAD):
        assert played.play.written(topic) == again.play.written(topic)
    assert played.play.outcomes() == again.play.outcomes()


def test_the_corpus_covers_every_source_and_its_names_are_its_own() -> None:
    index = [json.loads(line) for line in (FOLDER / "cases.jsonl").read_text().splitlines()]

    assert len({line["name"] for line in index}) == len(index) >= 60
    assert {EVENTS, RESULTS, COMMANDS, TIMERS} == {line["topic"] for line in index}
    assert {line["made"] for line in index if "made" in line} == set(MADE)
    assert len({case.tenant for case in CASES}) == len(CASES)
