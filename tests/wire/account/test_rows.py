"""Rows of accounts: every value stands where its class names it, and comes back."""

from typing import Any

from rater.core.account.account import Account, HighRateWatch, Spending, Threshold
from rater.core.account.contract import Billing, BillingMode, Contract
from rater.core.account.entitlement import Entitlement
from rater.core.account.lots import CreditLot
from rater.core.account.past import Past
from rater.wire.account.rows import account_of, row_of

LOTS = [CreditLot("L1", 1, 2, 3, 4), CreditLot("L2", 5, 6, 7, 8)]
EXPIRED = [CreditLot("L0", 9, 10, 11, 12)]
THRESHOLDS = [Threshold("low", 13, True, "Low"), Threshold("none", 14, False)]
HOURS = [Threshold("soon", 15, True)]
WATCH = HighRateWatch(16, 17, ["881"], [18])
SPENDING = Spending(19, 20, 21, 22, 23, 24, 25, 26, WATCH, 27, 28)
PAST = Past(29, [(30, 31)], [(32, ("old",))])
CONTRACT = Contract(
    [Entitlement("domestic", "FR", 49, 50, 51)],
    [BillingMode(52, True, 53, 54)],
    {"2026-12/domestic/calls/FR": 55},
    "waive",
    Billing(True, 56, True, 57, 58),
    {"2026-12": 59},
)
VALUES = (
    *("acme", "EUR", "Europe/Rome", ("acs", "other"), 33, 34, 35),
    *(LOTS, EXPIRED, THRESHOLDS, 36, 37, 38, 39, True),
    *(40, 41, 42, 43, 44, 45, 46, HOURS, 47, SPENDING, PAST, 48, CONTRACT),
)


def stored(value: Any) -> Any:
    """Return a value as a row has it: of an object, what its class names, in that order."""
    if isinstance(value, list):
        return [stored(each) for each in value]
    names = getattr(type(value), "__match_args__", None)
    return value if names is None else tuple(stored(getattr(value, name)) for name in names)


def test_the_order_of_a_row_is_that_of_the_names() -> None:
    account = Account(*VALUES)

    assert row_of(account) == tuple(stored(value) for value in VALUES) == stored(account)


def test_an_account_comes_back_from_its_row() -> None:
    account = account_of(row_of(Account(*VALUES)))

    assert row_of(account) == row_of(Account(*VALUES))
    assert account == Account(*VALUES)


def test_what_is_not_there_is_not_there_afterwards() -> None:
    bare = account_of(row_of(Account("acme", "USD", "UTC", ())))

    assert (bare.lots, bare.past, bare.spending.high_rate) == ([], None, None)
