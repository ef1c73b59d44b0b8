"""Administration: account commands, each refused with its reason or posted as one entry."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from rater.core import commands as c
from rater.core import entries as e
from rater.core.account import NEVER_MS, Account
from rater.core.calendar import add_months
from rater.core.cdr import Source
from rater.core.draws import plan_draws
from rater.core.entries import Occasion
from rater.core.expiry import head
from rater.core.journal import Journal
from rater.core.limits import AMOUNT_MICROS_MAX, LOTS_MAX, MONTHS_VALID
from rater.core.thresholds import note_calm


class Rejected(StrEnum):
    """Why a command is refused, in order of precedence."""

    MISROUTED = "misrouted"
    UNKNOWN_TENANT = "unknown_tenant"
    ACCOUNT_EXISTS = "account_exists"
    ACCOUNT_CLOSED = "account_closed"
    COMMAND_ID_REUSED = "command_id_reused"
    CURRENCY_MISMATCH = "currency_mismatch"
    LOT_EXISTS = "lot_exists"
    TOO_MANY_LOTS = "too_many_lots"
    DUPLICATE_THRESHOLD = "duplicate_threshold"
    ZERO_AMOUNT = "zero_amount"
    AMOUNT_TOO_LARGE = "amount_too_large"


class Refusal(msgspec.Struct, frozen=True):
    """A reason, and a sentence that names the field and the value."""

    reason: Rejected
    detail: str


def open_account(command: c.OpenAccount, source: Source, journal: Journal) -> Account:
    """Make the account and post its first entry."""
    account = Account(command.tenant_id, command.currency, command.time_zone, command.decks)
    note_calm(account)
    entry = e.AccountOpened(
        *head(account, source, 0, 0), command.command_id, command.time_zone, command.decks
    )
    journal.post(account, entry, "settings", command.command_id)
    return account


def obey(account: Account, command: c.Command, source: Source, journal: Journal) -> Refusal | None:
    """Carry out a command on an account that exists; return why not, if so."""
    if isinstance(command, c.OpenAccount):
        return Refusal(Rejected.ACCOUNT_EXISTS, f"tenant_id: {command.tenant_id} has an account")
    if account.closed_ms != NEVER_MS and not isinstance(command, c.ExpireLots):
        return Refusal(Rejected.ACCOUNT_CLOSED, f"tenant_id: {command.tenant_id} is closed")
    return _OBEY[type(command)](account, command, source, journal)


def _add_funds(
    account: Account, command: c.AddFunds, source: Source, journal: Journal
) -> Refusal | None:
    if refusal := _refuse_money(account, command.currency, command.amount_micros):
        return refusal
    if refusal := _refuse_lot(account, command.lot_id):
        return refusal
    lot = _lot(account, command.lot_id, command.amount_micros, command.purchased_ms)
    fields = head(account, source, command.amount_micros, account.debt - lot.debt_paid_micros)
    occasion = Occasion("credit", command.command_id, source.at_ms)
    journal.post(
        account, e.FundsAdded(*fields, command.command_id, lot), "credit", command.command_id
    )
    journal.credited(account, lot, occasion)
    return None


def _lot(account: Account, lot_id: str, amount: int, purchased_ms: int) -> e.Lot:
    paid = min(account.debt, amount)
    expires_ms = add_months(purchased_ms, MONTHS_VALID)
    return e.Lot(lot_id, amount, paid, amount - paid, purchased_ms, expires_ms)


def _refuse_money(account: Account, currency: str, amount: int) -> Refusal | None:
    if currency != account.currency:
        detail = f"currency: {currency}, the account's is {account.currency}"
        return Refusal(Rejected.CURRENCY_MISMATCH, detail)
    if len(account.lots) + len(account.expired) >= LOTS_MAX:
        return Refusal(Rejected.TOO_MANY_LOTS, f"lots: {LOTS_MAX} is the limit")
    if abs(account.balance + amount) > AMOUNT_MICROS_MAX:
        detail = f"amount_micros: {amount} would take the balance beyond {AMOUNT_MICROS_MAX}"
        return Refusal(Rejected.AMOUNT_TOO_LARGE, detail)
    return None


def _refuse_lot(account: Account, lot_id: str) -> Refusal | None:
    """Refuse a second lot of one id: a draw names its lot by the id alone."""
    if any(lot.lot_id == lot_id for lot in account.lots + account.expired):
        return Refusal(Rejected.LOT_EXISTS, f"lot_id: {lot_id} is open already")
    return None


def _set_thresholds(
    account: Account, command: c.SetThresholds, source: Source, journal: Journal
) -> Refusal | None:
    ids = [setting.threshold_id for setting in command.thresholds]
    for name in ids:
        if ids.count(name) > 1:
            return Refusal(Rejected.DUPLICATE_THRESHOLD, f"threshold_id: {name} is there twice")
    fields = head(account, source, 0, account.debt)
    occasion = Occasion("settings", command.command_id, source.at_ms)
    entry = e.ThresholdsSet(*fields, command.command_id, command.thresholds)
    journal.post(account, entry, "settings", command.command_id)
    journal.settings_changed(account, occasion)
    return None


def _adjust(
    account: Account, command: c.Adjust, source: Source, journal: Journal
) -> Refusal | None:
    amount = command.amount_micros
    if not amount:
        return Refusal(Rejected.ZERO_AMOUNT, "amount_micros: 0 changes nothing")
    if refusal := _refuse_money(account, command.currency, amount):
        return refusal
    if amount > 0:
        lot = _lot(account, f"adjust:{command.command_id}"[:128], amount, source.at_ms)
        if refusal := _refuse_lot(account, lot.lot_id):
            return refusal
        fields = head(account, source, amount, account.debt - lot.debt_paid_micros)
        entry = e.Adjusted(*fields, command.command_id, command.reason, lot)
        journal.post(account, entry, "adjustment", command.command_id)
        return None
    draws, shortfall = plan_draws(account.lots, [], -amount, source.at_ms)
    fields = head(account, source, amount, account.debt + shortfall)
    entry = e.Adjusted(*fields, command.command_id, command.reason, None, draws, shortfall)
    journal.post(account, entry, "adjustment", command.command_id)
    return None


def _close(
    account: Account, command: c.CloseAccount, source: Source, journal: Journal
) -> Refusal | None:
    entry = e.AccountClosed(
        *head(account, source, 0, account.debt), command.command_id, command.reason
    )
    journal.post(account, entry, "close", command.command_id)
    return None


def _nothing_more(
    account: Account, command: c.ExpireLots, source: Source, journal: Journal
) -> Refusal | None:
    """Do nothing: what is due was posted before any command is looked at."""
    return None


Obey = Callable[[Account, Any, Source, Journal], Refusal | None]

_OBEY: Mapping[type[c.Command], Obey] = {
    c.AddFunds: _add_funds,
    c.SetThresholds: _set_thresholds,
    c.Adjust: _adjust,
    c.CloseAccount: _close,
    c.ExpireLots: _nothing_more,
}
