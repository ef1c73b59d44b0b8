"""Administration: account commands, each refused with its reason or posted as one entry."""

from collections.abc import Callable, Mapping
from typing import Any

from rater.core.account.account import AUTO_RECHARGE, AUTO_RECHARGE_HOURS, Account
from rater.core.account.adoption import adopt
from rater.core.account.cause import Cause
from rater.core.account.draws import plan_draws, with_shortfall
from rater.core.account.expiry import head
from rater.core.account.journal import Journal
from rater.core.account.lots import adjustment_lot_id, lot_expiry_ms
from rater.core.account.past import CHANGES_MAX, KEPT_MS, without_the_oldest
from rater.core.account.reversals import restore_payment, reverse_payment
from rater.core.account.settings import obey_setting
from rater.core.account.thresholds import note_calm
from rater.core.cdr import Source
from rater.core.charging_settings import ChargingSettings
from rater.core.limits import AMOUNT_MICROS_MAX, DAY_MS, LOTS_MAX, NEVER_MS
from rater.core.rejections import Refusal, Rejected
from rater.core.times import to_millis
from topics import records as r
from topics.records import AccountReopened, DecksSet
from topics.records import balance as v


def open_account(command: r.OpenAccount, source: Source, journal: Journal) -> Account:
    """Make the account and post its first entry."""
    account = Account(command.tenant_id, command.currency, command.time_zone, command.decks)
    note_calm(account)
    entry = r.AccountOpened(
        *head(account, source, 0, 0), command.command_id, command.time_zone, command.decks
    )
    journal.post(account, entry, "settings", command.command_id)
    return account


def obey(
    account: Account,
    command: r.Command,
    source: Source,
    settings: ChargingSettings,
    journal: Journal,
) -> Refusal | None:
    """Carry out a command on an account that exists; return why not, if so."""
    if account.adopted is not settings:
        adopt(account, settings)
    if isinstance(command, r.OpenAccount):
        return Refusal(Rejected.ACCOUNT_EXISTS, f"tenant_id: {command.tenant_id} has an account")
    if account.closed_ms != NEVER_MS and not _reaches_a_closed_account(command):
        return Refusal(Rejected.ACCOUNT_CLOSED, f"tenant_id: {command.tenant_id} is closed")
    if isinstance(command, r.Setting):
        return obey_setting(account, command, source, settings, journal)
    return _OBEY[type(command)](account, command, source, journal)


def _reaches_a_closed_account(command: r.Command) -> bool:
    """Say what a closed account still takes: time, what becomes of captured money, and its own reopening."""
    if isinstance(command, r.AddFunds):
        return command.recharge_seq is not None
    return isinstance(command, r.ExpireLots | r.MovedBack | r.ReopenAccount)


def _add_funds(
    account: Account, command: r.AddFunds, source: Source, journal: Journal
) -> Refusal | None:
    if command.recharge_seq is not None and command.recharge_seq <= account.recharge_seq:
        detail = f"recharge_seq: {command.recharge_seq}, the last that was taken is {account.recharge_seq}"
        return Refusal(Rejected.RECHARGE_REPEATED, detail)
    # What was captured is credited, whatever is plausible by now: somebody has paid it.
    most = account.balance_max if command.recharge_seq is None else AMOUNT_MICROS_MAX
    if refusal := _refuse_money(account, command.currency, command.amount_micros, most):
        return refusal
    purchased_ms = to_millis(command.purchased_at)
    if command.recharge_seq is None and lot_expiry_ms(purchased_ms) <= source.at_ms:
        detail = f"purchased_at: {purchased_ms} ms, the lot would open expired"
        return Refusal(Rejected.PURCHASE_EXPIRED, detail)
    if refusal := _refuse_lot(account, command.lot_id):
        return refusal
    lot = _lot(account, command.lot_id, command.amount_micros, purchased_ms)
    entry = r.FundsAdded(
        *head(account, source, command.amount_micros, account.debt - lot.overdraft_paid_micros),
        command.command_id,
        lot,
        command.recharge_seq,
        command.payment_command_id,
    )
    cause = Cause("credit", command.command_id, source.at_ms)
    journal.post(account, entry, "credit", command.command_id)
    journal.credited(account, lot, cause)
    return None


def _lot(account: Account, lot_id: str, amount: int, purchased_ms: int) -> r.Lot:
    paid = min(account.debt, amount)
    return r.Lot(lot_id, amount, paid, amount - paid, purchased_ms, lot_expiry_ms(purchased_ms))


def _refuse_money(account: Account, currency: str, amount: int, most: int) -> Refusal | None:
    if currency != account.currency:
        detail = f"currency: {currency}, the account's is {account.currency}"
        return Refusal(Rejected.CURRENCY_MISMATCH, detail)
    if len(account.lots) + len(account.expired) >= LOTS_MAX:
        return Refusal(Rejected.TOO_MANY_LOTS, f"lots: {LOTS_MAX} is the limit")
    if max(most, abs(account.balance)) < abs(account.balance + amount):
        detail = f"amount_micros: {amount} {currency} would take the balance, {account.balance}, beyond {most}"
        version = None if account.adopted is None else account.adopted.version
        return Refusal(Rejected.AMOUNT_TOO_LARGE, detail, version)
    return None


