"""Proving: what does not add up halts its partition before anything is committed, and is exported."""

from types import SimpleNamespace
from typing import Any, cast

from rater.shell.charging.decider import ChargingDecider
from rater.shell.stream.batches import RecordBatch
from tests.build import NOW, Stored, call
from tests.shell.test_step import Bench
from topics.catalog import CDR_RAW

MICROS = "rater_reconciliation_difference_micros"
RECORDS = "rater_reconciliation_difference_records"
VIOLATIONS = "rater_invariant_violations_total"


class Losing(ChargingDecider):
    """Charging that takes three micros out of a lot, and says so nowhere."""

    def begin(self, batch: RecordBatch) -> Any:
        deciding = super().begin(batch)
        return SimpleNamespace(
            decision=deciding.decision,
            read=deciding.read,
            needs=deciding.needs,
            decide=lambda: self._decide(deciding),
        )

    def _decide(self, deciding: Any) -> None:
        deciding.decide()
        deciding.working["acme"].lots[0].remaining -= 3


class Forgetting(Losing):
    """Charging that does not say what became of one record."""

    def _decide(self, deciding: Any) -> None:
        deciding.decide()
        deciding.decision.outcomes["rated"] -= 1


def sample(bench: Bench, name: str, **labels: str) -> float | None:
    return bench.registry.get_sample_value(name, labels)


async def test_a_step_that_adds_up_shows_a_difference_of_0() -> None:
    bench = Bench()
    await bench.take(3)

    assert sample(bench, MICROS, currency="USD") == 0
    assert bench.transactions.commits == [4]


async def test_money_that_no_entry_moved_halts_the_partition_and_nothing_is_committed() -> None:
    bench = Bench(Losing)
    before = dict(bench.partition.shard.accounts.items())
    await bench.take(3)

    assert bench.transactions.halted == {
        0: "cdr.raw.v1: entries and accounts differ by {'USD': 6} micros"
    }
    assert (bench.transactions.commits, before) == (
        [],
        dict(bench.partition.shard.accounts.items()),
    )
    assert sample(bench, MICROS, currency="USD") == 6
    assert sample(bench, VIOLATIONS, invariant="conservation") == 1


async def test_a_record_without_an_outcome_halts_the_partition() -> None:
    bench = Bench(Forgetting)
    bench.metrics.expect(CDR_RAW.name, ())
    assert sample(bench, RECORDS, topic=CDR_RAW.name) == 0
    await bench.take(3)

    assert bench.transactions.halted == {0: "cdr.raw.v1: 3 records read, 3 taken, 2 outcomes"}
    assert bench.transactions.commits == []
    assert sample(bench, RECORDS, topic=CDR_RAW.name) == 1
    assert sample(bench, VIOLATIONS, invariant="completeness") == 1


async def test_a_difference_leaves_with_its_partition() -> None:
    bench = Bench(Losing)
    await bench.take(3)
    bench.metrics.reconciliation.forget(0)

    assert sample(bench, MICROS, currency="USD") == 0


async def take_from(bench: Bench, start: int, first: int) -> None:
    records = [Stored(first, NOW, b"acme", call(cdr_id=f"at{first}").value)]
    tp = SimpleNamespace(topic=CDR_RAW.name, partition=0)
    batch = RecordBatch(cast("Any", tp), cast("Any", records), start, first + 1)
    await bench.stepper.take(batch)


async def test_offsets_that_no_batch_has_read_are_told_and_the_partition_goes_on() -> None:
    bench = Bench()
    await take_from(bench, 1, 3)
    assert sample(bench, RECORDS, topic=CDR_RAW.name) is None

    # Markers lie between where the batch before ended and the first record: they were read past.
    await take_from(bench, 4, 9)
    assert sample(bench, RECORDS, topic=CDR_RAW.name) is None

    await take_from(bench, 17, 18)
    assert sample(bench, RECORDS, topic=CDR_RAW.name) == 7
    assert bench.transactions.commits == [4, 10, 19]


async def test_records_that_are_read_again_are_no_difference_for_their_offsets_guard_them() -> None:
    bench = Bench()
    await take_from(bench, 1, 3)
    before = bench.balance
    await take_from(bench, 3, 3)

    assert bench.balance == before
    assert sample(bench, RECORDS, topic=CDR_RAW.name) is None
