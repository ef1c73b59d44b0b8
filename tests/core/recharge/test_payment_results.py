"""Results, beside the rules of the agent: what is not ours is not credited, and whose clock counts."""

import pytest

from rater.core.recharge.journal import RechargeJournal
from rater.core.recharge.payment_results import take_result
from rater.core.recharge.payments import Quarantine
from rater.core.times import to_millis
from rater.wire.recharge.state import encode_recharge
from tests.recharge_world import AMOUNT, World, low
from tests.units import DAY, HOUR, UNIT, YEAR
from topics.records import AddFunds, PaymentSucceeded


def captured(world: World, at_ms: int, **changes: object) -> tuple[object, RechargeJournal]:
    journal = RechargeJournal()
    told = {"payment_id": "pay-1", "amount_micros": AMOUNT, "currency": "USD", "mode": "test"}
    told |= {"provider": "sim", "livemode": False, **changes}
    result = PaymentSucceeded(command_id=world.last, tenant_id="acme", at_ms=at_ms, **told)  # type: ignore[arg-type]
    return take_result(world.recharge, result, world.now, journal), journal


def bought_ms(journal: RechargeJournal) -> int:
    credit = journal.orders[0]
    assert isinstance(credit, AddFunds)
    return to_millis(credit.purchased_at)


@pytest.mark.parametrize("off_ms", [-50 * YEAR, -YEAR, YEAR, 50 * YEAR])
def test_a_lot_is_bought_between_the_recharge_and_now_whatever_the_gateways_clock_says(
    off_ms: int,
) -> None:
    world = low()
    begun = world.now
    world.wait(10_000)
    outcome, journal = captured(world, world.now + off_ms)

    assert "captured" == outcome
    assert (begun if off_ms < 0 else world.now) == bought_ms(journal)


def test_the_gateways_clock_is_believed_where_it_can_be_right() -> None:
    world = low()
    begun = world.now
    world.wait(10_000)
    _, journal = captured(world, begun + 7_000)

    assert begun + 7_000 == bought_ms(journal)


def test_a_result_from_the_future_does_not_turn_recharges_clock_on() -> None:
    world = low()
    captured(world, world.now + 70 * YEAR)

    assert world.now == world.recharge.now_ms


def test_the_payment_of_one_command_is_not_credited_for_another() -> None:
    world = low()
    first = world.last
    world.decline(first, hard=False)
    world.wait(2 * HOUR)
    world.succeed(first)
    outcome, journal = captured(world, world.now, payment_id=f"pay-{first}")

    assert isinstance(outcome, Quarantine)
    assert ("second_capture", []) == (outcome.reason, journal.orders)


def test_a_success_that_comes_a_year_late_is_credited() -> None:
    world = low()
    world.decline(world.last, hard=True)
    world.wait(399 * DAY)

    assert "captured_late" == world.succeed(world.first)
    world.arrive()
    assert {f"pay-{world.first}"} == world.arrived


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"amount_micros": AMOUNT + 1}, "amount_mismatch"),
        ({"currency": "EUR"}, "currency_mismatch"),
    ],
)
def test_the_same_payment_told_again_with_other_words_is_loud_and_changes_nothing(
    changes: dict[str, object], reason: str
) -> None:
    world = low()
    payment = world.succeed(world.last)
    before = world.recharge

    assert f"quarantined.{reason}" == world.succeed(world.last, **changes)
    assert ("captured", "crediting") == (payment, world.state)
    assert encode_recharge(before) == encode_recharge(world.recharge)
    assert ("duplicate", 1) == (world.succeed(world.last), len(world.credited))


def test_what_is_told_wrong_of_an_earlier_payment_does_not_pause_the_one_in_flight() -> None:
    world = low()
    world.spend(90 * UNIT)
    first = world.last
    world.succeed(first)
    world.arrive()
    assert first != world.last

    assert "quarantined.amount_mismatch" == world.succeed(first, amount_micros=1)
    assert ("requested", []) == (world.state, [k for k in world.told() if k == "recharge_paused"])


@pytest.mark.parametrize(("mode", "livemode"), [("live", False), ("test", True)])
def test_money_of_the_other_mode_is_quarantined_never_credited(mode: str, livemode: bool) -> None:  # noqa: FBT001
    world = low()

    assert "quarantined.mode_mismatch" == world.succeed(world.last, mode=mode, livemode=livemode)
    assert {} == world.credited
    assert ("paused", "result_quarantined") == (world.state, world.notices[-1].reason)


def test_live_money_of_a_live_gateway_is_credited() -> None:
    world = low()

    assert "captured" == world.succeed(world.last, mode="live", livemode=True)
