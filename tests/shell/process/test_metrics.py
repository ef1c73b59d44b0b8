"""Metrics: their names, their labels, and what a batch adds to them."""

from dataclasses import replace

import pytest
from prometheus_client import generate_latest

from rater.shell.gateway.metrics import GatewayMetrics
from rater.shell.notifier.metrics import NotifierMetrics
from rater.shell.process.metrics import ROOMS, STATES, BatchReport, Metrics, Room

REPORT = BatchReport(
    topic="cdr.raw.v1",
    records=10,
    outcomes={("charged", ""): 7, ("suspense", "no_rate"): 2, ("dead", "not_json"): 1},
    charged_micros={"USD": 1_500_000, "EUR": 20},
    decode_s=0.002,
    decide_s=0.003,
    commit_s=0.02,
)
NAMES = {
    "rater_records",
    "rater_consumer_lag_records",
    "rater_consumer_lag_seconds",
    "rater_rebalance_standstill_seconds",
    "rater_event_loop_lag_seconds",
    "rater_gc_pause_seconds",
    "rater_decks_valid_from_seconds",
    "rater_batch_records",
    "rater_batch_duration_seconds",
    "rater_transaction_duration_seconds",
    "rater_transaction_failures",
    "rater_state",
    "rater_charged_micros",
    "rater_recovery_duration_seconds",
    "rater_rebalances",
    "rater_remembered_ids",
    "rater_dedupe_window_seconds",
    "rater_dedupe_window_evictions",
    "rater_entitlements_forgotten",
    "rater_decks_whole",
    "rater_deck_records_refused",
    "rater_charging_settings_version",
    "rater_settings_records_refused",
    "rater_deck_warnings",
    "rater_plans_unknown",
    "rater_plans_unlicensed",
    "rater_halted_partitions",
    "rater_invariant_violations",
    "rater_reconciliation_difference_micros",
    "rater_reconciliation_difference_records",
    "rater_build",
}


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_every_metric_is_there_under_its_name() -> None:
    metrics = Metrics()

    names = {family.name for family in metrics.registry.collect()}

    assert {name for name in names if name.startswith("rater_")} == NAMES


def test_no_metric_has_a_label_that_is_not_bounded() -> None:
    metrics = Metrics()
    metrics.batch_done(REPORT)
    metrics.set_lag("cdr.raw.v1", 3, 17)
    allowed = {"topic", "outcome", "reason", "partition", "stage", "kind", "state", "currency"}
    allowed |= {
        "invariant",
        "problem",
        "loop",
        "generation",
        "le",
        "version",
        "revision",
        "faust",
        "aiokafka",
        "python",
    }

    labels = {
        label
        for family in metrics.registry.collect()
        if family.name.startswith("rater_")
        for sample in family.samples
        for label in sample.labels
    }

    assert labels <= allowed


def test_a_batch_counts_its_outcomes_charges_and_times() -> None:
    metrics = Metrics()

    metrics.batch_done(REPORT)
    metrics.batch_done(replace(REPORT, records=1, outcomes={("charged", ""): 1}))

    topic = "cdr.raw.v1"
    charged = {"topic": topic, "outcome": "charged", "reason": ""}
    suspended = {"topic": topic, "outcome": "suspense", "reason": "no_rate"}
    assert value(metrics, "rater_records_total", **charged) == 8
    assert value(metrics, "rater_records_total", **suspended) == 2
    assert value(metrics, "rater_charged_micros_total", currency="USD") == 3_000_000
    assert value(metrics, "rater_charged_micros_total", currency="EUR") == 40
    assert value(metrics, "rater_batch_records_sum") == 11
    assert value(metrics, "rater_batch_duration_seconds_count", stage="commit") == 2


def test_the_worker_is_in_one_state_at_a_time() -> None:
    metrics = Metrics()

    seen = []
    for state in STATES:
        metrics.set_state(state)
        seen.append([name for name in STATES if value(metrics, "rater_state", state=name)])

    assert seen == [[state] for state in STATES]


def test_the_lag_of_a_lost_partition_is_no_longer_told() -> None:
    metrics = Metrics()
    metrics.set_lag("cdr.raw.v1", 3, 17)
    before = value(metrics, "rater_consumer_lag_records", topic="cdr.raw.v1", partition="3")

    metrics.forget_lag("cdr.raw.v1", 3)
    metrics.forget_lag("cdr.raw.v1", 4)

    assert before == 17
    assert value(metrics, "rater_consumer_lag_records", topic="cdr.raw.v1", partition="3") is None


