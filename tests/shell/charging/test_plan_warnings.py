"""Plans that no catalog has: what a worker says when somebody is given them."""

import logging
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from tests.build import Partition, command, opening, order
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
