"""The recharge agent, rule by rule: what is asked for, when it is asked again, and what is told."""

from itertools import product
from typing import Any

import pytest

from rater.core.limits import NEVER_MS
from rater.core.recharge import agent
from rater.core.recharge.caps import find_cap
from rater.core.recharge.state import ANSWER_MS, JITTER_MS, RETRY_AFTER_MS, due_ms
from tests.recharge_world import AMOUNT, TRIGGER, World, low
from tests.units import DAY, HOUR, MINUTE, UNIT
from topics.records import balance as v


def test_a_crossing_asks_for_one_payment_and_equality_for_none() -> None:
    world = World(balance=TRIGGER + UNIT)
    world.methods("pm_1")
    world.settle()
    world.spend(UNIT)
    assert [] == list(world.sent)

    world.spend(1)
    world.spend(UNIT)

    assert (1, "requested") == (len(world.sent), world.state)
    assert (AMOUNT, "USD", "pm_1") == (
        world.sent[world.last].amount_micros,
        world.sent[world.last].currency,
        world.sent[world.last].method,
    )


def test_after_a_capture_the_stale_balance_asks_for_nothing_until_the_lot_is_there() -> None:
    world = low()
    world.succeed(world.last)
    world.event(v.BalanceExhausted)

    assert (1, "crediting") == (len(world.sent), world.state)

    world.arrive()

    assert (1, "idle") == (len(world.sent), world.state)
    assert "funds_added" in world.told()


def test_what_is_still_low_after_a_credit_is_recharged_again() -> None:
    world = low()
    world.spend(90 * UNIT)
    world.succeed(world.last)
    world.arrive()

    assert (2, "requested") == (len(world.sent), world.state)


@pytest.mark.parametrize(
    ("terms", "balance", "amount"),
    [
        ({"mode": "fixed"}, 9_900_000, 50),
        ({"mode": "gap"}, 9_900_000, 100),
        ({"mode": "gap"}, -729_600_000, 850),
        ({"mode": "target", "target_micros": 250 * UNIT}, 99_900_000, 151),
        ({"mode": "target", "target_micros": 250 * UNIT}, 100_000_000 - 1, 151),
    ],
)
def test_the_amount_is_fixed_or_closes_the_gap_or_goes_up_to_the_target(
    terms: dict[str, Any], balance: int, amount: int
) -> None:
    world = World(balance=balance)
    world.methods("pm_1")
    world.settle(money_cap_micros=10_000 * UNIT, **terms)

    assert amount * UNIT == world.sent[world.last].amount_micros


def test_refused_for_good_the_next_method_is_tried_at_once_and_after_the_last_it_pauses() -> None:
    world = World(balance=0)
    world.methods("pm_1", "pm_2")
    world.settle()
    world.decline(world.last, hard=True, code="expired_card")

    assert ("pm_2", "requested") == (world.sent[world.last].method, world.state)
    assert ["recharge_failed"] == world.told()

    world.decline(world.last, hard=True, code="lost_card")
    world.spend(UNIT)

    assert (2, "paused") == (len(world.sent), world.state)
    assert ["recharge_failed", "recharge_paused"] == world.told()
    assert "methods_spent" == world.notices[-1].reason


def test_a_method_that_was_refused_for_good_stays_out_until_methods_change() -> None:
    world = World(balance=0)
    world.methods("pm_1", "pm_2")
    world.settle()
    world.decline(world.last, hard=True)
    world.succeed(world.last)
    world.arrive()

    assert "pm_2" == world.sent[world.last].method

    world.decline(world.last, hard=True)
    world.methods("pm_1")

    assert ("pm_1", "requested") == (world.sent[world.last].method, world.state)


def test_refused_for_now_it_is_tried_after_1_3_and_7_hours_and_then_paused() -> None:
    world = low()
    first = world.now
    for hours in (1, 3, 7):
        world.decline(world.last, hard=False)
        assert "backing_off" == world.state
        world.wait(first + hours * HOUR - 1 - world.now)
        before = world.last
        assert "backing_off" == world.state
        world.wait(JITTER_MS)
        assert before != world.last
    world.decline(world.last, hard=False)

    assert (4, "paused", NEVER_MS) == (len(world.sent), world.state, due_ms(world.recharge))
    assert ["recharge_failed", "recharge_paused"] == world.told()
    assert len(RETRY_AFTER_MS) == len(world.sent)


