"""The date in a capped notice is one on which the recharge table really moves, and not a moment earlier."""

from hypothesis import assume, given
from hypothesis import strategies as st

from rater.core.recharge.caps import find_cap, money_cap, size
from rater.core.recharge.machine import Signal, State, next_state
from rater.core.recharge.moves import judge
from rater.core.recharge.state import MONEY_WINDOW_MS, AutoRecharge, Method, Recharge, Started
from tests.units import DAY, NOW, UNIT
from topics.records import PaymentMethod

units = st.integers(50, 400).map(lambda n: n * UNIT)


@st.composite
def accepted(draw: st.DrawFn) -> AutoRecharge:
    """Make settings that are not refused."""
    mode = draw(st.sampled_from(("fixed", "gap", "target")))
    amount, trigger = draw(units), draw(units)
    target = trigger + amount
    least = target if mode == "target" else amount
    cap = draw(st.one_of(st.none(), st.integers(0, 1_000).map(lambda n: least + n * UNIT)))
    count = draw(st.one_of(st.none(), st.integers(1, 6)))
    return AutoRecharge(True, trigger, None, mode, amount, target, count, cap)


@st.composite
def histories(draw: st.DrawFn, settings: AutoRecharge) -> list[Started]:
    """Make captured recharges of the last 31 days, the oldest first, within the cap together."""
    ages = sorted(draw(st.lists(st.integers(1, 31 * DAY), max_size=12)), reverse=True)
    left, made = money_cap(settings), []
    for n, age in enumerate(ages):
        amount = draw(units)
        if amount <= left:
            left -= amount
            made.append(Started(f"r{n}", NOW - age, amount, 1, {1: "pi"}))
    return made


@given(st.data())
def test_property_the_date_is_one_on_which_the_table_moves(data: st.DataObject) -> None:
    settings = data.draw(accepted())
    recharge = Recharge(
        "acme", "USD", settings=settings, methods=[Method(PaymentMethod("pm"))], now_ms=NOW
    )
    recharge.started = data.draw(histories(settings))
    recharge.balance = data.draw(st.integers(-2_000, 449)) * UNIT
    assume(recharge.balance < (settings.trigger_micros or 0))
    cap = find_cap(recharge)

    within = [s for s in recharge.started if s.started_ms > NOW - MONEY_WINDOW_MS]
    spent = sum(s.amount_micros for s in within)
    if cap is None:
        assert (judge(recharge), spent + size(recharge) <= money_cap(settings)) == (
            Signal.BELOW_TRIGGER,
            True,
        )
        return
    assert (judge(recharge), cap.until_ms > NOW) == (Signal.OVER_CAP, True)
    recharge.now_ms = cap.until_ms - 1
    assert judge(recharge) is Signal.OVER_CAP
    recharge.now_ms = cap.until_ms
    assert next_state(State.CAPPED, judge(recharge)) is State.REQUESTED
