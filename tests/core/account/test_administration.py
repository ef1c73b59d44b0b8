"""Account commands: obeyed as one entry, or refused with the reason."""

from typing import get_args

import pytest

from rater.core.account.account import AUTO_RECHARGE, AUTO_RECHARGE_HOURS, Account
from rater.core.account.administration import obey, open_account
from rater.core.account.journal import Journal
from rater.core.limits import AMOUNT_MICROS_MAX, LOTS_MAX
from rater.core.rejections import Refusal, Rejected
from rater.core.times import from_millis
from tests.build import NOW, SETTINGS, UNIT, YEAR, account, lot, settings_version, source
from topics import records as r
from topics.records import CommandReason
from topics.records.charging_settings import CurrencyTerms


def obeyed(there: Account, order: r.Command) -> tuple[Refusal | None, Journal]:
    journal = Journal()
    return obey(there, order, source(), SETTINGS, journal), journal


def refused(there: Account, order: r.Command) -> Rejected | None:
    refusal, journal = obeyed(there, order)
    assert journal.entries == []
    assert refusal is None or ": " in refusal.detail
    return None if refusal is None else refusal.reason


def funds(
    lot_id: str = "L1", amount: int = UNIT, currency: str = "USD", seq: int | None = None
) -> r.AddFunds:
    return r.AddFunds("f1", "acme", lot_id, amount, currency, from_millis(NOW), seq)


def adjust(amount: int, command_id: str = "a1", currency: str = "USD") -> r.Adjust:
    return r.Adjust(command_id, "acme", amount, currency, "by hand")


def low(*names: str) -> r.SetThresholds:
    return r.SetThresholds("t1", "acme", tuple(r.ThresholdSetting(name, UNIT) for name in names))


def test_every_reason_of_a_refusal_is_published() -> None:
    assert set(Rejected) == set(get_args(CommandReason))


def test_opening_an_account_is_its_first_entry() -> None:
    journal = Journal()
    order = r.OpenAccount("o1", "acme", "EUR", ("special", "acs"), "Europe/Madrid")
    there = open_account(order, source(), journal)

    (entry,) = journal.entries
    assert isinstance(entry, r.AccountOpened)
    assert (entry.seq, entry.decks, entry.time_zone) == (1, ("special", "acs"), "Europe/Madrid")
    assert (there.currency, there.balance, len(journal.statuses)) == ("EUR", 0, 1)


def test_funds_open_a_lot_for_twelve_months() -> None:
    there = account()
    refusal, journal = obeyed(there, funds())

    assert refusal is None
    assert [(each.lot_id, each.remaining, each.expires_ms) for each in there.lots] == [
        ("L1", UNIT, NOW + YEAR)
    ]
    kinds = [type(event).__name__ for event in journal.events]
    assert kinds == ["BalanceRestored", "FundsCredited"]


def test_new_money_pays_the_debt_first() -> None:
    there = account(debt=400_000)
    _, journal = obeyed(there, funds())

    (entry,) = journal.entries
    assert isinstance(entry, r.FundsAdded)
    assert (entry.lot.overdraft_paid_micros, entry.lot.remaining_micros) == (400_000, 600_000)
    assert (there.debt, there.balance, there.lots[0].remaining) == (0, 600_000, 600_000)


def test_money_that_only_pays_debt_opens_no_lot() -> None:
    there = account(debt=2 * UNIT)
    obeyed(there, funds())

    assert (there.lots, there.debt, there.balance) == ([], UNIT, -UNIT)


def test_money_in_another_currency_is_refused() -> None:
    assert refused(account(), funds(currency="EUR")) is Rejected.CURRENCY_MISMATCH
    assert refused(account(), adjust(5, currency="EUR")) is Rejected.CURRENCY_MISMATCH


def test_a_lot_is_open_once_even_in_its_grace() -> None:
    assert refused(account(lot("L1")), funds()) is Rejected.LOT_EXISTS
    assert refused(account(expired=[lot("L1")]), funds()) is Rejected.LOT_EXISTS


def test_an_adjustment_never_opens_a_second_lot_of_one_name() -> None:
    there = account()
    obeyed(there, funds("adjust:a1"))
    assert refused(there, adjust(5, "a1")) is Rejected.LOT_EXISTS

    # Names are cut to 128 characters; two commands never mean the same lot.
    obeyed(there, adjust(5, "x" * 121 + "1"))
    obeyed(there, adjust(5, "x" * 121 + "2"))
    assert len({each.lot_id for each in there.lots}) == 3


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

    by_hand = obey(there, funds("by-hand", 200 * UNIT), source(), bounded, Journal())
    assert by_hand is not None
    assert by_hand.reason is Rejected.AMOUNT_TOO_LARGE
    assert obey(there, funds("P1", 200 * UNIT, seq=1), source(), bounded, Journal()) is None
    assert there.balance == 1_100 * UNIT
    # What brings it nearer to the bound is no growth.
    assert obey(there, adjust(-50 * UNIT), source(), bounded, Journal()) is None
    assert there.balance == 1_050 * UNIT


