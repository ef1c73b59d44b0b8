"""Payments that are held for maintenance: nothing new is asked for, nothing is lost, and nothing counts as failed."""

import pytest

from rater.core.limits import NEVER_MS
from rater.core.recharge import agent
from rater.core.recharge.journal import RechargeJournal
from rater.core.recharge.machine import State
from rater.core.recharge.state import Recharge, due_ms
from tests.recharge_world import AMOUNT, TRIGGER, World, low
from tests.units import DAY, HOUR, MINUTE, NOW, UNIT
from topics.records import balance as v


def held(balance: int = 150 * UNIT) -> World:
    """Return a tenant whose payments are held, with a method and settings."""
    world = World(balance=balance)
    world.methods("pm_1", "pm_2")
    world.settle()
    world.hold()
    return world


def test_a_crossing_asks_for_nothing_and_tells_nothing_until_the_stop_ends_and_then_for_one() -> (
    None
):
    world = held()
    world.spend(60 * UNIT)
    world.spend(60 * UNIT)
    world.wait(3 * DAY)

    assert ([], [], "payments_held") == (list(world.sent), world.told(), world.state)
    assert due_ms(world.recharge) == NEVER_MS

    world.lift()
    world.lift()
    world.spend(UNIT)

    assert (1, [], "requested") == (len(world.sent), world.told(), world.state)


def test_the_end_of_a_stop_asks_nothing_for_those_who_have_enough_by_then() -> None:
    world = held()
    world.spend(60 * UNIT)
    world.top_up(100 * UNIT, "manual")
    assert world.state == "idle"
    world.lift()

    assert ([], "idle") == (list(world.sent), world.state)


def test_what_is_in_flight_goes_to_its_end_and_is_credited() -> None:
    world = low()
    world.hold()
    world.succeed(world.last)
    world.arrive()

    assert (AMOUNT, 1, "idle") == (
        world.recharge.started[0].amount_micros,
        len(world.sent),
        world.state,
    )
    assert world.told() == ["funds_added"]

    world.spend(AMOUNT)
    world.lift()

    assert (2, "requested") == (len(world.sent), world.state)


def test_what_is_in_flight_without_an_answer_is_asked_for_again_in_the_same_words() -> None:
    world = low()
    first = world.last
    journal = RechargeJournal(lambda *_: True)
    agent.fall_due(world.recharge, world.now + 15 * MINUTE, journal)

    assert [world.sent[first]] == journal.payments
    assert world.state == "unknown"


@pytest.mark.parametrize("hard", [False, True])
def test_a_decline_in_a_stop_is_no_failure_where_another_payment_may_be_made(hard: bool) -> None:  # noqa: FBT001
    world = low()
    world.methods("pm_1", "pm_2")
    world.hold()
    world.decline(world.last, hard=hard)

    assert ([], "payments_held") == (world.told(), world.state)

    world.lift()

    assert (2, "requested") == (len(world.sent), world.state)
    assert world.sent[world.last].recharge_id != world.sent[world.first].recharge_id
    assert world.sent[world.last].method == ("pm_2" if hard else "pm_1")


def test_the_last_method_refused_for_good_is_told_in_a_stop_too() -> None:
    world = low()
    world.hold()
    world.decline(world.last, hard=True)
    world.lift()

    assert (["recharge_paused"], "paused") == (world.told(), world.state)


def test_what_came_too_late_in_a_stop_is_asked_for_anew_after_it() -> None:
    world = low()
    world.hold()
    world.wait(16 * MINUTE)
    world.expire(world.last)
    assert ([], "payments_held") == (world.told(), world.state)
    world.lift()

    assert (2, "requested") == (len(world.sent), world.state)


def test_a_retry_that_falls_due_in_a_stop_is_not_made_and_all_retries_are_there_afterwards() -> (
    None
):
    world = low()
    world.decline(world.last, hard=False)
    world.hold()
    world.event(v.BalanceExhausted)
    assert world.state == "backing_off"
    world.wait(2 * HOUR)
    assert (1, "payments_held") == (len(world.sent), world.state)
    world.lift()
    for _ in range(3):
        world.decline(world.last, hard=False)
        world.wait(5 * HOUR)

    assert (5, "unknown") == (len(world.sent), world.state)


def test_a_retry_that_falls_due_after_a_stop_is_made_at_its_time() -> None:
    world = low()
    world.decline(world.last, hard=False)
    world.hold()
    world.event(v.BalanceExhausted)
    world.lift()
    assert (1, "backing_off") == (len(world.sent), world.state)
    world.wait(2 * HOUR)

    assert (2, "unknown") == (len(world.sent), world.state)


def test_what_stands_against_a_recharge_besides_a_stop_is_told_as_ever() -> None:
    capped, bare, tripped = held(), held(), held()
    capped.held = False
    capped.settle(count_cap=1)
    capped.spend(60 * UNIT)
    capped.succeed(capped.last)
    capped.arrive()
    capped.hold()
    capped.spend(60 * UNIT)
    bare.methods()
    bare.spend(60 * UNIT)
    tripped.event(v.FraudSuspected, "spend_per_hour", UNIT, 2 * UNIT, ("international",))
    tripped.spend(60 * UNIT)

    assert ("capped", "paused", "on_hold") == (capped.state, bare.state, tripped.state)

    capped.wait(2 * DAY)
    assert capped.state == "payments_held"
    tripped.resume()
    assert tripped.state == "payments_held"


def test_whoever_withdraws_in_a_stop_is_asked_for_nothing_after_it() -> None:
    world = held()
    world.spend(60 * UNIT)
    world.settle(enabled=False)
    assert world.state == "idle"
    world.lift()

    assert [] == list(world.sent)


def test_new_methods_and_a_resumption_change_nothing_in_a_stop() -> None:
    world = held()
    world.spend(60 * UNIT)
    world.methods("pm_3")
    world.resume()
    assert ([], "payments_held") == (list(world.sent), world.state)
    world.lift()

    assert world.sent[world.last].method == "pm_3"


def test_a_late_success_in_a_stop_is_credited_and_what_is_still_low_waits_on() -> None:
    world = low()
    world.spend(AMOUNT)
    world.decline(world.last, hard=False)
    world.hold()
    world.succeed(world.last)
    assert world.state == "crediting"
    world.arrive()

    assert (1, "payments_held") == (len(world.sent), world.state)


def test_what_a_late_call_of_before_the_stop_crosses_is_held_by_the_time_of_its_own_record() -> (
    None
):
    """Charging may be late: the event has the time of the call's record, its own record was written in the stop."""
    recharge = Recharge("acme", "USD", now_ms=NOW)
    journal = RechargeJournal(lambda _, at_ms: at_ms > NOW)

    assert not journal.holds(recharge)
    journal.heard_ms = NOW + 1
    assert journal.holds(recharge)


def test_the_timer_that_comes_too_early_changes_nothing() -> None:
    world = held()
    world.spend(60 * UNIT)

    assert world._step(lambda r, j: agent.fall_due(r, world.now, j)) == "early"
    assert world.recharge.state is State.PAYMENTS_HELD
    assert world.balance < TRIGGER
