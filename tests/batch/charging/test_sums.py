"""Sums: over all stories, what batches say they moved, told and drew is what stands in the records that they wrote."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from rater.shell.charging.outcomes import outcomes_of
from tests.played import played
from topics.catalog import ACCOUNT_STATUS, BALANCE_EVENTS

OWN = "timer"
"""The source of a decision that no record caused."""


def summed(counters: Iterator[Counter[Any]]) -> Counter[Any]:
    total: Counter[Any] = Counter()
    for each in counters:
        total.update(each)
    return total


def test_money_in_and_out_is_what_the_ledger_says() -> None:
    came: Counter[tuple[str, str]] = Counter()
    went: Counter[tuple[str, str]] = Counter()
    for entry in played().entries():
        micros = entry.get("amount_micros", 0)
        if micros and entry["kind"] != "charge":
            (came if micros > 0 else went)[entry["currency"], entry["kind"]] += abs(micros)

    assert came == summed(each.sums.came for each in played().decisions)
    assert went == summed(each.sums.went for each in played().decisions)
    assert {"funds_added", "adjusted", "payment_restored", "charge_reversed"} == {
        kind for _, kind in came
    }
    assert {"adjusted", "payment_reversed", "lot_expired"} == {kind for _, kind in went}


def test_what_is_forfeited_is_what_the_ledger_says() -> None:
    gone: Counter[str] = Counter()
    for entry in played().entries():
        if entry["kind"] == "lot_forfeited":
            gone[entry["currency"]] += entry["forfeited_micros"]

    assert gone
    assert gone == summed(each.sums.forfeited for each in played().decisions)


def test_seconds_of_pools_are_the_draws_of_charges_and_what_is_given_back() -> None:
    drawn = returned = 0
    for entry in played().entries():
        drawn += sum(d["quantity"] for d in entry.get("draws", ()) if d.get("source") == "pool")
        returned += sum(
            d["quantity"] for d in entry.get("returns", ()) if d.get("source") == "pool"
        )

    assert drawn > returned > 0
    assert drawn == sum(each.sums.pool_s for each in played().decisions)
    assert returned == sum(each.sums.pool_returned_s for each in played().decisions)


def test_events_and_runways_are_those_that_were_written() -> None:
    events = played().of(BALANCE_EVENTS.name)
    statuses = played().of(ACCOUNT_STATUS.name)
    hours = [h for each in statuses if (h := each.get("hours_remaining")) is not None]
    levels = Counter(each["level"] for each in events if each["kind"] == "pool_used")

    assert Counter(each["kind"] for each in events) == summed(
        each.sums.events for each in played().decisions
    )
    assert hours
    assert hours == [h for each in played().decisions for h in each.sums.runways_h]
    assert levels.keys() == {80, 100}
    assert levels == summed(each.sums.pool_levels for each in played().decisions)


def test_whatever_became_of_a_record_is_shown_before_it_happens() -> None:
    seen = {
        (each.source_topic, *name.partition(".")[::2])
        for each in played().decisions
        for name in each.outcomes
        if each.source_topic != OWN
    }
    declared = {
        (topic, outcome, reason)
        for topic in {topic for topic, _, _ in seen}
        for outcome, reason in outcomes_of(topic)
    }

    assert len(seen) > 40
    assert seen - declared == set()
