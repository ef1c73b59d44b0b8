"""Charging held: what waited and is charged afterwards is clean, and what was charged in a stop is found."""

import pytest

from tests.reconcile.honest_worker import DAY_MS, HonestWorker
from tests.reconcile.tampering import Topics, altered, differences
from topics import catalog

SETTINGS, LEDGER = catalog.CHARGING_SETTINGS.name, catalog.LEDGER.name
MINUTE_MS = 60_000
HOUR_MS = 3_600_000


def stopped(after_ms: int = 2 * HOUR_MS, gap: tuple[int, int] | None = None) -> HonestWorker:
    """Return a worker whose charging was held for an hour, but for a gap, and that worked so long after it began."""
    worker = HonestWorker()
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "L1", 10_000_000)
    worker.call("acme", "before")
    worker.work()
    begins_ms = worker.now_ms // 1_000 * 1_000 + 2 * MINUTE_MS
    worker.load_settings(begins_ms, charging_held=True)
    if gap is not None:
        worker.load_settings(begins_ms + gap[0])
        worker.load_settings(begins_ms + gap[1], charging_held=True)
    worker.load_settings(begins_ms + HOUR_MS)
    for number in range(3):
        worker.now_ms = begins_ms + number * 10 * MINUTE_MS
        worker.call("acme", f"held-{number}")
    worker.now_ms = begins_ms + after_ms
    worker.work()
    return worker


def found(topics: Topics) -> set[tuple[str, str]]:
    return {(each.proof, each.topic) for each in differences(topics)}


@pytest.mark.parametrize("after_ms", [HOUR_MS, DAY_MS, 30_000])
def test_what_is_charged_outside_of_a_stop_is_clean(after_ms: int) -> None:
    """The last one had begun when the stop did."""
    assert differences(dict(stopped(after_ms).topics)) == []


def test_what_was_charged_in_a_stop_is_found() -> None:
    assert found(dict(stopped(30 * MINUTE_MS).topics)) == {("charging held", LEDGER)}


def test_what_was_charged_where_a_stop_ended_for_a_moment_is_clean() -> None:
    """A step that had begun in between may end in the second stop."""
    gap = (20 * MINUTE_MS, 20 * MINUTE_MS + 20_000)

    assert differences(dict(stopped(gap[1] + 20_000, gap).topics)) == []
    assert found(dict(stopped(gap[1] + 70_000, gap).topics)) == {("charging held", LEDGER)}


def test_a_stop_that_went_on_finds_what_was_charged_after_it() -> None:
    topics = dict(stopped().topics)

    assert found(altered(topics, SETTINGS, 1, {"charging_held": True})) == {
        ("charging held", LEDGER)
    }


def test_funds_that_came_in_a_stop_are_no_difference() -> None:
    worker = stopped(DAY_MS)
    worker.load_settings(worker.now_ms + 2 * MINUTE_MS, charging_held=True)
    worker.now_ms += HOUR_MS
    worker.fund("acme", "L2", 10_000_000)
    worker.work()

    assert differences(dict(worker.topics)) == []