def test_a_top_up_by_hand_clears_the_pending_retry() -> None:
    world = low()
    world.decline(world.last, hard=False)
    world.top_up(50 * UNIT, "manual")
    world.wait(DAY)

    assert (1, "idle") == (len(world.sent), world.state)


def test_without_an_answer_the_same_words_are_sent_again_and_a_late_success_counts_once() -> None:
    world = low()
    world.wait(ANSWER_MS - 1)
    assert {world.last: 1} == world.times_sent

    world.wait(1 + ANSWER_MS)
    assert ("unknown", {world.last: 3}) == (world.state, world.times_sent)

    world.succeed(world.last)
    outcome = world.succeed(world.last)
    world.arrive()

    assert ("duplicate", 1, 1) == (outcome, len(world.sent), len(world.credited))


def test_the_longer_the_silence_the_longer_the_wait_up_to_four_hours() -> None:
    world = low()
    times = []
    for _ in range(8):
        world.wait(due_ms(world.recharge) - world.now)
        times.append((due_ms(world.recharge) - world.now) // MINUTE)

    assert [15, 30, 60, 120, 240, 240, 240, 240] == times
    assert {world.last: 9} == world.times_sent


def test_an_unclear_result_is_not_a_decline() -> None:
    world = low()
    world.wait(5 * MINUTE)
    world.unclear(world.last)
    world.wait(ANSWER_MS)

    assert ("unknown", {world.last: 2}) == (world.state, world.times_sent)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"amount_micros": AMOUNT + 1}, "amount_mismatch"),
        ({"currency": "EUR"}, "currency_mismatch"),
    ],
)
def test_a_result_that_is_not_what_was_asked_for_is_not_credited_and_pauses(
    changes: dict[str, object], reason: str
) -> None:
    world = low()

    assert f"quarantined.{reason}" == world.succeed(world.last, **changes)
    assert ("paused", {}) == (world.state, world.credited)
    assert "result_quarantined" == world.notices[-1].reason


def test_a_second_capture_of_one_command_is_not_credited() -> None:
    world = low()
    world.succeed(world.last)

    assert "quarantined.second_capture" == world.succeed(world.last, payment_id="pay-other")
    assert 1 == len(world.credited)


def test_a_result_of_a_command_that_was_never_sent_is_not_credited() -> None:
    world = low()
    for stray in ("nonsense", "acme/recharge/1/1/1", f"{world.last}0", world.last[:-1] + "²"):
        world.sent[stray] = world.sent[world.last]
        outcome = world.succeed(stray)
        del world.sent[stray], world.captured[stray]
        assert "quarantined.unknown_command" == outcome


def test_a_cap_on_the_count_holds_until_its_window_has_moved_and_is_told_once() -> None:
    world = World(balance=-1_000 * UNIT)
    world.methods("pm_1")
    world.settle(count_cap=3)
    began = world.now
    for _ in range(3):
        world.succeed(world.last)
        world.arrive()
    world.spend(UNIT)
    world.spend(UNIT)

    assert (3, "capped") == (len(world.sent), world.state)
    assert 1 == world.told().count("recharge_capped")
    assert 1 == world.told().count("fraud_suspected")

    world.wait(began + DAY - world.now)

    assert (4, "requested") == (len(world.sent), world.state)


def test_a_cap_on_money_holds_until_enough_has_left_its_window() -> None:
    world = World(balance=-1_000 * UNIT)
    world.methods("pm_1")
    world.settle(money_cap_micros=2 * AMOUNT)
    for _ in range(2):
        world.succeed(world.last)
        world.arrive()
        world.wait(DAY)

    assert ("capped", "money") == (world.state, world.notices[-2].cap)

    world.wait(29 * DAY)

    assert (3, "unknown") == (len(world.sent), world.state)


def test_by_default_five_recharges_a_day_and_twenty_times_the_amount_a_month() -> None:
    world = World(balance=-100_000 * UNIT)
    world.methods("pm_1")
    world.settle()
    for days in range(1, 8):
        while world.state != "capped":
            world.succeed(world.last)
            world.arrive()
        assert min(5 * days, 20) == len(world.sent)
        world.wait(DAY)

    cap = find_cap(world.recharge)
    assert cap is not None
    assert ("money", 20 * AMOUNT) == (cap.cap, cap.limit)


