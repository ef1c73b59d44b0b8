"""What becomes of paid calls of users without a licence: held against the command and the accounts' changelog."""

import json
from functools import cache
from typing import Any

import pytest

from tests.reconcile.honest_worker import HonestWorker
from tests.reconcile.tampering import Topics, altered, differences, place_of
from topics.catalog import LEDGER


@cache
def told() -> Topics:
    """Return the topics of an account that is told twice, and asked for what there is not."""
    worker = HonestWorker()
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    for calls in ("waive", "suspend"):
        worker.command("acme", "set_unlicensed_calls", calls=calls, reason="order")
    worker.command("nobody", "set_unlicensed_calls", calls="waive")
    worker.work()
    return dict(worker.topics)


def test_it_is_clean() -> None:
    entries = [json.loads(record.value or b"") for _, record in told()[LEDGER.name]]

    assert differences(told()) == []
    assert [each.get("calls") for each in entries if "calls" in each] == ["waive", "suspend"]
    assert entries[-1]["reason"] == "unknown_tenant"


@pytest.mark.parametrize(
    ("which", "lie", "field"),
    [
        (0, {"calls": "charge"}, "calls"),
        (1, {"calls": "waive"}, "calls"),
        (1, {"calls": "waive"}, "contract"),
        (1, {"reason": "never"}, "reason"),
        (1, {"amount_micros": 1}, "balance_micros"),
    ],
)
def test_a_lie_is_named(which: int, lie: dict[str, Any], field: str) -> None:
    kind = "unlicensed_calls_set"
    index = place_of(told(), LEDGER.name, lambda value: value["kind"] == kind, which)

    found = differences(altered(told(), LEDGER.name, index, lie))

    assert field in {one.field for one in found}, found
