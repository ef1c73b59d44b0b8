"""What comes back of a payment."""

from rater.core.rejections import Rejected
from tests.build import UNIT
from tests.core.account.asked import asked, back, engaged, with_lots
from topics import records as r


def test_what_comes_back_pays_debt_first_and_is_a_lot_of_its_own() -> None:
    tenant = with_lots()
    journal = engaged(tenant, back(5 * UNIT), back(8 * UNIT, r.RestorePayment))

    assert (0, 3 * UNIT) == (tenant.debt, tenant.balance)
    assert [("restored:r/1", 3 * UNIT)] == [(lot.lot_id, lot.remaining) for lot in tenant.lots]
    assert ["balance_restored", "payment_restored"] == [
        event.__struct_config__.tag for event in journal.events[-2:]
    ]


def test_what_comes_back_twice_by_one_command_is_refused() -> None:
    """A copy that comes when its id is forgotten: a second lot of one name would be drawn for the first."""
    tenant = with_lots()
    engaged(tenant, back(5 * UNIT, r.RestorePayment))

    refusal, _ = asked(tenant, back(5 * UNIT, r.RestorePayment))

    assert refusal is not None
    assert (refusal.reason, tenant.balance) == (Rejected.LOT_EXISTS, 5 * UNIT)
