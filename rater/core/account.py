"""Account: one tenant's prepaid state, and how an entry changes it.

Applying an entry holds no rule: the entry has decided. So the ledger alone rebuilds every balance (D4).
An account here is a working copy of one batch: touched in place, dropped when the batch is aborted.
"""

from bisect import insort

import msgspec

from rater.core import entries as e
from rater.core.lots import CreditLot, draw_order, take

NEVER_MS = 2**62
"""A due time that does not come."""


class Threshold(msgspec.Struct, array_like=True, gc=False):
    """An amount that is announced once when the balance falls below it."""

    threshold_id: str
    amount: int
    armed: bool


class Account(msgspec.Struct, array_like=True):
    """Money in micros of `currency`. `balance` is the sum of live lots less `debt`, kept for speed."""

    tenant_id: str
    currency: str
    time_zone: str
    decks: tuple[str, ...]
    seq: int = 0
    balance: int = 0
    debt: int = 0
    lots: list[CreditLot] = []
    expired: list[CreditLot] = []
    thresholds: list[Threshold] = []
    closed_ms: int = NEVER_MS
    forfeited_to_ms: int = 0
    """Latest expiry of a lot that has been forfeited."""
    status_ms: int = 0
    status_class: int = -1
    """Class of what was last published as allowed; -1 where nothing was."""
    dirty: bool = False
    """A status is owed (D10)."""
    cdr_offset: int = -1
    command_offset: int = -1
    """The offsets applied per source topic (D3)."""

    def next_due_ms(self, grace_ms: int) -> int:
        """Return when the next lot expires or is forfeited."""
        due = min((lot.expires_ms for lot in self.lots), default=NEVER_MS)
        return min((lot.expires_ms + grace_ms for lot in self.expired), default=due)


def apply(account: Account, entry: e.Entry) -> None:
    """Change the account as the entry says; a balance that then differs from the entry's is a broken invariant."""
    if type(entry) is e.Charge:
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
        Threshold(s.threshold_id, s.amount_micros, before.get((s.threshold_id, s.amount_micros), True))
        for s in sorted(entry.thresholds, key=lambda s: (-s.amount_micros, s.threshold_id))
    ]


def _closed(account: Account, entry: e.AccountClosed) -> None:
    account.closed_ms = entry.at_ms


def _expired(account: Account, entry: e.LotExpired) -> None:
    lot = next(lot for lot in account.lots if lot.lot_id == entry.lot_id)
    account.lots.remove(lot)
    insort(account.expired, lot, key=draw_order)


def _forfeited(account: Account, entry: e.LotForfeited) -> None:
    lot = next(lot for lot in account.expired if lot.lot_id == entry.lot_id)
    account.expired.remove(lot)
    account.forfeited_to_ms = max(account.forfeited_to_ms, lot.expires_ms)


def _nothing(account: Account, entry: e.Entry) -> None:
    pass


_APPLY = {
    e.AccountOpened: _nothing,
    e.FundsAdded: _funds_added,
    e.ThresholdsSet: _thresholds_set,
    e.Adjusted: _adjusted,
    e.AccountClosed: _closed,
    e.LotExpired: _expired,
    e.LotForfeited: _forfeited,
}
