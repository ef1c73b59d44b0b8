"""The step: what it reports of a batch. That it charges right is for the stories and the tests on Kafka."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry

from rater.batch.charging.decision import Decision
from rater.batch.charging.partition_state import Shard
from rater.core.account.status import status_of
from rater.core.pricing.decks import DeckBook
from rater.core.pricing.rules import Rules
from rater.shell import step
from rater.shell.charging.decider import UNTOLD, ChargingDecider
from rater.shell.charging.metrics import ChargingMetrics
from rater.shell.charging.suspense_metrics import SuspenseMetrics
from rater.shell.process.clock import now_ms
from rater.shell.process.failpoints import FAILPOINTS
from rater.shell.process.health import Health
from rater.shell.process.metrics import BatchReport, Metrics
from rater.shell.step import Stepper
from rater.shell.stream.batches import RecordBatch
from rater.shell.stream.leases import MisplacedError
from rater.shell.stream.pieces import PIECE_RECORDS, pieces
from rater.wire.pricing.numbering import load_numbers
from rater.wire.settings.currencies import shipped_book
from tests.build import NOW, RULES, UNIT, Sent, Stored, call, correcting, opened, settings_version
from topics import catalog

TURN_S = 0.3


class Busy:
    """Transactions whose turn comes late; what is written gets its places from 0 on."""

    def __init__(self, turn_s: float = 0.0) -> None:
        self.turn_s = turn_s
        self.written: Counter[str] = Counter()
        self.commits: list[int | None] = []
        self.enlisted: list[tuple[int, int]] = []
        """The offset, and how much had been written before."""
        self.halted: dict[int, str] = {}
        self.misplaced = 0
        """How many commits find their records elsewhere."""

    @asynccontextmanager
    async def step(self, _: Any) -> AsyncIterator["Busy"]:
        await asyncio.sleep(self.turn_s)
        yield self

    def enlist(self, next_offset: int, topics: Any) -> None:
        self.enlisted.append((next_offset, self.written.total()))

    def write(self, topic: str, partition: int, records: Any) -> None:
        self.written[topic] += len(records)

    async def offsets(self, topic: str, partition: int) -> range:
        return range(self.written[topic])

    async def commit(self, next_offset: int | None = None) -> None:
        if self.misplaced:
            self.misplaced -= 1
            raise MisplacedError("elsewhere")
        self.commits.append(next_offset)

    def halt(self, partition: int, reason: str) -> None:
        self.halted[partition] = reason


class Asked:
    """A ledger that is asked for entries; what it does not have it leaves out."""

    def __init__(self, ledger: Mapping[int, bytes]) -> None:
        self.ledger = ledger
        self.asked: list[list[int]] = []

    async def read(self, _: int, offsets: Sequence[int]) -> dict[int, bytes]:
        self.asked.append(list(offsets))
        return {offset: self.ledger[offset] for offset in offsets if offset in self.ledger}

    async def look(self, partition: int, offsets: Sequence[int]) -> dict[int, bytes]:
        return await self.read(partition, offsets)


class Late(Asked):
    """A ledger that does not answer in time."""

    async def read(self, _: int, offsets: Sequence[int]) -> dict[int, bytes]:
        raise TimeoutError


class Breaking(ChargingDecider):
    """Charging, whose rules break in the second piece."""

    def begin(self, batch: RecordBatch) -> Any:
        deciding = super().begin(batch)
        return SimpleNamespace(
            decision=deciding.decision,
            read=deciding.read,
            needs=deciding.needs,
            decide=lambda: self._decide(deciding),
        )

    def _decide(self, deciding: Any) -> None:
        if deciding.decision.taken:
            raise AssertionError("a sum that is none")
        deciding.decide()


class Bench:
    """A step of charging with all that it needs; its account has money for every call."""

    def __init__(
        self,
        kind: type[ChargingDecider] = ChargingDecider,
        rules: Rules = RULES,
        asked: type[Asked] = Asked,
    ) -> None:
        self.registry = CollectorRegistry()
        self.metrics = metrics = Metrics(self.registry)
        self.partition = opened(("L1", 1_000 * UNIT), rules=rules)
        self.partition.take(call(cdr_id="before"))
        shard = self.partition.shard
        self.ledger = asked(dict(enumerate(self.partition.ledger)))
        self.decider = kind(
            lambda _: shard,
            lambda: rules,
            (metrics, SuspenseMetrics(metrics.registry), ChargingMetrics(metrics.registry)),
            1,
            self.ledger,
        )
        self.transactions = Busy()
        self.stepper = Stepper(lambda: self.transactions, self.decider, metrics, Health(metrics))

    async def take(self, calls: int) -> None:
        await self.take_all([call(cdr_id=f"c{n}") for n in range(calls)])

    async def take_all(self, sent: Sequence[Sent]) -> None:
        records = [Stored(1 + n, NOW, b"acme", each.value) for n, each in enumerate(sent)]
        tp = SimpleNamespace(topic=catalog.CDR_RAW.name, partition=0)
        batch = RecordBatch(cast("Any", tp), cast("Any", records), 1, 1 + len(sent))
        await self.stepper.take(batch)

    @property
    def balance(self) -> int:
        return self.partition.account().balance


async def test_the_coordinators_are_told_of_a_batch_before_anything_of_it_is_written() -> None:
    bench = Bench()

    await bench.take(PIECE_RECORDS + 1)

    assert [(PIECE_RECORDS + 2, 0)] == bench.transactions.enlisted
    assert [PIECE_RECORDS + 2] == bench.transactions.commits


async def test_a_rule_that_breaks_in_a_later_piece_halts_the_partition_and_nothing_is_applied() -> (
    None
):
    bench = Bench(Breaking)
    before = dict(bench.partition.shard.accounts.items())
    await bench.take(2 * PIECE_RECORDS)

    assert bench.transactions.written[catalog.LEDGER.name] == PIECE_RECORDS
    assert {0: "a sum that is none"} == bench.transactions.halted
    assert [] == bench.transactions.commits
    assert before == dict(bench.partition.shard.accounts.items())
    violated = bench.registry.get_sample_value(
        "rater_invariant_violations_total", {"invariant": "engine"}
    )
    assert violated == 1


async def test_every_failpoint_of_a_step_is_passed_and_one_of_them_after_every_piece(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passed: list[str] = []
    monkeypatch.setattr(step, "failpoint", passed.append)
    bench = Bench()
    await bench.take(2 * PIECE_RECORDS + 1)

    first, second, *rest = FAILPOINTS
    assert [first, second, second, second, *rest] == passed
    assert bench.transactions.commits == [2 * PIECE_RECORDS + 2]
    assert bench.transactions.written[catalog.LEDGER.name] == 2 * PIECE_RECORDS + 1


async def test_a_step_whose_records_lie_elsewhere_is_taken_again_and_charges_once() -> None:
    bench = Bench()
    before = bench.balance
    bench.transactions.misplaced = 1
    await bench.take(3)

    assert bench.transactions.commits == [4]
    assert bench.transactions.written[catalog.LEDGER.name] == 2 * 3
    assert bench.balance == before - 3 * 125_000
    assert bench.registry.get_sample_value("rater_batch_records_sum") == 3


CORRECTION = call(cdr_id="before", version=2, kind="correction", billsec=120)


async def test_a_correction_of_an_earlier_batch_asks_the_ledger_for_the_one_entry_that_it_needs() -> (
    None
):
    bench = Bench(rules=correcting())
    before = bench.balance
    await bench.take_all([call(), CORRECTION, call(cdr_id="c2")])

    assert bench.ledger.asked == [[2]]
    assert bench.transactions.written[catalog.LEDGER.name] == 4
    assert bench.balance == before - 3 * 125_000


async def test_a_correction_of_the_same_batch_asks_for_nothing_wherever_the_pieces_are_cut() -> (
    None
):
    bench = Bench(rules=correcting())
    before = bench.balance
    others = [call(cdr_id=f"c{n}") for n in range(PIECE_RECORDS)]
    again = call(cdr_id="c0", version=2, billsec=120)
    await bench.take_all([*others, again])

    assert bench.ledger.asked == []
    assert bench.transactions.commits == [PIECE_RECORDS + 2]
    assert bench.balance == before - (PIECE_RECORDS + 1) * 125_000


async def test_a_piece_that_waited_for_the_ledger_is_the_last_of_its_transaction() -> None:
    bench = Bench(rules=correcting())
    others = [call(cdr_id=f"c{n}") for n in range(2 * PIECE_RECORDS)]
    await bench.take_all([*others[:PIECE_RECORDS], CORRECTION, *others[PIECE_RECORDS:]])

    assert bench.ledger.asked == [[2]]
    assert bench.transactions.commits == [1 + 2 * PIECE_RECORDS, 2 + 2 * PIECE_RECORDS]
    assert bench.transactions.written[catalog.BATCHES_CHANGELOG.name] == 2
    assert bench.transactions.written[catalog.LEDGER.name] == 2 + 2 * PIECE_RECORDS


async def test_a_batch_without_corrections_never_asks() -> None:
    bench = Bench(rules=correcting())
    await bench.take_all([call(), call(), call(cdr_id="before")])

    assert bench.ledger.asked == []


async def test_an_entry_that_is_another_halts_the_partition_and_nothing_is_applied() -> None:
    bench = Bench(rules=correcting())
    before = bench.balance
    bench.ledger.ledger = {2: bench.partition.ledger[2].replace(b'"before"', b'"behind"')}
    await bench.take_all([call(), CORRECTION])

    assert "is remembered at 2" in bench.transactions.halted[0]
    assert (bench.transactions.commits, bench.balance) == ([], before)


async def test_a_ledger_that_does_not_answer_ends_the_step_and_nothing_is_applied() -> None:
    bench = Bench(rules=correcting(), asked=Late)
    before = bench.balance
    with pytest.raises(TimeoutError):
        await bench.take_all([CORRECTION])

    assert (bench.transactions.commits, bench.transactions.halted) == ([], {})
    assert bench.balance == before


async def test_others_run_between_two_pieces() -> None:
    bench = Bench()
    taken = asyncio.create_task(bench.take(4 * PIECE_RECORDS))
    seen = set()
    while not taken.done():
        await asyncio.sleep(0)
        seen.add(bench.transactions.written[catalog.LEDGER.name])

    assert {number * PIECE_RECORDS for number in range(1, 5)} <= seen


def test_pieces_are_cut_by_number_and_by_weight_and_nothing_is_lost() -> None:
    light, heavy = Stored(0, NOW, None, b"x"), Stored(0, NOW, None, b"x" * 1_000)
    records = [light, light, heavy, heavy, light, Stored(1, NOW, None, None), light]
    cut = [list(piece) for piece in pieces(records, 4, 1_500)]

    assert records == [record for piece in cut for record in piece]
    assert [2, 1, 1, 3] == [len(piece) for piece in cut]


async def test_waiting_for_the_partitions_turn_counts_as_no_stage_of_the_batch() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    shard = Shard.empty(0)
    rules = Rules(DeckBook.of([]), load_numbers(), shipped_book())
    decider = ChargingDecider(
        lambda _: shard,
        lambda: rules,
        (metrics, SuspenseMetrics(metrics.registry), ChargingMetrics(metrics.registry)),
        1,
        Asked({}),
    )
    stepper = Stepper(lambda: Busy(TURN_S), decider, metrics, Health(metrics))
    record = SimpleNamespace(offset=0, timestamp=1, key=b"acme", value=b"{not json")
    tp = SimpleNamespace(topic=catalog.CDR_RAW.name, partition=0)

    await stepper.take(RecordBatch(cast("Any", tp), cast("Any", [record]), 0, 1))

    for stage in ("decode", "decide", "commit"):
        spent = registry.get_sample_value("rater_batch_duration_seconds_sum", {"stage": stage})
        assert spent is not None
        assert spent < TURN_S / 2, stage


async def test_a_batch_reports_the_times_of_its_records_and_when_it_was_committed() -> None:
    bench = Bench()
    heard: list[BatchReport] = []
    bench.metrics.on_batch.append(heard.append)

    await bench.take(PIECE_RECORDS + 1)

    (report,) = heard
    assert list(report.stamps_ms) == [NOW] * (PIECE_RECORDS + 1)
    assert abs(report.committed_ms - now_ms()) < 60_000


async def test_the_times_of_canaries_are_not_told_from_when_on_they_are_canaries() -> None:
    book = RULES.settings.with_version(settings_version(1, NOW, canary_tenants=("canary",)))
    bench = Bench(rules=RULES.with_settings(book))
    records = [
        SimpleNamespace(key=key, timestamp=at_ms)
        for key in (b"canary", b"acme", None)
        for at_ms in (NOW - 1, NOW)
    ]

    told = bench.decider.stamps(cast("Any", records))

    assert told == [NOW - 1, UNTOLD, NOW - 1, NOW, NOW - 1, NOW]
    assert ages_of(told) == 5


async def test_the_times_of_what_came_while_charging_was_held_are_not_told() -> None:
    book = RULES.settings.with_version(settings_version(1, NOW, charging_held=True))
    book = book.with_version(settings_version(2, NOW + 10, canary_tenants=("canary",)))
    bench = Bench(rules=RULES.with_settings(book))
    records = [
        SimpleNamespace(key=key, timestamp=at_ms)
        for key in (b"canary", b"acme")
        for at_ms in (NOW - 1, NOW, NOW + 9, NOW + 10)
    ]

    told = bench.decider.stamps(cast("Any", records))

    assert told == [NOW - 1, UNTOLD, UNTOLD, UNTOLD, NOW - 1, UNTOLD, UNTOLD, NOW + 10]


def ages_of(stamps: Sequence[int]) -> float:
    """Return how many ages are counted of the times of CDRs."""
    registry = CollectorRegistry()
    report = BatchReport(
        topic=catalog.CDR_RAW.name, records=len(stamps), outcomes={}, decode_s=0, decide_s=0,
        commit_s=0, stamps_ms=stamps, committed_ms=NOW,
    )  # fmt: skip
    ChargingMetrics(registry).batch_done(report)
    return registry.get_sample_value("rater_cdr_to_ledger_seconds_count") or 0.0


async def test_what_is_flushed_without_a_record_is_counted_too() -> None:
    bench = Bench()
    decision = Decision("timer", 0, NOW, RULES.plans)
    account = bench.partition.account()
    account.spending.burn = 3 * UNIT
    decision.journal.statuses.append(status_of(account, NOW, RULES.plans))

    await bench.stepper.take_due(0, lambda: decision)

    assert bench.registry.get_sample_value("rater_runway_seconds_count") == 1