def _refuse_lot(account: Account, lot_id: str) -> Refusal | None:
    """Refuse a second lot of one id: a draw names its lot by the id alone."""
    if any(lot.lot_id == lot_id for lot in account.lots + account.expired):
        return Refusal(Rejected.LOT_EXISTS, f"lot_id: {lot_id} is open already")
    return None


def _set_thresholds(
    account: Account, command: r.SetThresholds, source: Source, journal: Journal
) -> Refusal | None:
    if refusal := _refuse_thresholds(command.thresholds):
        return refusal
    fields = head(account, source, 0, account.debt)
    entry = r.ThresholdsSet(*fields, command.command_id, command.thresholds)
    cause = Cause("settings", command.command_id, source.at_ms)
    journal.settle(account, entry, cause, "settings", lambda stamp: v.SettingsChanged(*stamp))
    return None


def _refuse_thresholds(thresholds: tuple[r.ThresholdSetting, ...]) -> Refusal | None:
    ids = [setting.threshold_id for setting in thresholds]
    for name in ids:
        if ids.count(name) > 1:
            return Refusal(Rejected.DUPLICATE_THRESHOLD, f"threshold_id: {name} is there twice")
        if name in (AUTO_RECHARGE, AUTO_RECHARGE_HOURS):
            detail = f"threshold_id: {name} is set by set_auto_recharge alone"
            return Refusal(Rejected.RESERVED_THRESHOLD, detail)
    for setting in thresholds:
        if (setting.amount_micros is None) == (setting.hours is None):
            detail = (
                f"threshold_id: {setting.threshold_id} needs amount_micros or hours, one of them"
            )
            return Refusal(Rejected.INVALID_SETTING, detail)
    return None


def _adjust(
    account: Account, command: r.Adjust, source: Source, journal: Journal
) -> Refusal | None:
    amount = command.amount_micros
    if not amount:
        return Refusal(Rejected.ZERO_AMOUNT, "amount_micros: 0 changes nothing")
    if refusal := _refuse_money(account, command.currency, amount, account.balance_max):
        return refusal
    if amount > 0:
        lot = _lot(account, adjustment_lot_id(command.command_id), amount, source.at_ms)
        if refusal := _refuse_lot(account, lot.lot_id):
            return refusal
        fields = head(account, source, amount, account.debt - lot.overdraft_paid_micros)
        entry = r.Adjusted(*fields, command.command_id, command.reason, lot)
        journal.post(account, entry, "adjustment", command.command_id)
        return None
    draws, shortfall = plan_draws(account.lots, [], -amount, source.at_ms)
    fields = head(account, source, amount, account.debt + shortfall)
    drawn = with_shortfall(draws, shortfall)
    entry = r.Adjusted(*fields, command.command_id, command.reason, None, drawn)
    journal.post(account, entry, "adjustment", command.command_id)
    return None


def _close(
    account: Account, command: r.CloseAccount, source: Source, journal: Journal
) -> Refusal | None:
    entry = r.AccountClosed(
        *head(account, source, 0, account.debt), command.command_id, command.reason
    )
    cause = Cause("close", command.command_id, source.at_ms)
    journal.settle(account, entry, cause, "closed", lambda stamp: v.AccountClosedEvent(*stamp))
    return None


def _reopen(
    account: Account, command: r.ReopenAccount, source: Source, journal: Journal
) -> Refusal | None:
    if account.closed_ms == NEVER_MS:
        return Refusal(Rejected.ACCOUNT_OPEN, f"tenant_id: {command.tenant_id} is open")
    if len(without_the_oldest(account.past, source.at_ms).closures) >= CHANGES_MAX:
        return _too_many("tenant_id", "was closed and reopened")
    fields = head(account, source, 0, account.debt)
    entry = AccountReopened(*fields, command.command_id, account.closed_ms, command.reason)
    cause = Cause("reopen", command.command_id, source.at_ms)
    journal.settle(account, entry, cause, "reopened", lambda stamp: v.AccountReopenedEvent(*stamp))
    return None


def _set_decks(
    account: Account, command: r.SetDecks, source: Source, journal: Journal
) -> Refusal | None:
    if len(without_the_oldest(account.past, source.at_ms).decks) >= CHANGES_MAX:
        return _too_many("decks", "were set")
    fields = head(account, source, 0, account.debt)
    entry = DecksSet(*fields, command.command_id, command.decks, command.reason)
    journal.post(account, entry, "settings", command.command_id)
    return None


def _too_many(field: str, what: str) -> Refusal:
    detail = f"{field}: {what} {CHANGES_MAX} times in {KEPT_MS // DAY_MS} days, the limit"
    return Refusal(Rejected.TOO_MANY_CHANGES, detail)


def _nothing_more(
    account: Account, command: r.ExpireLots, source: Source, journal: Journal
) -> Refusal | None:
    """Do nothing: what is due was posted before any command is looked at."""
    return None


Obey = Callable[[Account, Any, Source, Journal], Refusal | None]

_OBEY: Mapping[type[r.Command], Obey] = {
    r.AddFunds: _add_funds,
    r.ReversePayment: reverse_payment,
    r.RestorePayment: restore_payment,
    r.SetThresholds: _set_thresholds,
    r.Adjust: _adjust,
    r.CloseAccount: _close,
    r.ReopenAccount: _reopen,
    r.SetDecks: _set_decks,
    r.ExpireLots: _nothing_more,
}
