"""What an account was before its last changes."""

import pytest

from rater.core.account.past import (
    CHANGES_MAX,
    KEPT_MS,
    Past,
    decks_at,
    was_closed,
    without_the_oldest,
)
from tests.build import DAY, HOUR, NOW, Partition, call, command, funds, opening, order


@pytest.mark.parametrize(("at", "closed"), [(9, False), (10, True), (19, True), (20, False)])
def test_an_account_was_closed_from_the_closing_to_before_the_reopening(
    at: int, *, closed: bool
) -> None:
    assert was_closed(Past(40, [(10, 20), (30, 40)], []), at) is closed


@pytest.mark.parametrize(("at", "decks"), [(9, "a"), (10, "b"), (19, "b"), (20, "now")])
def test_decks_are_those_of_the_instant(at: int, decks: str) -> None:
    assert decks_at(Past(20, [], [(10, ("a",)), (20, ("b",))]), at, ("now",)) == (decks,)


def test_what_no_call_can_ask_for_is_forgotten() -> None:
    past = Past(99, [(1, 10), (11, 12)], [(10, ("a",)), (11, ("b",))])

    kept = without_the_oldest(past, KEPT_MS + 10)

    assert (kept.closures, kept.decks, kept.settled_ms) == ([(11, 12)], [(11, ("b",))], 99)
    assert past.closures == [(1, 10), (11, 12)]


def reasons(partition: Partition) -> list[str]:
    return [x["reason"] for x in partition.entries() if x["kind"] == "command_rejected"]


def test_a_deck_is_set_so_often_and_no_more_until_the_oldest_is_forgotten() -> None:
    partition = Partition().take(command(opening()), command(funds()))
    for number in range(CHANGES_MAX + 1):
        decks = ["acs", "none"] if number % 2 else ["none"]
        partition.take(command(order("set_decks", f"d{number}", decks=decks), NOW + number * HOUR))

    assert reasons(partition) == ["too_many_changes"]
    later = NOW + KEPT_MS + HOUR
    partition.take(command(order("set_decks", "later", decks=["acs"]), later))
    assert reasons(partition) == ["too_many_changes"]
    assert partition.account().decks == ("acs",)


def test_an_account_is_reopened_so_often_and_no_more() -> None:
    partition = Partition().take(command(opening()))
    for number in range(CHANGES_MAX + 1):
        at_ms = NOW + number * DAY
        partition.take(command(order("close_account", f"c{number}"), at_ms))
        partition.take(command(order("reopen_account", f"r{number}"), at_ms + HOUR))

    past = partition.account().past
    assert reasons(partition) == ["too_many_changes"]
    assert past is not None
    assert len(past.closures) == CHANGES_MAX


def test_what_was_in_force_for_no_time_is_not_kept() -> None:
    partition = Partition().take(
        command(opening()),
        command(order("set_decks", "d1", decks=["none"]), NOW + 1),
        command(order("set_decks", "d2", decks=["acs"]), NOW + 1),
        command(order("set_decks", "d3", decks=["acs"]), NOW + 5),
        command(order("close_account", "c1"), NOW + 9),
        command(order("reopen_account", "r1"), NOW + 9),
    )

    assert partition.account().past == Past(NOW + 1, [], [(NOW + 1, ("acs",))])


def test_a_call_is_charged_by_what_was_so_at_its_answer() -> None:
    partition = Partition().take(
        command(opening()),
        command(funds()),
        command(order("set_decks", "d1", decks=["none"]), NOW + HOUR),
        command(order("close_account", "c1"), NOW + 2 * HOUR),
        command(order("reopen_account", "r1"), NOW + 3 * HOUR),
        command(order("set_decks", "d2", decks=["acs"]), NOW + 4 * HOUR),
    )
    for number, end in enumerate(
        (HOUR, HOUR + 60_000, 2 * HOUR + 60_000, 3 * HOUR + 60_000, 5 * HOUR)
    ):
        partition.take(call(NOW + 6 * HOUR, cdr_id=f"c{number}", ended_ms=NOW + end))

    assert partition.outcomes == {
        "accepted": 6,
        "rated": 2,
        "suspended.unknown_deck": 2,
        "suspended.account_closed": 1,
    }
