"""A round: what it sends, what it waits for, and what it says where something else is found, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rater.pricing import load_deck, price
from rater.shell.canary import terms
from rater.shell.canary.round import AmissError, Round, Seen
from rater.shell.canary.terms import REFILL, TRIGGER, UNIT, Call
from topics.catalog import BALANCE_EVENTS, LEDGER, PAYMENT_COMMANDS, PAYMENT_RESULTS, SUSPENSE

if TYPE_CHECKING:
    from rater.shell.canary.round import Wanted
    from rater.shell.canary.terms import Json

COMMAND = "canary/recharge/1/1/1"
Change = dict[str, dict[str, Any]]


class Played:
    """A world that answers as charging, recharge and gateway do; `changes` of records by what they are.

    A change of None leaves a record out.
    """

    def __init__(self, balance: int, **changes: dict[str, Any] | None) -> None:
        self.balance = balance
        self.changes = changes
        self.calls: list[Call] = []
        self.seen: list[Seen] = []
        self.again: str | None = None

    async def call(self, call: Call) -> float:
        self.calls.append(call)
        was, self.balance = self.balance, self.balance - call.micros
        charge = {
            "kind": "charge", "cdr_id": call.cdr_id, "charge_micros": call.micros,
            "amount_micros": -call.micros, "balance_micros": self.balance,
        }  # fmt: skip
        self._say("charge", LEDGER.name, charge)
        if was >= TRIGGER > self.balance:
            self._cross(call)
        return 10.0

    def _cross(self, call: Call) -> None:
        event = {
            "kind": "threshold_crossed", "threshold_id": "auto_recharge", "cause_id": call.cdr_id,
            "threshold_micros": TRIGGER, "balance_micros": self.balance,
        }  # fmt: skip
        self._say("threshold", BALANCE_EVENTS.name, event)
        order = {
            "type": "make_payment", "command_id": COMMAND, "amount_micros": REFILL,
            "currency": "XTS", "method": "sim:ok",
        }  # fmt: skip
        self._say("payment", PAYMENT_COMMANDS.name, order)
        self._say("result", PAYMENT_RESULTS.name, paid())
        self.credit()

    def credit(self) -> None:
        entry = {
            "kind": "funds_added", "payment_command_id": COMMAND, "amount_micros": REFILL,
            "balance_micros": self.balance + REFILL,
        }  # fmt: skip
        self._say("credit", LEDGER.name, entry)

    async def first(self, wanted: Wanted) -> Seen:
        for seen in self.seen:
            if wanted(seen):
                return seen
        raise TimeoutError

    def twice(self) -> str | None:
        return self.again

    def _say(self, what: str, topic: str, record: Json) -> None:
        change = self.changes.get(what, {})
        if change is not None:
            self.seen.append(Seen(topic, record | change, 11.0 + len(self.seen)))


def paid(**changes: Any) -> Json:
    said = {"outcome": "succeeded", "command_id": COMMAND, "provider": "simulator"}
    return {**said, "livemode": False, **changes}


async def play(world: Played, *, refill: bool = True) -> tuple[bool, dict[str, float]]:
    took: dict[str, float] = {}

    def note(step: str, seconds: float) -> None:
        took[step] = seconds

    return await Round("r1", world, note).play(refill=refill), took


async def test_a_round_with_a_refill_sees_all_four_steps_and_how_long_each_took() -> None:
    world = Played(TRIGGER + 40 * UNIT)
    was_refilled, took = await play(world)

    assert was_refilled
    assert [call.minutes for call in world.calls] == [1, 40]
    assert world.balance == TRIGGER - UNIT
    assert took == {"charge": 2.0, "threshold": 3.0, "payment_command": 4.0, "credit": 6.0}


async def test_a_round_without_a_refill_is_one_call() -> None:
    world = Played(TRIGGER + 40 * UNIT)

    assert await play(world, refill=False) == (False, {"charge": 1.0})
    assert len(world.calls) == 1


async def test_a_call_that_crosses_the_trigger_by_itself_is_refilled() -> None:
    world = Played(TRIGGER)
    was_refilled, took = await play(world, refill=False)

    assert was_refilled
    assert len(world.calls) == 1
    assert set(took) == {"charge", "threshold", "payment_command", "credit"}


async def test_an_account_that_was_below_its_trigger_before_waits_for_any_credit() -> None:
    world = Played(0)
    world.credit()
    assert (await play(world))[0]
    with pytest.raises(AmissError, match=r"credit: .* below the trigger before.*nothing in time"):
        await play(Played(0))


@pytest.mark.parametrize(
    ("what", "change", "step", "said"),
    [
        ("charge", {"charge_micros": 2 * UNIT}, "charge", "charge of 2000000"),
        ("charge", {"amount_micros": 0}, "charge", "change 0"),
        ("charge", {"balance_micros": TRIGGER + 5 * UNIT}, "charge", "a balance of"),
        ("threshold", {"threshold_micros": 1}, "threshold", "1 with a balance of 49000000"),
        ("threshold", {"balance_micros": 1}, "threshold", "50000000 with a balance of 1"),
        ("payment", {"amount_micros": 1}, "payment_command", "1 XTS of sim:ok"),
        ("payment", {"method": "pm_1"}, "payment_command", "100000000 XTS of pm_1"),
        ("result", {"provider": "stripe"}, "credit", "succeeded by stripe"),
        ("result", {"livemode": True}, "credit", "succeeded by simulator"),
        ("result", {"outcome": "declined", "code": "canary_method"}, "credit", "canary_method"),
        ("credit", {"amount_micros": 1}, "credit", "1 for canary/recharge"),
        ("credit", {"balance_micros": 1}, "credit", "balance 1"),
    ],
)
async def test_what_is_not_as_expected_fails_at_its_step_and_says_both(
    what: str, change: dict[str, Any], step: str, said: str
) -> None:
    world = Played(TRIGGER + 40 * UNIT, **{what: change})
    with pytest.raises(AmissError) as amiss:
        await play(world)

    assert (amiss.value.step, amiss.value.outcome) == (step, "failed")
    assert said in str(amiss.value.found)
    assert amiss.value.expected


@pytest.mark.parametrize(
    ("missing", "step"),
    [
        ("charge", "charge"),
        ("threshold", "threshold"),
        ("payment", "payment_command"),
        ("credit", "credit"),
    ],
)
async def test_what_does_not_come_is_timed_out_at_its_step(missing: str, step: str) -> None:
    world = Played(TRIGGER + 40 * UNIT, **{missing: None})
    with pytest.raises(AmissError) as amiss:
        await play(world)

    assert (amiss.value.step, amiss.value.outcome) == (step, "timed_out")


async def test_a_suspended_call_is_a_charge_that_failed_with_the_reason() -> None:
    world = Played(TRIGGER, charge=None)
    said = {"cdr_id": "r1-a", "reason": "unknown_deck", "detail": "no deck"}
    world.seen.append(Seen(SUSPENSE.name, said, 1.0))

    with pytest.raises(AmissError, match="found suspended, unknown_deck: no deck"):
        await play(world)


async def test_a_call_that_was_charged_twice_fails_the_round() -> None:
    world = Played(TRIGGER + 40 * UNIT)
    world.again = "r0-a"

    with pytest.raises(AmissError, match="r0-a charged twice"):
        await play(world)


async def test_money_that_somebody_else_put_there_is_not_spent_by_a_call_of_days() -> None:
    with pytest.raises(AmissError, match="account: expected a balance of at most"):
        await play(Played(1_000 * REFILL))


@pytest.mark.parametrize("minutes", [1, 2, 40, 100])
def test_the_deck_that_ships_prices_the_canarys_calls_as_it_expects(minutes: int) -> None:
    deck = load_deck("rater/data/canary_deck.csv", currency=terms.CURRENCY)
    call = Call("c", minutes)
    record = call.record("canary", 1_793_611_200_000)

    priced = price(
        deck, to=record["to"], answered_at=record["started_at"], duration_s=record["billsec"]
    )
    assert priced.charge is not None
    assert priced.charge * UNIT == call.micros


def test_what_takes_a_balance_below_the_trigger_is_the_least_that_does() -> None:
    for balance in (TRIGGER, TRIGGER + 1, TRIGGER + UNIT - 1, TRIGGER + UNIT, TRIGGER + REFILL):
        minutes = terms.minutes_to_cross(balance)
        assert balance - minutes * UNIT < TRIGGER <= balance - (minutes - 1) * UNIT
