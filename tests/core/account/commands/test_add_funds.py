"""Credits: a lot, debt first, and why money may not come."""

import pytest

from rater.core.account.execution import execute
from rater.core.account.journal import Journal
from rater.core.limits import AMOUNT_MICROS_MAX, LOTS_MAX
from rater.core.rejections import Rejected
from rater.core.times import from_millis
from tests.build import NOW, UNIT, YEAR, account, lot, settings_version, source
from tests.core.account.asked import adjust, asked, funds, refused, under
from topics import records as r
from topics.records import balance as v
from topics.records.charging_settings import CurrencyTerms


def test_funds_open_a_lot_for_twelve_months() -> None:
    there = account()
    refusal, journal = asked(there, funds())

    assert refusal is None
    assert [(each.lot_id, each.remaining, each.expires_ms) for each in there.lots] == [
        ("L1", UNIT, NOW + YEAR)
    ]
    restored, event = journal.events
    assert isinstance(restored, v.BalanceRestored)
    assert isinstance(event, v.FundsCredited)
    assert (event.event_id, event.lot_id, event.amount_micros) == ("acme/1/credited", "L1", UNIT)


def test_new_money_pays_the_debt_first() -> None:
    there = account(debt=400_000)
    _, journal = asked(there, funds())

    (entry,) = journal.entries
    assert isinstance(entry, r.FundsAdded)
    assert (entry.lot.overdraft_paid_micros, entry.lot.remaining_micros) == (400_000, 600_000)
    assert (there.debt, there.balance, there.lots[0].remaining) == (0, 600_000, 600_000)


def test_money_that_only_pays_debt_opens_no_lot() -> None:
    there = account(debt=2 * UNIT)
    asked(there, funds())

    assert (there.lots, there.debt, there.balance) == ([], UNIT, -UNIT)


def test_money_in_another_currency_is_refused() -> None:
    assert refused(account(), funds(currency="EUR")) is Rejected.CURRENCY_MISMATCH
    assert refused(account(), adjust(5, currency="EUR")) is Rejected.CURRENCY_MISMATCH


def test_a_lot_is_open_once_even_in_its_grace() -> None:
    assert refused(account(lot("L1")), funds()) is Rejected.LOT_EXISTS
    assert refused(account(expired=[lot("L1")]), funds()) is Rejected.LOT_EXISTS


@pytest.mark.parametrize("name", ["returned:acme/2", "restored:reversal/1"])
def test_a_purchase_cannot_have_the_name_of_money_that_comes_back(name: str) -> None:
    assert refused(account(), funds(name)) is Rejected.RESERVED_LOT


def test_lots_are_bounded() -> None:
    there = account(*(lot(f"L{number}", 1) for number in range(LOTS_MAX - 1)), expired=[lot("x")])

    assert refused(there, funds("one-more")) is Rejected.TOO_MANY_LOTS


def test_no_command_takes_the_balance_beyond_the_limit() -> None:
    full = account(lot("a", AMOUNT_MICROS_MAX))
    empty = account(debt=AMOUNT_MICROS_MAX)

    assert refused(full, funds("b", 1)) is Rejected.AMOUNT_TOO_LARGE
    assert refused(full, adjust(1)) is Rejected.AMOUNT_TOO_LARGE
    assert refused(empty, adjust(-1)) is Rejected.AMOUNT_TOO_LARGE


def test_what_was_captured_is_credited_though_the_bound_of_a_balance_is_lower_by_now() -> None:
    there = account(lot("a", 900 * UNIT))
    bounded = settings_version(USD=CurrencyTerms("USD", 2, 0, UNIT, 1_000 * UNIT))

    by_hand = execute(there, funds("by-hand", 200 * UNIT), source(), under(bounded), Journal())
    assert by_hand is not None
    assert by_hand.reason is Rejected.AMOUNT_TOO_LARGE
    assert (
        execute(there, funds("P1", 200 * UNIT, seq=1), source(), under(bounded), Journal()) is None
    )
    assert there.balance == 1_100 * UNIT
    # What brings it nearer to the bound is no growth.
    assert execute(there, adjust(-50 * UNIT), source(), under(bounded), Journal()) is None
    assert there.balance == 1_050 * UNIT


def test_a_closed_account_takes_money_that_was_captured() -> None:
    there = account(closed_ms=NOW)

    assert refused(there, funds("a")) is Rejected.ACCOUNT_CLOSED
    assert asked(there, funds("b", seq=1))[0] is None
    assert (there.balance, there.recharge_seq) == (UNIT, 1)


def test_a_credit_of_recharge_is_taken_once_for_ever() -> None:
    there = account()
    asked(there, funds("a", seq=4))

    assert refused(there, funds("b", seq=4)) is Rejected.RECHARGE_REPEATED
    assert refused(there, funds("b", seq=3)) is Rejected.RECHARGE_REPEATED
    assert asked(there, funds("b", seq=9))[0] is None
    assert (there.recharge_seq, there.balance) == (9, 2 * UNIT)


def test_a_credit_of_recharge_says_which_payment_brought_it() -> None:
    order = r.AddFunds("f1", "acme", "L1", UNIT, "USD", from_millis(NOW), 7, "pay-7")
    (entry,) = asked(account(), order)[1].entries

    assert isinstance(entry, r.FundsAdded)
    assert (entry.recharge_seq, entry.payment_command_id) == (7, "pay-7")


def given(lot_id: str = "G1", expires_ms: int | None = None) -> r.AddFunds:
    """Return a command that gives promotional credit."""
    until = None if expires_ms is None else from_millis(expires_ms)
    money = ("g1", "acme", lot_id, UNIT, "USD", from_millis(NOW), None, None)
    return r.AddFunds(*money, "promotional", until)


@pytest.mark.parametrize(("expires_ms", "until_ms"), [(None, NOW + YEAR), (NOW + 5, NOW + 5)])
def test_promotional_credit_is_a_lot_with_its_own_expiry(
    expires_ms: int | None, until_ms: int
) -> None:
    there = account(lot("L1", expires_ms=NOW + 9))
    _, journal = asked(there, given(expires_ms=expires_ms))

    assert [(each.lot_id, each.expires_ms, each.category) for each in there.lots] == [
        ("G1", until_ms, "promotional"),
        ("L1", NOW + 9, None),
    ]
    (entry,), (event,) = journal.entries, journal.events
    assert isinstance(entry, r.FundsAdded)
    assert isinstance(event, v.FundsCredited)
    assert (entry.lot.category, event.category) == ("promotional", "promotional")


def test_promotional_credit_that_is_over_is_refused() -> None:
    assert refused(account(), given(expires_ms=NOW)) is Rejected.PURCHASE_EXPIRED


def test_promotional_credit_pays_debt_first_as_all_new_money_does() -> None:
    there = account(debt=400_000)
    asked(there, given())

    assert (there.debt, there.balance, there.lots[0].remaining) == (0, 600_000, 600_000)