def test_an_adjustment_upwards_opens_a_lot_and_one_downwards_draws() -> None:
    there = account(lot("L1", 300_000))
    _, up = obeyed(there, adjust(UNIT, "up"))
    _, down = obeyed(there, adjust(-1_500_000, "down"))

    assert [each.lot_id for each in there.lots] == []
    assert (there.balance, there.debt) == (-200_000, 200_000)
    opened, drawn = up.entries[0], down.entries[0]
    assert isinstance(opened, r.Adjusted)
    assert isinstance(drawn, r.Adjusted)
    assert opened.lot is not None
    assert opened.lot.lot_id == "adjust:up"
    assert [(draw.source, draw.amount_micros) for draw in drawn.draws] == [
        ("lot", 300_000),
        ("lot", 1_000_000),
        ("shortfall", 200_000),
    ]


def test_an_adjustment_of_nothing_is_refused() -> None:
    assert refused(account(), adjust(0)) is Rejected.ZERO_AMOUNT


def test_thresholds_are_replaced_and_evaluated_at_once() -> None:
    there = account()
    _, journal = obeyed(there, low("low"))

    kinds = [type(event).__name__ for event in journal.events]
    assert kinds == ["SettingsChanged", "ThresholdCrossed"]
    assert [each.armed for each in there.thresholds] == [False]
    assert obeyed(there, low("low"))[1].events[1:] == []


def test_a_threshold_is_named_once() -> None:
    assert refused(account(), low("a", "b", "a")) is Rejected.DUPLICATE_THRESHOLD


@pytest.mark.parametrize("order", [funds(), adjust(5), low("a"), r.CloseAccount("x", "acme", None)])
def test_a_closed_account_takes_no_orders(order: r.Command) -> None:
    assert refused(account(closed_ms=NOW), order) is Rejected.ACCOUNT_CLOSED


def test_a_closed_account_takes_money_that_was_captured() -> None:
    there = account(closed_ms=NOW)

    assert refused(there, funds("a")) is Rejected.ACCOUNT_CLOSED
    assert obeyed(there, funds("b", seq=1))[0] is None
    assert (there.balance, there.recharge_seq) == (UNIT, 1)


def test_a_credit_of_recharge_is_taken_once_for_ever() -> None:
    there = account()
    obeyed(there, funds("a", seq=4))

    assert refused(there, funds("b", seq=4)) is Rejected.RECHARGE_REPEATED
    assert refused(there, funds("b", seq=3)) is Rejected.RECHARGE_REPEATED
    assert obeyed(there, funds("b", seq=9))[0] is None
    assert (there.recharge_seq, there.balance) == (9, 2 * UNIT)


def test_a_credit_of_recharge_says_which_payment_brought_it() -> None:
    order = r.AddFunds("f1", "acme", "L1", UNIT, "USD", from_millis(NOW), 7, "pay-7")
    (entry,) = obeyed(account(), order)[1].entries

    assert isinstance(entry, r.FundsAdded)
    assert (entry.recharge_seq, entry.payment_command_id) == (7, "pay-7")


@pytest.mark.parametrize("name", [AUTO_RECHARGE, AUTO_RECHARGE_HOURS])
def test_the_triggers_of_recharge_are_not_set_as_thresholds(name: str) -> None:
    assert refused(account(), low(name)) is Rejected.RESERVED_THRESHOLD


@pytest.mark.parametrize(("amount", "hours"), [(None, None), (UNIT, 5)])
def test_a_threshold_is_an_amount_or_hours(amount: int | None, hours: int | None) -> None:
    settings = (r.ThresholdSetting("low", amount, hours),)

    assert refused(account(), r.SetThresholds("t1", "acme", settings)) is Rejected.INVALID_SETTING


def test_the_timer_may_look_at_a_closed_account() -> None:
    assert refused(account(closed_ms=NOW), r.ExpireLots("x", "acme", NOW)) is None


def test_closing_an_account_says_why() -> None:
    there = account(lot())
    _, journal = obeyed(there, r.CloseAccount("x", "acme", "moved"))

    (entry,) = journal.entries
    assert isinstance(entry, r.AccountClosed)
    assert (entry.reason, there.closed_ms, there.balance) == ("moved", NOW, UNIT)
    assert [event.event_id for event in journal.events] == ["acme/1/closed"]
    assert journal.statuses[-1].state == "closed"
