"""What is taken back of a payment."""

import pytest

from rater.core.limits import AMOUNT_MICROS_MAX, LOTS_MAX
from tests.build import NOW
from tests.core.account.asked import back, engaged, with_lots
from topics import records as r


def test_what_a_lot_in_grace_gives_does_not_change_the_balance() -> None:
    tenant = with_lots(("A", 10), expired=(("P", 4),))
    entry = engaged(tenant, back(6)).entries[-1]

    assert isinstance(entry, r.ReversalPosted)
    assert (-2, 6, 8) == (entry.amount_micros, entry.moved_micros, tenant.balance)
    assert [] == tenant.expired


def test_a_closed_account_is_no_exception() -> None:
    tenant = with_lots(("P", 10))
    tenant.closed_ms = NOW - 1
    engaged(tenant, back(4), back(1, r.RestorePayment))

    assert 7 == tenant.balance


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (back(5, currency="EUR"), "currency_mismatch"),
        (back(AMOUNT_MICROS_MAX), "amount_too_large"),
        (back(5, r.RestorePayment), "too_many_lots"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(command: r.MovedBack, reason: str) -> None:
    tenant = with_lots(("P", 1), *((f"L{n}", 1) for n in range(LOTS_MAX - 1)))
    if reason == "amount_too_large":
        tenant.debt = 2 * tenant.balance
        tenant.balance = -tenant.balance
    entry = engaged(tenant, command).entries[-1]

    assert isinstance(entry, r.CommandRejected)
    assert reason == entry.reason
