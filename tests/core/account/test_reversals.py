"""Reversals on the account: what is taken back of which lot, in what order, and what comes back."""

import pytest

from rater.core import engine
from rater.core.account.account import Account
from rater.core.account.journal import Journal
from rater.core.account.lots import CreditLot
from rater.core.account.reversals import plan_reversal
from rater.core.cdr import Source
from rater.core.limits import AMOUNT_MICROS_MAX, LOTS_MAX
from tests.build import RULES
from tests.units import NOW, UNIT, YEAR
from topics import records as r

SOURCE = Source("account.commands.v1", 0, 9, NOW)


def account(*lots: tuple[str, int], expired: tuple[tuple[str, int], ...] = ()) -> Account:
    made = [CreditLot(name, NOW, NOW + YEAR, left, NOW + YEAR) for name, left in lots]
    gone = [CreditLot(name, NOW - YEAR, NOW - 1, left, 0) for name, left in expired]
    balance = sum(left for _, left in lots)
    return Account("acme", "USD", "UTC", ("d",), 1, balance, 0, made, gone)


def order(amount: int, kind: type[r.MovedBack] = r.ReversePayment, **more: str) -> r.MovedBack:
    currency = more.get("currency", "USD")
    return kind("r/1", "acme", "P", amount, amount, currency, "re_1", "refund")


@pytest.mark.parametrize(
    ("lots", "expired", "amount", "drawn", "shortfall"),
    [
        ((("A", 10), ("P", 10)), (), 7, [("P", 7, False)], 0),
        ((("A", 10), ("P", 10)), (), 15, [("P", 10, False), ("A", 5, False)], 0),
        ((("A", 10),), (), 15, [("A", 10, False)], 5),
        ((("A", 10),), (("P", 4),), 6, [("P", 4, True), ("A", 2, False)], 0),
        ((("A", 10),), (("B", 4),), 12, [("A", 10, False)], 2),
        ((), (), 3, [], 3),
    ],
)
def test_the_payments_own_lot_gives_first_then_the_others_then_it_is_debt(
    lots: tuple[tuple[str, int], ...],
    expired: tuple[tuple[str, int], ...],
    amount: int,
    drawn: list[tuple[str, int, bool]],
    shortfall: int,
) -> None:
    draws, debt = plan_reversal(account(*lots, expired=expired), "P", amount)

    assert drawn == [(draw.id, draw.amount_micros, draw.grace) for draw in draws]
    assert shortfall == debt


def test_what_a_lot_in_grace_gives_does_not_change_the_balance() -> None:
    tenant, journal = account(("A", 10), expired=(("P", 4),)), Journal()

    engine.command(tenant, order(6), SOURCE, RULES, journal)

    entry = journal.entries[-1]
    assert isinstance(entry, r.ReversalPosted)
    assert (-2, 6, 8) == (entry.amount_micros, entry.moved_micros, tenant.balance)
    assert [] == tenant.expired


def test_what_comes_back_pays_debt_first_and_is_a_lot_of_its_own() -> None:
    tenant, journal = account(), Journal()
    engine.command(tenant, order(5 * UNIT), SOURCE, RULES, journal)
    engine.command(tenant, order(8 * UNIT, r.RestorePayment), SOURCE, RULES, journal)

    assert (0, 3 * UNIT) == (tenant.debt, tenant.balance)
    assert [("restored:r/1", 3 * UNIT)] == [(lot.lot_id, lot.remaining) for lot in tenant.lots]
    assert ["balance_restored", "payment_restored"] == [
        event.__struct_config__.tag for event in journal.events[-2:]
    ]


def test_a_closed_account_is_no_exception() -> None:
    tenant, journal = account(("P", 10)), Journal()
    tenant.closed_ms = NOW - 1

    engine.command(tenant, order(4), SOURCE, RULES, journal)
    engine.command(tenant, order(1, r.RestorePayment), SOURCE, RULES, journal)

    assert 7 == tenant.balance


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (order(5, currency="EUR"), "currency_mismatch"),
        (order(AMOUNT_MICROS_MAX), "amount_too_large"),
        (order(5, r.RestorePayment), "too_many_lots"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(command: r.MovedBack, reason: str) -> None:
    tenant, journal = account(("P", 1), *((f"L{n}", 1) for n in range(LOTS_MAX - 1))), Journal()
    tenant.debt, tenant.balance = 0, tenant.balance - 0
    if reason == "amount_too_large":
        tenant.debt = 2 * tenant.balance
        tenant.balance = -tenant.balance

    engine.command(tenant, command, SOURCE, RULES, journal)

    entry = journal.entries[-1]
    assert isinstance(entry, r.CommandRejected)
    assert reason == entry.reason
