"""Whatever is asked of a tenant's recharge, and whatever becomes of its payments, an honest circle is clean."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reconcile.honest_circle import HOUR_MS, UNIT, HonestCircle
from tests.reconcile.tampering import verdict_on

ON = {"enabled": True, "trigger_micros": 100 * UNIT, "amount_micros": 50 * UNIT}
ONE = {"methods": [{"reference": "pm_2", "label": "Visa 2"}]}
BOTH = {"methods": [{"reference": f"pm_{n}", "label": f"Visa {n}"} for n in (1, 2)]}
ORDERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("close_account", {}),
    ("reopen_account", {}),
    ("set_auto_recharge", ON | {"enabled": False}),
    ("set_auto_recharge", ON),
    ("set_payment_methods", ONE),
    ("set_payment_methods", BOTH),
    ("set_payment_methods", {"methods": []}),
    ("resume_recharge", {}),
)
acts = st.one_of(
    st.sampled_from(ORDERS),
    st.sampled_from(("spend", "capture", "hard", "soft", "cancelled", "expired", "wait", "turn")),
)


@settings(max_examples=40)
@given(st.lists(acts, max_size=14), st.integers(1, 7))
def test_property_an_honest_circle_is_clean(story: list[Any], batch: int) -> None:
    circle = HonestCircle()
    circle.join("re")
    circle.spend("re")
    answered: set[str] = set()
    for act in [*story, "turn"]:
        if isinstance(act, tuple):
            circle.command("re", act[0], **act[1])
        else:
            _play(circle, act, answered, batch)

    assert [] == verdict_on(dict(circle.topics)).differences


def _play(circle: HonestCircle, act: str, answered: set[str], batch: int) -> None:
    command = circle.last("re")
    if act in {"spend", "wait", "turn"}:
        if act == "spend":
            circle.command("re", "adjust", amount_micros=-30 * UNIT, currency="USD", reason="spent")
        if act == "wait":
            circle.wait(2 * HOUR_MS)
        circle.turn(batch)
    elif command["command_id"] not in answered:
        # What was answered for good is not paid afterwards: that is for a provider's book to forbid.
        answered.add(command["command_id"])
        if act == "capture":
            circle.capture(command)
        else:
            code = {"hard": "expired_card", "soft": "try_again_later"}.get(act, act)
            kind = "hard" if act == "hard" else "soft"
            circle.result(command, "declined", decline_class=kind, code=code)
