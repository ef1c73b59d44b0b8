"""Applying: how an entry changes its account. No rule is applied here: the entry has decided (D4)."""

from bisect import insort
from collections.abc import Callable, Mapping
from typing import Any, Final

from rater.core.account.account import (
    Account,
    next_due_ms,
)
from rater.core.account.breaker import hold, note_destination, note_spend
from rater.core.account.burn import let_pass, spend
from rater.core.account.commands.registry import COMMANDS
from rater.core.account.contract import owe, use
from rater.core.account.credits import open_lot
from rater.core.account.draws import give_back, take
from rater.core.account.lots import draw_order, next_look
from rater.core.account.posting import Posting, posting_of
from rater.core.limits import DAY_MS, NEVER_MS
from topics import records as r
from topics.records import Charge

# Bound once: a name of a module that is not compiled is looked up each time.
_CHARGE: Final = Charge


def apply(account: Account, entry: r.MoneyEntry) -> None:
    """Change the account as the entry says; a balance that then differs from the entry's is a broken invariant."""
    if isinstance(entry, _CHARGE):
        apply_charge(account, posting_of(account, entry))
        return
    let_pass(account.spending, entry.at_ms)
    _APPLY[type(entry)](account, entry)
    account.seq = entry.seq
    account.balance += entry.amount_micros
    assert account.balance == entry.balance_micros, entry
    assert account.debt == entry.overdraft_micros, entry


def apply_charge(account: Account, posting: Posting) -> None:
    """Change the account as a charge says, likewise."""
    spending, contract, at_ms = account.spending, account.contract, posting.at_ms
    let_pass(spending, at_ms)
    for pool in posting.pools:
        # A user's own lies in its row.
        if not pool.is_own:
            assert contract is not None, posting.entry
            use(contract, pool.name, pool.seconds, at_ms)
    if posting.lots is not None:
        for lot in posting.lots:
            take(account, lot)
    if posting.owed_of is not None:
        assert contract is not None, posting.entry
        owe(contract, posting.owed_of, posting.shortfall, at_ms)
    else:
        account.debt += posting.shortfall
    if posting.is_spent:
        spend(spending, posting.micros)
        note_spend(spending, posting.micros, at_ms)
        if spending.high_rate is not None:
            note_destination(spending.high_rate, posting.entry)
    account.seq = posting.seq
    account.balance += posting.change
    assert account.balance == posting.balance, posting.entry
    assert account.debt == posting.debt, posting.entry


def _charge_reversed(account: Account, entry: r.ChargeReversed) -> None:
    for back in entry.returns:
        give_back(account, back, entry.at_ms)
    if entry.lot is not None:
        open_lot(account, entry.lot, entry.at_ms)
    account.due_ms = next_due_ms(account)


def _billing_state_changed(account: Account, entry: r.BillingStateChanged) -> None:
    contract = account.contract
    assert contract is not None, entry
    billing = contract.billing
    billing.pays_later = entry.state != "prepaid"
    billing.is_reached = entry.state == "limit_reached"
    billing.limit = entry.credit_limit_micros or 0
    billing.look_ms = NEVER_MS if entry.until_ms is None else entry.until_ms
    billing.said_ms = max(billing.said_ms, entry.at_ms)
    account.due_ms = next_due_ms(account)


def _spend_limit_tripped(account: Account, entry: r.SpendLimitTripped) -> None:
    hold(account.spending, entry)


def _warned(account: Account, entry: r.LotExpiryWarned) -> None:
    lot = next(lot for lot in account.lots if lot.lot_id == entry.lot_id)
    lot.due_ms = next_look(lot.expires_ms, lot.expires_ms - entry.days * DAY_MS)
    account.due_ms = next_due_ms(account)


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


_APPLY: Final[Mapping[type[r.MoneyEntry], Callable[[Account, Any], None]]] = {
    **{each.entry: each.apply for each in COMMANDS if each.entry is not None},
    r.BillingStateChanged: _billing_state_changed,
    r.ChargeReversed: _charge_reversed,
    r.DeckWarning: _nothing,
    r.LotExpired: _expired,
    r.LotForfeited: _forfeited,
    r.LotExpiryWarned: _warned,
    r.SpendLimitTripped: _spend_limit_tripped,
}
"""What commands post is applied as their files say; the rest posts itself."""