def test_two_workers_in_one_process_count_apart() -> None:
    first, second = Metrics(), Metrics()

    first.rebalanced()

    assert value(first, "rater_rebalances_total") == 1
    assert value(second, "rater_rebalances_total") == 0


def test_all_else_that_is_said_is_told() -> None:
    metrics = Metrics()

    metrics.transaction_done(0.02)
    metrics.transaction_failed("ProducerFenced")
    metrics.recovered(1.5)
    metrics.set_halted(1)
    metrics.invariant_violated("conservation")
    metrics.set_index(1_000, 604_800)
    metrics.window_evicted()
    metrics.entitlements_forgotten(3)
    metrics.plan_unknown()
    metrics.plan_unlicensed()
    metrics.stood_still(7.0)
    metrics.versions.set_decks_whole(2)
    metrics.versions.set_decks_since(1_700_000_000)
    metrics.versions.deck_record_refused("not_json")
    metrics.versions.set_settings_version(3)
    metrics.versions.settings_record_refused("value")

    text = generate_latest(metrics.registry).decode()
    for line in (
        "rater_transaction_duration_seconds_count 1.0",
        'rater_transaction_failures_total{kind="ProducerFenced"} 1.0',
        "rater_recovery_duration_seconds_sum 1.5",
        "rater_halted_partitions 1.0",
        'rater_invariant_violations_total{invariant="conservation"} 1.0',
        "rater_remembered_ids 1000.0",
        "rater_dedupe_window_seconds 604800.0",
        "rater_dedupe_window_evictions_total 1.0",
        "rater_entitlements_forgotten_total 3.0",
        "rater_plans_unknown_total 1.0",
        "rater_plans_unlicensed_total 1.0",
        "rater_rebalance_standstill_seconds_sum 7.0",
        "rater_decks_whole 2.0",
        "rater_decks_valid_from_seconds 1.7e+09",
        'rater_deck_records_refused_total{reason="not_json"} 1.0',
        "rater_charging_settings_version 3.0",
        'rater_settings_records_refused_total{reason="value"} 1.0',
    ):
        assert line in text.splitlines()


def test_what_may_happen_is_shown_before_it_does() -> None:
    metrics = Metrics()
    metrics.expect("cdr.raw.v1", [("rated", ""), ("dead", "not_json")])

    dead = {"topic": "cdr.raw.v1", "outcome": "dead", "reason": "not_json"}
    assert value(metrics, "rater_records_total", **dead) == 0


def families(rooms: tuple[Room, ...]) -> set[str]:
    return {family.name for family in Metrics(rooms=rooms).registry.collect()}


def test_a_service_shows_the_families_of_its_own_rooms_alone() -> None:
    service, worker, charging = families(()), families(("worker",)), families(ROOMS)

    assert {
        "rater_state",
        "rater_consumer_lag_records",
        "rater_rebalances",
        "rater_build",
    } <= service
    assert {
        "rater_records",
        "rater_batch_records",
        "rater_transaction_failures",
    } <= worker - service
    assert {
        "rater_charged_micros",
        "rater_remembered_ids",
        "rater_decks_whole",
    } <= charging - worker
    assert service < worker < charging


def test_no_series_tells_when_a_counter_was_made() -> None:
    metrics = Metrics()
    metrics.rebalanced()
    metrics.transaction_done(0.1)

    assert b"_created" not in generate_latest(metrics.registry)


def test_a_lag_that_nobody_knows_is_not_there() -> None:
    metrics = Metrics()
    metrics.set_lag("cdr.raw.v1", 3, 0)
    metrics.forget_all_lags()
    metrics.forget_lag("cdr.raw.v1", 3)

    assert b"rater_consumer_lag_records{" not in generate_latest(metrics.registry)


@pytest.mark.parametrize("service", ["gateway", "notifier"])
def test_no_service_counts_under_its_own_name_what_all_of_them_count(service: str) -> None:
    shared = families(())
    registry = {
        "gateway": lambda: GatewayMetrics(Metrics(rooms=())).shared.registry,
        "notifier": lambda: NotifierMetrics().process.registry,
    }[service]()
    own = {family.name for family in registry.collect()} - shared

    assert own
    assert shared.isdisjoint(name.replace(f"rater_{service}_", "rater_") for name in own)
