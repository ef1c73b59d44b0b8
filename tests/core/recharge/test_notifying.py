"""Telling: what people learn of a recharge, once, and what is no news."""

from tests.recharge_world import AMOUNT, World, low
from tests.units import HOUR, UNIT
from topics.records import notifications as n


def test_of_many_declines_the_first_and_the_end_are_told() -> None:
    world = low()
    for _ in range(3):
        world.decline(world.last, hard=False, code="insufficient_funds")
        world.wait(8 * HOUR)
    world.decline(world.last, hard=False, code="try_again_later")
    failed, paused = world.notices

    assert isinstance(failed, n.RechargeFailedNotification)
    assert (AMOUNT, "soft", "insufficient_funds", "card pm_1") == (
        failed.amount_micros,
        failed.decline_class,
        failed.code,
        failed.method_label,
    )
    assert failed.next_try_ms is not None
    assert HOUR <= failed.next_try_ms - failed.at_ms
    assert isinstance(paused, n.RechargePausedNotification)
    assert ("retries_spent", "try_again_later") == (paused.reason, paused.code)


def test_a_decline_that_is_answered_at_once_names_no_time() -> None:
    world = World(balance=0)
    world.methods("pm_1", "pm_2")
    world.settle()
    world.decline(world.last, hard=True)

    assert [("hard", None)] == [(each.decline_class, each.next_try_ms) for each in world.notices]


def test_a_cap_with_an_empty_account_is_a_suspicion_that_names_the_cap_as_its_cause() -> None:
    world = World(balance=-1_000 * UNIT)
    world.methods("pm_1")
    world.settle(count_cap=1)
    world.succeed(world.last)
    world.arrive()
    capped, suspected = world.notices[-2:]

    assert ("count", 1, "recharge_cap", capped.notification_id) == (
        capped.cap,
        capped.limit,
        suspected.limit,
        suspected.cause_id,
    )


def test_a_cap_with_money_left_is_none() -> None:
    world = low(count_cap=1)
    world.spend(60 * UNIT)
    world.succeed(world.last)
    world.arrive()

    assert "capped" == world.state
    assert ["funds_added", "recharge_capped"] == world.told()


def test_two_transitions_in_one_millisecond_are_two_notices() -> None:
    world = World(balance=0)
    world.settle()
    world.methods("pm_1")
    world.decline(world.last, hard=True)
    world.methods()
    ids = [notice.notification_id for notice in world.notices]

    assert ["recharge_paused"] * 3 == world.told()
    assert 3 == len(set(ids))
