"""Reversals in recharge: the difference is asked for, in any order; what pauses, what is held, what is quarantined."""

from itertools import permutations

import pytest

from rater.core.recharge.journal import RechargeJournal
from rater.core.recharge.machine import State
from rater.core.recharge.payment_results import take_result
from rater.core.recharge.payments import Quarantine
from rater.core.recharge.state import TAKEN_BACK_MAX
from tests.recharge_world import AMOUNT, World, low
from tests.units import DAY, NOW, UNIT
from topics.records import PaymentReversed


def paid() -> World:
    world = low()
    world.succeed(world.first)
    world.arrive()
    return world


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_whatever_the_order_what_is_taken_in_the_end_is_what_the_provider_has_not(
    order: tuple[int, ...],
) -> None:
    told = [(10 * UNIT, 0), (30 * UNIT, 0), (30 * UNIT, 10 * UNIT), (45 * UNIT, 10 * UNIT)]
    world = paid()

    for number in order:
        world.tell_sums(world.first, told[number])
        world.tell_sums(world.first, told[number])

    assert 35 * UNIT == world.taken[f"pay-{world.first}"]


def test_a_refund_of_nothing_new_asks_for_nothing() -> None:
    world = paid()
    world.tell_sums(world.first, (UNIT, 0))

    assert "duplicate" == world.tell_sums(world.first, (UNIT, 0))
    assert 1 == len(world.moves)


def test_what_was_taken_back_pauses_until_somebody_resumes_whatever_else_is_heard() -> None:
    world = paid()
    world.tell_sums(world.first, (AMOUNT, 0))
    assert State.PAUSED.value == world.state
    world.move_back()
    world.tell_sums(world.first, (AMOUNT, AMOUNT))
    world.move_back()
    world.methods("pm_2")
    world.settle()
    world.spend(150 * UNIT)
    world.wait(40 * DAY)

    assert (State.PAUSED.value, 1) == (world.state, len(world.sent))
    world.resume()
    assert (State.REQUESTED.value, 2) == (world.state, len(world.sent))


def test_a_reversal_a_year_later_is_taken_and_one_that_is_forgotten_is_for_a_human() -> None:
    world = paid()
    world.wait(390 * DAY)
    assert "reversed" == world.tell_sums(world.first, (UNIT, 0))
    world.resume()
    world.wait(20 * DAY)
    world.spend(200 * UNIT)

    assert "quarantined.unknown_command" == world.tell_sums(world.first, (2 * UNIT, 0))


def test_where_the_account_refused_the_money_there_is_nothing_to_take_back() -> None:
    world = low()
    world.tell_sums(world.first, (UNIT, 0))
    world.succeed(world.first)
    world.refuse()

    assert "reversal_of_refused" == world.tell_sums(world.first, (AMOUNT, 0))
    assert [] == world.moves


def test_so_many_payments_of_one_recharge_are_remembered_and_no_more() -> None:
    world = low()
    recharge, journal = world.recharge, RechargeJournal()

    def tell(payment: str) -> str | Quarantine:
        head = (world.first, "acme", NOW, "sim")
        moved = PaymentReversed(*head, "test", payment, "re_1", "refund", 1, "USD")
        return take_result(recharge, moved, NOW, journal)

    found = [tell(f"pay-{number}") for number in range(TAKEN_BACK_MAX + 1)]

    assert ["reversal_held"] * TAKEN_BACK_MAX == found[:-1]
    assert isinstance(found[-1], Quarantine)
    assert [] == journal.orders
