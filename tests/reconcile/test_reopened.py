"""An account that was closed and is open again recharges as before, and the reconciler finds nothing in it."""

import pytest

from tests.reconcile.honest_circle import HonestCircle
from tests.reconcile.tampering import verdict_on


@pytest.mark.parametrize("batch", [1, 7])
@pytest.mark.parametrize("is_in_flight", [False, True])
@pytest.mark.parametrize("is_heard", [False, True])
def test_a_payment_after_a_reopening_is_wanted(
    batch: int,
    is_in_flight: bool,  # noqa: FBT001
    is_heard: bool,  # noqa: FBT001
) -> None:
    circle = HonestCircle()
    circle.join("re")
    if is_in_flight:
        circle.spend("re")
    circle.command("re", "close_account")
    if is_heard:
        circle.turn(batch)
    circle.command("re", "reopen_account")
    circle.turn(batch)
    if is_in_flight:
        circle.result(circle.last("re"), "declined", decline_class="soft", code="cancelled")
        circle.turn(batch)
    else:
        circle.spend("re")
    circle.capture(circle.last("re"))
    circle.turn(batch)

    verdict = verdict_on(dict(circle.topics))

    assert [] == verdict.differences
    assert verdict.sums["credited by recharge", "USD"] > 0
