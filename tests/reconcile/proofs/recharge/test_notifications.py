"""Notifications of events: each is told as it was."""

import json

from tests.reconcile.honest_circle import HonestCircle
from tests.reconcile.tampering import verdict_on
from topics import catalog


def test_suspected_fraud_that_is_told_is_clean() -> None:
    circle = HonestCircle()
    circle.join("acme")
    circle.command("acme", "set_spend_limits", cost_per_call_micros=1)
    circle.call("acme", "dear")
    circle.turn()

    verdict = verdict_on(dict(circle.topics))

    assert verdict.differences == []
    assert "fraud_suspected" in {
        json.loads(record.value or b"")["kind"]
        for _, record in circle.topics[catalog.NOTIFICATIONS.name]
    }