def test_enabled_while_below_it_recharges_once_at_once() -> None:
    world = World(balance=40 * UNIT)
    world.methods("pm_1")
    world.settle()
    world.event(v.ThresholdCrossed, "auto_recharge", TRIGGER, None)

    assert 1 == len(world.sent)


def test_switched_off_what_is_in_flight_is_credited_and_nothing_follows() -> None:
    world = low()
    world.settle(enabled=False)
    world.spend(90 * UNIT)
    world.succeed(world.last)
    world.arrive()

    assert (1, "idle", 1) == (len(world.sent), world.state, len(world.arrived))


def test_suspected_fraud_holds_recharge_until_somebody_resumes() -> None:
    world = World(balance=TRIGGER)
    world.methods("pm_1")
    world.settle()
    world.event(v.FraudSuspected, "cost_per_call", UNIT, 2 * UNIT, ("international",))
    world.spend(UNIT)
    world.wait(DAY)
    assert ([], "on_hold") == (list(world.sent), world.state)

    world.resume()

    assert (1, "requested") == (len(world.sent), world.state)


def test_a_closed_account_asks_for_nothing_but_gets_what_was_captured() -> None:
    world = low()
    world.event(v.AccountClosedEvent)
    world.wait(HOUR)
    world.succeed(world.last)
    world.arrive()

    assert (1, "idle", 1) == (len(world.sent), world.state, len(world.credited))


def test_the_trigger_in_hours_recharges_when_the_runway_is_short() -> None:
    world = World(balance=1_000 * UNIT)
    world.methods("pm_1")
    world.settle(trigger=None, trigger_h=24)
    event = v.ThresholdCrossed(
        "acme/9/x", "acme", 9, world.now, "USD", world.balance, "charge", "c", 23,
        "auto_recharge_hours", None, 24,
    )  # fmt: skip
    world._step(lambda recharge, journal: agent.hear(recharge, event, journal))

    assert (1, []) == (len(world.sent), world.told())


def test_without_a_method_it_pauses_and_a_method_sets_it_going() -> None:
    world = World(balance=0)
    world.settle()
    assert ("paused", "no_method") == (world.state, world.notices[-1].reason)

    world.methods("pm_1")

    assert "requested" == world.state


def test_a_recharge_id_never_comes_again_though_all_is_forgotten() -> None:
    first = low()
    second = World(balance=0, now=first.now + 1)
    second.methods("pm_1")
    second.settle()

    assert first.last != second.last


def tell_success(world: World) -> None:
    world.succeed(world.first)


def tell_wrong_amount(world: World) -> None:
    """Name money that is not ours; the provider's record of ours stays as it is."""
    kept = world.captured.pop(world.first, None)
    world.succeed(world.first, amount_micros=1)
    del world.captured[world.first]
    if kept is not None:
        world.captured[world.first] = kept


def tell_other_payment(world: World) -> None:
    if world.first in world.captured:
        world.succeed(world.first, payment_id="pay-other")


TOLD = (
    tell_success,
    lambda world: world.decline(world.first, hard=False, out_of_order=True),
    lambda world: world.decline(world.first, hard=True, out_of_order=True),
    lambda world: world.unclear(world.first),
    tell_wrong_amount,
    tell_other_payment,
)


@pytest.mark.parametrize("pair", list(product(range(len(TOLD)), repeat=2)))
@pytest.mark.parametrize("arrives_between", [False, True])
def test_in_every_order_of_two_results_captured_money_is_credited_once(
    pair: tuple[int, int], *, arrives_between: bool
) -> None:
    world = low()
    for which in pair:
        TOLD[which](world)
        if arrives_between:
            world.arrive()
    world.arrive()
    world.wait(MINUTE)

    captured = 0 in pair
    assert (1 if captured else 0) == len(world.credited) == len(world.arrived)
    assert TRIGGER + (49_600_000 if captured else -400_000) == world.balance


def test_results_of_two_commands_in_every_order_are_credited_once_each() -> None:
    for order in product((0, 1), repeat=4):
        world = low()
        first = world.last
        world.decline(first, hard=False)
        world.wait(2 * HOUR)
        second = world.last
        for which in order:
            world.succeed((first, second)[which])
        world.arrive()
        world.arrive()

        assert set(world.credited) == {f"pay-{(first, second)[which]}" for which in order}
        assert world.arrived == set(world.credited)
