"""Moves: what the balance asks for, what stands against it first, and what is forgotten."""

from rater.core.recharge.journal import RechargeJournal
from rater.core.recharge.machine import TRANSITIONS, Signal, State
from rater.core.recharge.moves import begin, judge, move
from rater.core.recharge.state import (
    KEPT_MS,
    STARTED_MAX,
    AutoRecharge,
    Method,
    Recharge,
    Started,
)
from tests.units import NOW, UNIT
from topics.records import PaymentMethod


def needy(**changes: object) -> Recharge:
    fields = {
        "settings": AutoRecharge(True, 100 * UNIT, None, "fixed", 50 * UNIT),
        "methods": [Method(PaymentMethod("pm_1"))],
        "now_ms": NOW,
        **changes,
    }
    return Recharge("acme", "USD", **fields)  # type: ignore[arg-type]


def test_of_what_stands_against_a_recharge_the_gravest_is_said() -> None:
    paid = [Started(f"r{n}", NOW, UNIT, 1, {1: f"pay-{n}"}) for n in range(5)]
    against: list[tuple[Signal, dict[str, object]]] = [
        (Signal.DISABLED, {"is_closed": True}),
        (Signal.SUFFICIENT, {"balance": 100 * UNIT}),
        (Signal.SUSPECTED, {"is_held": True}),
        (Signal.NO_METHOD, {"methods": [Method(PaymentMethod("pm_1"), is_out=True)]}),
        (Signal.OVER_CAP, {"started": paid}),
        (Signal.BELOW_TRIGGER, {}),
    ]
    for place, (signal, _) in enumerate(against):
        changes: dict[str, object] = {}
        for _, more in against[place:]:
            changes.update(more)
        assert signal == judge(needy(**changes))


def test_a_signal_that_a_state_does_not_list_changes_nothing() -> None:
    for state in State:
        for signal in set(Signal) - set(TRANSITIONS[state]):
            recharge = needy(state=state, wait_ms=7)
            assert not move(recharge, signal)
            assert (state, 7) == (recharge.state, recharge.wait_ms)


def test_a_recharge_is_remembered_as_long_as_its_command_is_on_the_topic() -> None:
    old = [Started("r1", NOW - KEPT_MS, UNIT), Started("r2", NOW - KEPT_MS + 1, UNIT)]
    recharge = needy(started=old)
    begin(recharge, RechargeJournal())

    assert ["r2", f"acme/recharge/1/{NOW}"] == [each.recharge_id for each in recharge.started]


def test_there_is_an_end_to_what_is_remembered() -> None:
    recharge = needy(started=[Started(f"r{n}", NOW, UNIT) for n in range(STARTED_MAX)])
    begin(recharge, RechargeJournal())

    assert (STARTED_MAX, "r1") == (len(recharge.started), recharge.started[0].recharge_id)
