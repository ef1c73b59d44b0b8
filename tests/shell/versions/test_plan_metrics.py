"""Plan metrics: version, force and age of the plan catalog under their names."""

from prometheus_client import CollectorRegistry, generate_latest

from rater.shell.versions.plan_metrics import PlanMetrics


def test_what_is_known_of_plans_is_shown() -> None:
    registry = CollectorRegistry()
    metrics = PlanMetrics(registry)
    metrics.set_known(3)
    metrics.set_in_force(2, 1_767_225_600)
    metrics.record_refused("value")

    lines = generate_latest(registry).decode().splitlines()
    assert "rater_plan_catalog_version 3.0" in lines
    assert "rater_plan_catalog_in_force 2.0" in lines
    assert "rater_plan_catalog_valid_from_seconds 1.7672256e+09" in lines
    assert 'rater_plan_records_refused_total{reason="value"} 1.0' in lines
