"""Bounds: a charge that the account cannot hold waits, and names field and value."""

from rater.core.account.bounds import beyond_bound, cannot_return
from rater.core.account.charges import free_charge
from rater.core.limits import AMOUNT_MICROS_MAX, LOTS_MAX
from rater.core.suspension import Suspended
from tests.build import SETTINGS, account, cdr, lot, source
from tests.core.account.test_charges import RATED


def test_a_charge_beyond_the_bound_names_the_settings_that_say_it() -> None:
    there = account(lot())

    why = beyond_bound(there, RATED, SETTINGS)

    assert (why.reason, why.settings_version) == (Suspended.AMOUNT_TOO_LARGE, SETTINGS.version)
    assert "100 USD" in why.detail


def test_money_cannot_come_back_where_there_is_no_room_for_a_lot_or_for_the_sum() -> None:
    original = free_charge(account(lot()), cdr(), source(), "inbound").entry

    full = account(*[lot(f"L{n}", 1) for n in range(LOTS_MAX)])
    rich = account(lot(remaining=AMOUNT_MICROS_MAX + 1))
    found = [
        cannot_return(each, cdr(), source(), original, None) for each in (account(), full, rich)
    ]

    assert [None if each is None else each.reason for each in found] == [
        None,
        Suspended.CORRECTION_UNSUPPORTED,
        Suspended.AMOUNT_TOO_LARGE,
    ]
