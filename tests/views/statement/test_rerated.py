"""Calls that are rated again: a month that is over stays as it was, and the next one has both lines, told by month."""

from rater.views.statement.figures import CallSum, Figures
from rater.views.statement.period import UTC, period_of
from tests.batch.charging.test_rerating import funded_by, reprice, rerate
from tests.build import DAY, Partition, call
from tests.views.statement.ledgers import folded

APRIL = 1_775_001_600_000
"""2026-04-01."""


def of_month(partition: Partition, month: str) -> Figures:
    return folded(partition.entries(), period_of(month, UTC))


def test_a_month_that_is_over_stays_and_the_next_has_the_call_by_its_month() -> None:
    partition = funded_by().take(call()).take(call(APRIL + DAY, cdr_id="c2"))
    before = of_month(partition, "2026-03")
    reprice(partition).take(rerate("acme/3", at_ms=APRIL + 2 * DAY))

    assert of_month(partition, "2026-03") == before
    april = of_month(partition, "2026-04")
    assert april.faults == []
    assert april.movements["corrections"] == 125_000
    assert april.movements["calls"] == -125_000 - 150_000
    assert april.late == {"2026-03": CallSum(1, 60, 150_000)}
    assert (april.opening_micros, april.closing_micros) == (49_875_000, 49_725_000)
