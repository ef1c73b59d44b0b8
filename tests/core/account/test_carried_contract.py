"""A contract, as records say it."""

from rater.core.account.carried_contract import carried_entitlement, carried_mode, mode_of
from rater.core.account.contract import BillingMode
from rater.core.account.entitlement import Entitlement
from topics import records as r


def test_what_was_never_said_is_prepaid() -> None:
    assert mode_of(None) == "prepaid"
    assert mode_of(BillingMode(5, False, 3)) == "prepaid"


def test_a_billing_mode_and_an_entitlement_are_carried_whole() -> None:
    assert carried_mode(BillingMode(5, True, 3)) == r.CarriedBillingMode("post_paid", 5, 3)
    entitled = carried_entitlement(Entitlement("P1", "GB", 5, 10, 3))
    assert entitled == r.CarriedEntitlement("P1", "GB", 5, 10, 3)
