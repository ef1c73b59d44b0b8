"""Applying: how an entry changes its account. No rule is applied here: the entry has decided (D4)."""

from bisect import insort
from collections.abc import Callable
from typing import Any

from rater.core import entries as e
from rater.core.account import Account, Threshold, next_due_ms
from rater.core.draws import take
from rater.core.entries import Charge
from rater.core.lots import CreditLot, draw_order


def apply(account: Account, entry: e.Entry) -> None:
    """Change the account as the entry says; a balance that then differs from the entry's is a broken invariant."""
    if isinstance(entry, Charge):
        _apply_draws(account, entry.draws)
        account.debt += entry.shortfall_micros
    else:
        _APPLY[type(entry)](account, entry)
    account.seq = entry.seq
    account.balance += entry.amount_micros
    assert account.balance == entry.balance_micros, entry
    assert account.debt == entry.debt_micros, entry


def _apply_draws(account: Account, draws: list[e.Draw]) -> None:
    for draw in draws:
        take(account.expired if draw.grace else account.lots, draw)


def _open_lot(account: Account, lot: e.Lot) -> None:
    account.debt -= lot.debt_paid_micros
    if lot.remaining_micros:
        opened = CreditLot(lot.lot_id, lot.purchased_ms, lot.expires_ms, lot.remaining_micros)
        insort(account.lots, opened, key=draw_order)
        account.due_ms = next_due_ms(account)


def _funds_added(account: Account, entry: e.FundsAdded) -> None:
    _open_lot(account, entry.lot)


def _adjusted(account: Account, entry: e.Adjusted) -> None:
    if entry.lot is not None:
        _open_lot(account, entry.lot)
    _apply_draws(account, entry.draws)
    account.debt += entry.shortfall_micros


def _thresholds_set(account: Account, entry: e.ThresholdsSet) -> None:
    before = {(t.threshold_id, t.amount): t.armed for t in account.thresholds}
    account.thresholds = [
        Threshold(
            s.threshold_id, s.amount_micros, before.get((s.threshold_id, s.amount_micros), True)
        )
        for s in sorted(entry.thresholds, key=lambda s: (-s.amount_micros, s.threshold_id))
    ]


def _closed(account: Account, entry: e.AccountClosed) -> None:
    account.closed_ms = entry.at_ms


def _expired(account: Account, entry: e.LotExpired) -> None:
    lot = next(lot for lot in account.lots if lot.lot_id == entry.lot_id)
    account.lots.remove(lot)
    insort(account.expired, lot, key=draw_order)
    account.due_ms = next_due_ms(account)


def _forfeited(account: Account, entry: e.LotForfeited) -> None:
    lot = next(lot for lot in account.expired if lot.lot_id == entry.lot_id)
    account.expired.remove(lot)
    account.forfeited_to_ms = max(account.forfeited_to_ms, lot.expires_ms)
    account.due_ms = next_due_ms(account)


def _nothing(account: Account, entry: e.Entry) -> None:
    pass


_APPLY: dict[type[e.Entry], Callable[[Account, Any], None]] = {
    e.AccountOpened: _nothing,
    e.FundsAdded: _funds_added,
    e.ThresholdsSet: _thresholds_set,
    e.Adjusted: _adjusted,
    e.AccountClosed: _closed,
    e.LotExpired: _expired,
    e.LotForfeited: _forfeited,
}
