"""Thresholds are edges (D10)."""

import pytest

from rater.core.account import Threshold
from rater.core.events import Event, Occasion
from rater.core.thresholds import cross, stamp
from tests.build import NOW, account

CAUSE = Occasion("charge", "c1", NOW)


def moved(before: int, balance: int, *thresholds: tuple[str, int, bool]) -> list[Event]:
    """Return the events of an account whose balance was `before` and is `balance` now."""
    there = account(
        balance=balance,
        seq=3,
        thresholds=[Threshold(name, at, armed) for name, at, armed in thresholds],
    )
    events: list[Event] = []
    cross(there, before, CAUSE, events)
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


def test_an_event_says_which_threshold_and_why() -> None:
    (event,) = moved(101, 99, ("low", 100, True))

    assert (event.balance_micros, event.cause, event.cause_id, event.seq) == (99, "charge", "c1", 3)
    assert event.threshold_id == "low"  # type: ignore[attr-defined]
    assert event.threshold_micros == 100  # type: ignore[attr-defined]


def test_the_stamp_of_an_event_names_the_entry_and_what_happened() -> None:
    assert stamp(account(seq=9), "settings", CAUSE)[0] == "acme/9/settings"
