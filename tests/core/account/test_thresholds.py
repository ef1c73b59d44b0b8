"""Thresholds are edges (D10)."""

import pytest

from rater.core.account.account import Threshold
from rater.core.account.cause import Cause
from rater.core.account.thresholds import cross
from rater.wire.outputs import encode
from tests.build import NOW, account
from topics.records.balance import Event

CAUSE = Cause("charge", "c1", NOW)


def moved(before: int, balance: int, *thresholds: tuple[str, int, bool]) -> list[Event]:
    """Return the events of an account whose balance was `before` and is `balance` now."""
    there = account(
        balance=balance,
        seq=3,
        thresholds=[Threshold(name, at, armed) for name, at, armed in thresholds],
    )
    events: list[Event] = []
    cross(there, before > 0, CAUSE, events)
    return events


def kinds(events: list[Event]) -> list[str]:
    return [event.event_id.removeprefix("acme/3/") for event in events]


def test_a_balance_below_the_threshold_crosses_it_and_one_at_it_does_not() -> None:
    assert kinds(moved(101, 99, ("low", 100, True))) == ["crossed/low"]
    assert kinds(moved(101, 100, ("low", 100, True))) == []


def test_a_threshold_that_has_fired_is_silent_until_it_is_armed_again() -> None:
    assert kinds(moved(99, 50, ("low", 100, False))) == []
    assert kinds(moved(99, 100, ("low", 100, False))) == ["rearmed/low"]


def test_several_fire_from_the_highest_and_are_armed_from_the_lowest() -> None:
    down = [("top", 100, True), ("mid", 50, True), ("low", 0, True)]
    up = [(name, at, False) for name, at, _ in down]

    assert kinds(moved(101, -1, *down)) == [
        "crossed/top",
        "crossed/mid",
        "crossed/low",
        "exhausted",
    ]
    assert kinds(moved(-1, 101, *up)) == ["restored", "rearmed/low", "rearmed/mid", "rearmed/top"]


@pytest.mark.parametrize(
    ("before", "balance", "kind"),
    [(1, 0, ["exhausted"]), (1, -5, ["exhausted"]), (0, -5, []), (0, 1, ["restored"]), (-5, 0, [])],
)
def test_exhaustion_is_crossed_from_above_zero_to_zero_or_below(
    before: int, balance: int, kind: list[str]
) -> None:
    assert kinds(moved(before, balance)) == kind


def in_hours(balance: int, *thresholds: tuple[str, int, bool]) -> list[Event]:
    """Return the events of an account that spends 10 an hour."""
    there = account(
        balance=balance,
        seq=3,
        burn=10 * 4096,
        burn_from=0,
        hour_thresholds=[Threshold(name, hours, armed) for name, hours, armed in thresholds],
    )
    events: list[Event] = []
    cross(there, balance > 0, CAUSE, events)
    assert (there.calm_from, there.calm_to) == (1, 0)
    return events


def test_hours_are_crossed_by_a_runway_below_them_and_not_by_one_at_them() -> None:
    assert kinds(in_hours(50, ("soon", 5, True))) == []
    assert kinds(in_hours(49, ("soon", 5, True))) == ["crossed/soon"]
    assert kinds(in_hours(49, ("soon", 5, False))) == []
    assert kinds(in_hours(50, ("soon", 5, False))) == ["rearmed/soon"]


def test_several_in_hours_fire_from_the_longest_and_are_armed_from_the_shortest() -> None:
    down = [("month", 720, True), ("day", 24, True), ("now", 1, True)]
    up = [(name, at, False) for name, at, _ in down]

    assert kinds(in_hours(9, *down)) == ["crossed/month", "crossed/day", "crossed/now"]
    assert kinds(in_hours(10**6, *up)) == ["rearmed/now", "rearmed/day", "rearmed/month"]


def test_who_spends_nothing_is_below_no_hours() -> None:
    there = account(balance=5, hour_thresholds=[Threshold("soon", 80_000, armed=False)])
    events: list[Event] = []
    cross(there, True, CAUSE, events)

    (event,) = events
    assert event.event_id == "acme/0/rearmed/soon"
    assert event.threshold_h == 80_000  # type: ignore[attr-defined]
    assert event.threshold_micros is None  # type: ignore[attr-defined]
    assert b'"hours_remaining":null' in encode(event)


def test_an_event_says_which_threshold_and_why() -> None:
    (event,) = moved(101, 99, ("low", 100, True))

    assert (event.balance_micros, event.cause, event.cause_id, event.seq) == (99, "charge", "c1", 3)
    assert event.threshold_id == "low"  # type: ignore[attr-defined]
    assert event.threshold_micros == 100  # type: ignore[attr-defined]


def test_a_crossing_says_what_people_call_the_threshold() -> None:
    there = account(
        balance=4,
        thresholds=[Threshold("low", 5, armed=True, label="Top up soon")],
    )
    events: list[Event] = []
    cross(there, True, CAUSE, events)

    assert [(event.threshold_id, event.label) for event in events] == [("low", "Top up soon")]  # type: ignore[attr-defined]
