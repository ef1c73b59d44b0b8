"""Plans that pay nothing: what a worker says when somebody is given them."""

import logging
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from rater.core.pricing.plans.book import PlanBook
from rater.wire.pricing.zones import zone_of
from tests.build import RULES, Partition, command, opening, order
from tests.plan_build import catalog
from tests.shell.charging.test_suspense_metrics import decider_of, shown


def told(caplog: pytest.LogCaptureFixture, kind: str, **fields: Any) -> list[str]:
    """Return what is counted when a command is told of, and check that the log names the plan."""
    registry = CollectorRegistry()
    partition = Partition().take(*map(command, (opening(), order(kind, **fields))))
    with caplog.at_level(logging.WARNING):
        decider_of(registry).report(partition.last)
    assert caplog.messages == ["plan GONE of account acme is in no plan catalog (command x1)"]
    return shown(registry)


def test_licences_of_one_are_counted_and_named(caplog: pytest.LogCaptureFixture) -> None:
    held = [
        {"plan_id": "GONE", "usage_country": country, "licences": 1} for country in ("FR", "GB")
    ]

    assert "rater_plans_unknown_total 1.0" in told(caplog, "set_entitlements", entitlements=held)


def test_a_users_are_counted_and_named(caplog: pytest.LogCaptureFixture) -> None:
    user = {"user_id": "ann", "usage_country": "FR", "plan_ids": ["GONE"]}

    assert "rater_plans_unknown_total 1.0" in told(caplog, "set_user", **user)


def hired(plan_ids: list[str]) -> dict[str, Any]:
    return {"user_id": "ann", "usage_country": "DE", "plan_ids": plan_ids}


def test_a_plan_of_a_user_that_the_account_has_no_licence_of_there_is_counted_and_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """SMALL is held in France, BOTH in Germany; both are in the catalog, GONE is not, and is named once."""
    registry = CollectorRegistry()
    rules = RULES.with_plans(PlanBook([catalog()], zone_of))
    held = [
        {"plan_id": "SMALL", "usage_country": "FR", "licences": 1},
        {"plan_id": "BOTH", "usage_country": "DE", "licences": 1},
    ]
    partition = Partition(rules=rules)
    partition.take(*map(command, (opening(), order("set_entitlements", entitlements=held))))
    caplog.clear()
    orders = order("set_user", **hired(["SMALL", "BOTH", "GONE"]), command_id="x2")
    partition.take(command(orders))
    with caplog.at_level(logging.WARNING):
        decider_of(registry).report(partition.last)

    assert caplog.messages == [
        "plan GONE of account acme is in no plan catalog (command x2)",
        "plan SMALL of user ann: account acme has no licence of it in DE (command x2)",
    ]
    assert "rater_plans_unlicensed_total 1.0" in shown(registry)
