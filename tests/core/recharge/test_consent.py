"""Consent withdrawn: what is in flight is taken back. Too late to be charged: made anew, or given up aloud."""

from collections.abc import Callable

import pytest

from rater.core.recharge.machine import State
from rater.core.recharge.state import ANSWER_MS
from tests.recharge_world import TRIGGER, World, low
from tests.units import DAY, HOUR, UNIT

WITHDRAWALS: dict[str, Callable[[World], None]] = {
    "disabled": lambda world: world.settle(enabled=False),
    "account_closed": World.close,
    "method_removed": lambda world: world.methods("pm_2"),
}


@pytest.mark.parametrize("reason", WITHDRAWALS)
@pytest.mark.parametrize("state", [State.REQUESTED, State.UNKNOWN])
def test_withdrawn_consent_takes_back_what_is_in_flight(reason: str, state: State) -> None:
    world = low()
    if state is State.UNKNOWN:
        world.unclear(world.first)
    WITHDRAWALS[reason](world)

    assert ("cancelling", reason) == (world.state, world.cancels[world.first].reason)
    world.wait(3 * DAY)
    assert [world.first] == list(world.sent)
    assert 1 == world.times_sent[world.first], "the command itself is not sent any more"


@pytest.mark.parametrize("reason", ["disabled", "account_closed"])
def test_what_was_taken_back_ends_quietly(reason: str) -> None:
    world = low()
    WITHDRAWALS[reason](world)
    world.decline(world.first, hard=False, code="cancelled")
    world.spend(500 * UNIT)
    world.wait(DAY)

    assert "idle" == world.state
    assert [world.first] == list(world.sent)
    assert "recharge_failed" not in world.told()


def test_what_was_captured_before_it_could_be_taken_back_is_credited() -> None:
    world = low()
    world.close()

    assert "captured" == world.succeed(world.first)
    assert "crediting" == world.state
    world.arrive()
    assert "idle" == world.state


def test_what_is_captured_late_is_credited_though_it_was_taken_back() -> None:
    world = low()
    world.settle(enabled=False)
    world.decline(world.first, hard=False, code="cancelled")

    assert "captured_late" == world.succeed(world.first)
    assert 1 == len(world.credited)


def test_with_another_method_a_recharge_begins_anew_when_the_old_one_is_ended() -> None:
    world = low()
    world.methods("pm_2")
    assert [world.first] == list(world.sent), "none beside it"
    world.decline(world.first, hard=False, code="cancelled")

    assert ["pm_1", "pm_2"] == [command.method for command in world.sent.values()]
    assert "requested" == world.state


def test_enabled_again_it_waits_for_the_end_of_what_was_taken_back() -> None:
    world = low()
    world.settle(enabled=False)
    world.settle()
    assert "cancelling" == world.state
    world.decline(world.first, hard=False, code="cancelled")

    assert ("requested", 2) == (world.state, len(world.sent))


def test_a_replaced_list_that_keeps_the_method_changes_nothing() -> None:
    world = low()
    world.methods("pm_3", "pm_1")

    assert ("requested", {}) == (world.state, world.cancels)


def test_the_first_command_that_came_too_late_is_made_anew_at_once_and_quietly() -> None:
    world = low()
    world.wait(ANSWER_MS)
    world.expire(world.first)

    assert ("requested", 2) == (world.state, len(world.sent))
    assert world.now == world.sent[world.last].requested_ms
    assert world.now + ANSWER_MS == world.sent[world.last].answer_by_ms
    assert [] == [kind for kind in world.told() if kind.startswith("recharge")]


def test_a_gateway_whose_clock_is_ahead_ends_in_a_pause_that_is_told_not_in_a_loop() -> None:
    world = low()
    for _ in range(20):
        world.expire(world.last)
        world.wait(8 * HOUR)

    assert "paused" == world.state
    assert 4 == len(world.sent)
    assert ("retries_spent", "expired") == (world.notices[-1].reason, world.notices[-1].code)


def test_too_late_and_needed_no_more_it_ends() -> None:
    world = low()
    world.top_up(TRIGGER, "manual")
    world.expire(world.first)

    assert ("idle", 1) == (world.state, len(world.sent))
