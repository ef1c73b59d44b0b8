"""Applying: how an entry changes its account. No rule is applied here: the entry has decided (D4)."""

from bisect import insort
from collections.abc import Callable
from typing import Any, Final

from rater.core.account.account import (
    AUTO_RECHARGE,
    AUTO_RECHARGE_HOURS,
    Account,
    HighRateWatch,
    Threshold,
    next_due_ms,
)
from rater.core.account.breaker import hold, note_destination, note_spend, resume
from rater.core.account.burn import let_pass, spend
from rater.core.account.draws import apply_draws
from rater.core.account.lots import CreditLot, draw_order, next_look
from rater.core.account.past import without_the_oldest
from rater.core.limits import DAY_MS, NEVER_MS
from topics import records as r
from topics.records import AccountReopened, Charge, DecksSet, DeckWarning

# Bound once: a name of a module that is not compiled is looked up each time.
_CHARGE: Final = Charge


def apply(account: Account, entry: r.MoneyEntry) -> None:
    """Change the account as the entry says; a balance that then differs from the entry's is a broken invariant."""
    spending, at_ms = account.spending, entry.at_ms
    let_pass(spending, at_ms)
    if isinstance(entry, _CHARGE):
        apply_draws(account, entry.draws)
        micros = entry.charge_micros
        if micros:
            spend(spending, micros)
            note_spend(spending, micros, at_ms)
            if spending.high_rate is not None:
                note_destination(spending.high_rate, entry)
    else:
        _APPLY[type(entry)](account, entry)
    account.seq = entry.seq
    account.balance += entry.amount_micros
    assert account.balance == entry.balance_micros, entry
    assert account.debt == entry.overdraft_micros, entry


def _open_lot(account: Account, lot: r.Lot, at_ms: int) -> None:
    account.debt -= lot.overdraft_paid_micros
    if lot.remaining_micros:
        opened = CreditLot(
            lot.lot_id,
            lot.purchased_ms,
            lot.expires_ms,
            lot.remaining_micros,
            next_look(lot.expires_ms, at_ms),
        )
        insort(account.lots, opened, key=draw_order)
        account.due_ms = next_due_ms(account)


def _funds_added(account: Account, entry: r.FundsAdded) -> None:
    _open_lot(account, entry.lot, entry.at_ms)
    if entry.recharge_seq is not None:
        account.recharge_seq = entry.recharge_seq


def _adjusted(account: Account, entry: r.Adjusted) -> None:
    if entry.lot is not None:
        _open_lot(account, entry.lot, entry.at_ms)
    apply_draws(account, entry.draws)


def _payment_reversed(account: Account, entry: r.ReversalPosted) -> None:
    apply_draws(account, entry.draws)
    account.due_ms = next_due_ms(account)


def _payment_restored(account: Account, entry: r.RestorationPosted) -> None:
    _open_lot(account, entry.lot, entry.at_ms)


def _thresholds_set(account: Account, entry: r.ThresholdsSet) -> None:
    amounts = [t for t in account.thresholds if t.threshold_id == AUTO_RECHARGE]
    hours = [t for t in account.hour_thresholds if t.threshold_id == AUTO_RECHARGE_HOURS]
    for each in entry.thresholds:
        if each.amount_micros is not None:
            amounts.append(Threshold(each.threshold_id, each.amount_micros, True, each.label))
        if each.hours is not None:
            hours.append(Threshold(each.threshold_id, each.hours, True, each.label))
    account.thresholds = _replaced(account.thresholds, amounts)
    account.hour_thresholds = _replaced(account.hour_thresholds, hours)


def _replaced(old: list[Threshold], wanted: list[Threshold]) -> list[Threshold]:
    """Return the thresholds wanted, from the highest to the lowest; one that was there before stays as armed."""
    armed = {(t.threshold_id, t.amount): t.armed for t in old}
    for each in wanted:
        each.armed = armed.get((each.threshold_id, each.amount), True)
    return sorted(wanted, key=lambda t: (-t.amount, t.threshold_id))


