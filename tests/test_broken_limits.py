"""A charge that breaks a limit of spending asks for no payment, whatever else it crosses (R7)."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.batch.simulate import Simulator
from rater.wire.lines import Line
from tests.build import HOUR, MINUTE, NOW, RULES, UNIT, Sent, call, command, funds, opening, order
from topics import catalog

LEDGER, EVENTS = catalog.LEDGER.name, catalog.BALANCE_EVENTS.name
PAYMENTS = catalog.PAYMENT_COMMANDS.name
MONTH_S = 2_678_400
FORGED = {"billsec": MONTH_S}
"""A call of 31 days to French mobiles: 5,580 units."""


class Tenant:
    """Acme with money, a method, auto-recharge and limits."""

    def __init__(self, money: int, recharge: dict[str, Any], limits: dict[str, Any]) -> None:
        self.simulator = Simulator(RULES)
        self.asked: set[str] = set()
        methods = [{"reference": "pm_1", "label": "Visa"}]
        self.feed(command(opening()))
        self.feed(command(funds(amount=money)))
        self.feed(command(order("set_payment_methods", "m", methods=methods)))
        self.feed(command(order("set_spend_limits", "l", **limits)))
        self.feed(command(order("set_auto_recharge", "a", enabled=True, **recharge)))

    def feed(self, sent: Sent) -> list[Line]:
        lines = list(self.simulator.feed(sent.topic, sent.key, sent.value, sent.at_ms))
        self.asked |= {payment["command_id"] for payment in said(lines, PAYMENTS)}
        return lines


def said(lines: list[Line], topic: str) -> list[dict[str, Any]]:
    return [json.loads(line.value or b"") for line in lines if line.topic == topic]


def holds(lines: list[Line]) -> list[str]:
    return [
        entry["limit"] for entry in said(lines, LEDGER) if entry["kind"] == "spend_limit_tripped"
    ]


MODES = (
    {"mode": "fixed", "amount_micros": 200 * UNIT},
    {"mode": "gap", "amount_micros": 200 * UNIT, "money_cap_micros": 10_000 * UNIT},
    {"mode": "target", "target_micros": 400 * UNIT},
)


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: str(mode["mode"]))
@pytest.mark.parametrize("trigger", [{"trigger_micros": 100 * UNIT}, {"trigger_h": 24}])
def test_a_forged_call_of_31_days_asks_for_nothing_until_somebody_resumes(
    mode: dict[str, Any], trigger: dict[str, Any]
) -> None:
    tenant = Tenant(150 * UNIT, {**mode, **trigger}, {})
    lines = tenant.feed(call(cdr_id="forged", **FORGED))
    crossed = [e for e in said(lines, EVENTS) if e["kind"] == "threshold_crossed"]

    assert holds(lines) == ["spend_per_hour"]
    assert said(lines, PAYMENTS) == []
    assert crossed
    assert all(event["on_hold"] for event in crossed)
    assert {event["seq"] for event in crossed} == {said(lines, LEDGER)[0]["seq"]}

    resumed = tenant.feed(command(order("resume_recharge", "r"), NOW + HOUR))
    assert len(said(resumed, PAYMENTS)) == 1


def test_what_is_crossed_after_a_limit_was_broken_is_on_hold_too() -> None:
    tenant = Tenant(
        150 * UNIT, {**MODES[0], "trigger_micros": 50 * UNIT}, {"cost_per_call_micros": 1}
    )
    first = tenant.feed(call(cdr_id="one", billsec=60))
    assert (holds(first), said(first, PAYMENTS)) == (["cost_per_call"], [])

    lines = tenant.feed(call(cdr_id="two", billsec=50_000))
    (crossed,) = [e for e in said(lines, EVENTS) if e["kind"] == "threshold_crossed"]
    assert (holds(lines), crossed["on_hold"], said(lines, PAYMENTS)) == ([], True, [])


amounts = st.integers(1, 300).map(lambda units: units * UNIT)
limits = st.fixed_dictionaries(
    {},
    optional={
        "spend_per_hour_micros": amounts,
        "cost_per_call_micros": amounts,
        "high_rate_micros": st.just(1),
    },
)
calls = st.lists(
    st.tuples(
        st.sampled_from((60, 3_600, 50_000, 100_000, MONTH_S)),
        st.sampled_from((0, MINUTE, 2 * HOUR)),
        st.sampled_from(("+33612345678", "+33142685300", "+447500123456")),
    ),
    min_size=1,
    max_size=6,
)
triggers = st.one_of(
    st.builds(lambda n: {"trigger_micros": n * UNIT}, st.integers(50, 300)),
    st.builds(lambda n: {"trigger_h": n}, st.integers(1, 500)),
)


@given(st.integers(1, 400), triggers, st.sampled_from(MODES), limits, calls)
def test_property_a_charge_that_breaks_a_limit_asks_for_no_payment(
    money: int,
    trigger: dict[str, int],
    mode: dict[str, Any],
    limited: dict[str, int],
    made: list[tuple[int, int, str]],
) -> None:
    tenant = Tenant(money * UNIT, {**mode, **trigger}, limited)
    at_ms, is_held, asked = NOW, False, set(tenant.asked)
    for n, (seconds, wait_ms, to) in enumerate(made):
        at_ms += wait_ms
        lines = tenant.feed(call(at_ms, cdr_id=f"c{n}", to=to, billsec=seconds))
        is_held = is_held or bool(holds(lines))

        # What was asked for before may be sent again while it has no answer.
        assert not (is_held and tenant.asked - asked)
        asked |= tenant.asked
