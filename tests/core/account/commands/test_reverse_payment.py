"""What is taken back of a payment."""

import pytest

from rater.core.limits import AMOUNT_MICROS_MAX, LOTS_MAX
from tests.build import NOW, account, lot
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


def test_no_promotional_credit_goes_to_a_payer() -> None:
    """What is taken back and no money covers that was paid for, is debt; the gift stays."""
    tenant = account(lot("G", 9, category="promotional"), lot("L", 3), lot("P", 2))
    entry = engaged(tenant, back(10)).entries[-1]

    assert isinstance(entry, r.ReversalPosted)
    drawn = [(each.source, each.id, each.amount_micros) for each in entry.draws]
    assert drawn == [("lot", "P", 2), ("lot", "L", 3), ("shortfall", None, 5)]
    assert (tenant.balance, tenant.debt) == (4, 5)
    assert [each.lot_id for each in tenant.lots] == ["G"]


@pytest.mark.parametrize("record", [r.ReversePayment, r.RestorePayment])
@pytest.mark.parametrize("in_grace", [False, True])
def test_promotional_credit_is_not_refunded(record: type[r.MovedBack], in_grace: bool) -> None:  # noqa: FBT001
    given = lot("P", 9, category="promotional")
    tenant = account(expired=[given]) if in_grace else account(given)
    entry = engaged(tenant, back(1, record)).entries[-1]

    assert isinstance(entry, r.CommandRejected)
    assert entry.reason == "not_refundable"
    assert "P is promotional credit" in entry.detail
    assert given.remaining == 9


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