def _auto_recharge_set(account: Account, entry: r.AutoRechargeSet) -> None:
    amounts = [t for t in account.thresholds if t.threshold_id != AUTO_RECHARGE]
    hours = [t for t in account.hour_thresholds if t.threshold_id != AUTO_RECHARGE_HOURS]
    if entry.enabled and entry.trigger_micros is not None:
        amounts.append(Threshold(AUTO_RECHARGE, entry.trigger_micros, True))
    if entry.enabled and entry.trigger_h is not None:
        hours.append(Threshold(AUTO_RECHARGE_HOURS, entry.trigger_h, True))
    account.thresholds = _replaced(account.thresholds, amounts)
    account.hour_thresholds = _replaced(account.hour_thresholds, hours)
    account.adopted = None


def _spend_limits_set(account: Account, entry: r.SpendLimitsSet) -> None:
    per_hour = entry.spend_per_hour_micros
    account.spending.per_hour = -1 if per_hour is None else per_hour
    account.spending.cost_limit = entry.cost_per_call_micros
    rate, most = entry.high_rate_micros, entry.new_high_rate_destinations_max
    if rate:
        high_rate = account.spending.high_rate or HighRateWatch(rate, most, [], [])
        account.spending.high_rate = HighRateWatch(rate, most, high_rate.known, high_rate.fresh_ms)
    else:
        account.spending.high_rate = None
    account.adopted = None


def _spend_limit_tripped(account: Account, entry: r.SpendLimitTripped) -> None:
    hold(account.spending, entry)


def _resumed(account: Account, entry: r.RechargeResumed) -> None:
    resume(account.spending)


def _warned(account: Account, entry: r.LotExpiryWarned) -> None:
    lot = next(lot for lot in account.lots if lot.lot_id == entry.lot_id)
    lot.due_ms = next_look(lot.expires_ms, lot.expires_ms - entry.days * DAY_MS)
    account.due_ms = next_due_ms(account)


def _closed(account: Account, entry: r.AccountClosed) -> None:
    account.closed_ms = entry.at_ms


def _reopened(account: Account, entry: AccountReopened) -> None:
    past = without_the_oldest(account.past, entry.at_ms)
    if entry.at_ms > account.closed_ms:
        past.closures.append((account.closed_ms, entry.at_ms))
        past.settled_ms = max(past.settled_ms, entry.at_ms)
        account.past = past
    account.closed_ms = NEVER_MS


def _decks_set(account: Account, entry: DecksSet) -> None:
    past = without_the_oldest(account.past, entry.at_ms)
    since = past.decks[-1][0] if past.decks else -1
    if entry.at_ms > since and entry.decks != account.decks:
        past.decks.append((entry.at_ms, account.decks))
        past.settled_ms = max(past.settled_ms, entry.at_ms)
        account.past = past
    account.decks = entry.decks


def _expired(account: Account, entry: r.LotExpired) -> None:
    lot = next(lot for lot in account.lots if lot.lot_id == entry.lot_id)
    account.lots.remove(lot)
    insort(account.expired, lot, key=draw_order)
    account.due_ms = next_due_ms(account)


def _forfeited(account: Account, entry: r.LotForfeited) -> None:
    lot = next(lot for lot in account.expired if lot.lot_id == entry.lot_id)
    account.expired.remove(lot)
    account.forfeited_to_ms = max(account.forfeited_to_ms, lot.expires_ms)
    account.due_ms = next_due_ms(account)


def _nothing(account: Account, entry: r.MoneyEntry) -> None:
    pass


_APPLY: dict[type[r.MoneyEntry], Callable[[Account, Any], None]] = {
    r.AccountOpened: _nothing,
    r.FundsAdded: _funds_added,
    r.ThresholdsSet: _thresholds_set,
    r.Adjusted: _adjusted,
    r.ReversalPosted: _payment_reversed,
    r.RestorationPosted: _payment_restored,
    r.AccountClosed: _closed,
    AccountReopened: _reopened,
    DecksSet: _decks_set,
    DeckWarning: _nothing,
    r.LotExpired: _expired,
    r.LotForfeited: _forfeited,
    r.LotExpiryWarned: _warned,
    r.AutoRechargeSet: _auto_recharge_set,
    r.PaymentMethodsSet: _nothing,
    r.RecipientsSet: _nothing,
    r.SpendLimitsSet: _spend_limits_set,
    r.SpendLimitTripped: _spend_limit_tripped,
    r.RechargeResumed: _resumed,
}
