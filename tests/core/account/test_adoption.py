"""Adoption: what settings mean for one account, in units of its own currency."""

import pytest

from rater.core.account.account import NO_LIMIT, Account, Threshold
from rater.core.account.adoption import adopt
from rater.core.limits import AMOUNT_MICROS_MAX
from tests.build import SETTINGS, UNIT, account, lot


def limit_of(there: Account) -> int:
    adopt(there, SETTINGS)
    return there.spending.limit


@pytest.mark.parametrize(
    ("currency", "units"),
    [("USD", 1_000), ("JPY", 100_000), ("VND", 10_000_000), ("IDR", 10_000_000), ("KWD", 1_000)],
)
def test_the_breaker_is_in_the_order_of_the_currency(currency: str, units: int) -> None:
    assert limit_of(account(lot(), currency=currency)) == units * UNIT


def test_a_currency_without_a_row_has_no_breaker_unless_the_account_sets_one() -> None:
    there = account(
        lot(), currency="XTS", thresholds=[Threshold("auto_recharge", UNIT, armed=True)]
    )
    assert limit_of(there) == NO_LIMIT

    there.spending.per_hour = 7
    assert limit_of(there) == 7


def test_ten_triggers_are_the_limit_where_they_are_more() -> None:
    trigger = Threshold("auto_recharge", 2_000_000 * UNIT, armed=True)
    there = account(lot(), currency="VND", thresholds=[trigger])

    assert limit_of(there) == 20_000_000 * UNIT


def test_a_limit_of_its_own_holds_whatever_the_currency_and_none_is_none() -> None:
    assert limit_of(account(lot(), per_hour=5, currency="VND")) == 5
    assert limit_of(account(lot(), per_hour=0, currency="VND")) == NO_LIMIT


@pytest.mark.parametrize("currency", sorted(SETTINGS.currencies))
def test_every_currency_of_the_table_stays_within_what_topics_can_say(currency: str) -> None:
    terms = SETTINGS.terms(currency)

    assert 0 < terms.spend_per_hour_micros <= AMOUNT_MICROS_MAX < 2**53
    assert terms.recharge_minimum_micros * 10 <= terms.balance_max_micros <= AMOUNT_MICROS_MAX
    assert terms.recharge_minimum_micros % UNIT == 0
