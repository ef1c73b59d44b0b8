"""The timer's: a month has begun. The entry says all that the account is and changes nothing: a ledger may begin there.

The month is that of the account's own clocks: its statement is closed by this entry (A104). Every account is carried
forward every month, closed and empty ones, too: the months before may be deleted (R29).
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from rater.core.account.account import Account, Spending, Threshold
from rater.core.account.breaker import LIMITS, held_calls
from rater.core.account.carried_contract import (
    carried_billing,
    carried_entitlement,
    carried_mode,
    carried_zones,
)
from rater.core.account.cause import Cause
from rater.core.account.commands.command import AccountCommand, always
from rater.core.account.contract import Contract
from rater.core.account.heads import entry_head, event_head
from rater.core.account.lots import CreditLot
from rater.core.account.month import ended_month, next_carry_ms, said_month_end
from rater.core.account.zone_change import time_zone_at
from rater.core.cdr import Source
from rater.core.charging_settings import ChargingSettings
from rater.core.limits import NEVER_MS
from rater.core.pricing.plans.book import PlanBook
from rater.core.rejections import Refusal, Rejected
from topics import records as r
from topics.records import BalanceCarriedForward, CarryForward
from topics.records.balance import MonthEnded
from topics.records.contract import CarriedOwed


def _refuse(
    account: Account, command: CarryForward, source: Source, _settings: ChargingSettings
) -> Refusal | None:
    if command.due_ms == account.carry_ms and source.at_ms >= account.carry_ms:
        return None
    detail = f"due_ms: {command.due_ms}, the account is carried forward at {account.carry_ms}"
    return Refusal(Rejected.NOT_DUE, detail)


def _post(
    account: Account, command: CarryForward, source: Source, plans: PlanBook
) -> BalanceCarriedForward:
    past, contract = account.past, account.contract
    zone_changes = [] if contract is None else contract.zone_changes
    watched = account.thresholds + account.hour_thresholds
    return BalanceCarriedForward(
        *entry_head(account, source, 0, account.debt),
        command.command_id,
        command.due_ms,
        time_zone_at(account.time_zone, zone_changes, source.at_ms),
        account.decks,
        _spending(account.spending),
        tuple([_lot(lot, lot.due_ms) for lot in account.lots]),
        tuple([_lot(lot, None) for lot in account.expired]),
        account.forfeited_to_ms,
        (
            *[_threshold(each, each.amount, None) for each in account.thresholds],
            *[_threshold(each, None, each.amount) for each in account.hour_thresholds],
        ),
        tuple([each.threshold_id for each in watched if not each.armed]),
        None if account.closed_ms == NEVER_MS else account.closed_ms,
        None if past is None else past.settled_ms,
        () if past is None else tuple([r.Closure(*closure) for closure in past.closures]),
        () if past is None else tuple([r.EarlierDecks(*change) for change in past.decks]),
        account.recharge_seq,
        _said(account.cdr_offset),
        _said(account.command_offset),
        _said(account.request_offset),
        ()
        if contract is None
        else tuple([carried_entitlement(each) for each in contract.entitlements]),
        () if contract is None else tuple([carried_mode(each) for each in contract.billing_modes]),
        () if contract is None else tuple([_pool(contract, name) for name in contract.used_s]),
        "charge" if contract is None else contract.unlicensed_calls,
        None if contract is None else carried_billing(contract.billing),
        () if contract is None else tuple([CarriedOwed(*each) for each in contract.owed.items()]),
        carried_zones(account.time_zone, zone_changes),
        # Since it was due, not since now: a month in which nothing ran is ended, too.
        said_month_end(account, plans, command.due_ms, source.at_ms),
        ended_month(account, plans, command.due_ms),
    )


def _pool(contract: Contract, name: str) -> r.CarriedPool:
    return r.CarriedPool(name, contract.used_s[name], *contract.told_s.get(name, (0, 0)))


def _spending(spending: Spending) -> r.CarriedSpending:
    high_rate = spending.high_rate
    watch = high_rate and r.CarriedWatch(
        high_rate.rate, high_rate.most, tuple(high_rate.known), tuple(high_rate.fresh_ms)
    )
    return r.CarriedSpending(
        spending.burn,
        _said(spending.burn_from),
        spending.burn_to,
        spending.hour,
        spending.spent,
        spending.spent_before,
        _said(spending.per_hour),
        spending.cost_limit,
        watch,
        held_calls(spending),
        tuple([name for n, name in enumerate(LIMITS) if spending.tripped >> n & 1]),
    )


def _lot(lot: CreditLot, due_ms: int | None) -> r.CarriedLot:
    times = (lot.purchased_ms, lot.expires_ms, due_ms)
    return r.CarriedLot(lot.lot_id, lot.remaining, *times, lot.category)


def _threshold(
    threshold: Threshold, amount_micros: int | None, hours: int | None
) -> r.ThresholdSetting:
    return r.ThresholdSetting(threshold.threshold_id, amount_micros, hours, threshold.label)


def _said(number: int) -> int | None:
    """Return a number that the account keeps, none where it has none: -1."""
    return None if number < 0 else number


def _told_of(
    account: Account, entry: BalanceCarriedForward, cause: Cause
) -> Callable[[], MonthEnded] | None:
    month = entry.ended
    if month is None:
        return None
    return partial(_ended, account, month, cause)


def _ended(account: Account, month: str, cause: Cause) -> MonthEnded:
    return MonthEnded(*event_head(account, "month_ended", cause), month)


def _apply(account: Account, entry: BalanceCarriedForward) -> None:
    account.carry_ms = next_carry_ms(entry)


COMMAND: Final[AccountCommand[CarryForward, BalanceCarriedForward]] = AccountCommand(
    record=CarryForward,
    content=("due_ms",),
    cause="carry_forward",
    refuse=_refuse,
    entry=BalanceCarriedForward,
    post_by_clocks=_post,
    apply=_apply,
    told_of=_told_of,
    reaches_closed=always,
)
