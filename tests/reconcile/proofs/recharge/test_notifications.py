"""Notifications of events: each is told as it was."""

import json

from tests.reconcile.honest_circle import FUNDED, HonestCircle
from tests.reconcile.tampering import altered, differences, place_of, verdict_on
from topics import catalog

NOTICES = catalog.NOTIFICATIONS.name


def told_kinds(circle: HonestCircle) -> set[str]:
    """Return the kinds of all that was told."""
    notices = circle.topics[NOTICES]
    return {json.loads(record.value or b"")["kind"] for _, record in notices}


def test_a_credit_limit_that_is_told_is_clean_and_one_that_is_not_told_is_named() -> None:
    circle = HonestCircle()
    circle.join("acme", enabled=False)
    circle.spend("acme", FUNDED)
    circle.command("acme", "set_billing_mode", mode="post_paid", credit_limit_micros=1)
    circle.turn()
    circle.now_ms += 120_000
    circle.call("acme", "owed", billsec=60)
    circle.turn()
    topics = dict(circle.topics)

    assert verdict_on(topics).differences == []
    assert "credit_limit_reached" in told_kinds(circle)
    index = place_of(topics, NOTICES, lambda said: said["kind"] == "credit_limit_reached")
    left = [*topics[NOTICES][:index], *topics[NOTICES][index + 1 :]]
    assert {"notifications"} == {each.proof for each in differences({**topics, NOTICES: left})}
    other = altered(topics, NOTICES, index, {"owed_micros": 3})
    assert {"owed_micros"} == {each.field for each in differences(other)}


def test_suspected_fraud_that_is_told_is_clean() -> None:
    circle = HonestCircle()
    circle.join("acme")
    circle.command("acme", "set_spend_limits", cost_per_call_micros=1)
    circle.call("acme", "dear")
    circle.turn()

    verdict = verdict_on(dict(circle.topics))

    assert verdict.differences == []
    assert "fraud_suspected" in told_kinds(circle)
