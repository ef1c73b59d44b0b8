"""Charging's metrics: money, pools, runways and ages, from a decision and a batch that were committed."""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry

from rater.batch.charging.decision import Decision
from rater.core.pricing.plans.book import NO_BOOK
from rater.shell.charging.metrics import EVENTS, IN, LEVELS, OUT, ChargingMetrics
from rater.shell.process.metrics import BatchReport
from topics.catalog import ACCOUNT_COMMANDS, CDR_RAW

AT = 1_800_000_000_000


class Counted:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.metrics = ChargingMetrics(self.registry)
        self.decision = Decision("cdr.raw.v1", 0, 0, NO_BOOK)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)


def report(topic: str, stamps: Sequence[int]) -> BatchReport:
    return BatchReport(topic=topic, records=len(stamps), outcomes={}, decode_s=0, decide_s=0,
                       commit_s=0, stamps_ms=stamps, committed_ms=AT)  # fmt: skip


def test_money_is_counted_by_currency_and_kind() -> None:
    counted = Counted()
    counted.decision.charged["USD"] = 900
    counted.decision.sums.came["USD", "funds_added"] = 5_000
    counted.decision.sums.went["USD", "lot_expired"] = 70
    counted.decision.sums.forfeited["USD"] = 7
    counted.metrics.decided(counted.decision)
    counted.metrics.decided(counted.decision)

    assert (
        counted.value("rater_money_in_micros_total", currency="USD", kind="funds_added") == 10_000
    )
    assert counted.value("rater_money_out_micros_total", currency="USD", kind="charge") == 1_800
    assert counted.value("rater_money_out_micros_total", currency="USD", kind="lot_expired") == 140
    assert counted.value("rater_forfeited_micros_total", currency="USD") == 14


def test_a_currency_shows_all_kinds_from_its_first_sight_on() -> None:
    counted = Counted()
    before = counted.value("rater_money_out_micros_total", currency="EUR", kind="charge")
    counted.decision.charged["EUR"] = 1
    counted.metrics.decided(counted.decision)

    zeros = [counted.value("rater_money_in_micros_total", currency="EUR", kind=k) for k in IN]
    zeros += [
        counted.value("rater_money_out_micros_total", currency="EUR", kind=k) for k in OUT[1:]
    ]
    assert before is None
    assert zeros == [0.0] * (len(IN) + len(OUT) - 1)


def test_pools_events_and_runways() -> None:
    counted = Counted()
    sums = counted.decision.sums
    sums.pool_s, sums.pool_returned_s = 120, 60
    sums.events["pool_used"] = sums.pool_levels[80] = 2
    sums.runways_h.extend([0, 30])
    counted.metrics.decided(counted.decision)

    assert counted.value("rater_pool_drawn_seconds_total") == 120
    assert counted.value("rater_pool_returned_seconds_total") == 60
    assert counted.value("rater_balance_events_total", kind="pool_used") == 2
    assert [counted.value("rater_pools_used_up_to_total", level=str(each)) for each in LEVELS] == [
        2,
        0,
    ]
    assert counted.value("rater_runway_seconds_bucket", le="3600.0") == 1
    assert counted.value("rater_runway_seconds_sum") == 30 * 3_600
    assert all(
        counted.value("rater_balance_events_total", kind=each) is not None for each in EVENTS
    )
    assert "threshold_crossed" in EVENTS


def test_the_age_of_cdrs_alone_is_counted() -> None:
    counted = Counted()
    counted.metrics.batch_done(report(ACCOUNT_COMMANDS.name, [AT - 1_000]))
    counted.metrics.batch_done(report(CDR_RAW.name, [AT - 1_500, AT - 20, -1]))

    assert counted.value("rater_cdr_to_ledger_seconds_count") == 2
    assert counted.value("rater_cdr_to_ledger_seconds_bucket", le="0.025") == 1
    assert counted.value("rater_cdr_to_ledger_seconds_sum") == 1.52
