"""Reversals: the provider took money of a payment back, or it came back; by a refund or a dispute.

Rule 1: what is reversed comes from the payment's own lot first, live or in grace; then from the other live lots in
draw order; what no lot covers is debt. A lot that is used up, or forfeited, has nothing left to take.
Rule 2: what comes out of a lot in grace had left the balance already, and does not change it.
Rule 3: what is restored pays debt first; the rest is a lot of its own, named after the command, that lives as long as
a new one: the payment's own lot is not opened again, and may have expired meanwhile.
Rule 4: a closed account is no exception: its money moves as the provider moves it.
Rule 5: that the sum of all differences stays between nothing and the capture is for recharge to hold, which knows both.
"""

from typing import Final

from rater.core.account.account import Account
from rater.core.account.calendar import add_months
from rater.core.account.cause import Cause
from rater.core.account.draws import plan_draws, with_shortfall
from rater.core.account.expiry import head
from rater.core.account.journal import Journal
from rater.core.account.lots import CreditLot
from rater.core.cdr import Source
from rater.core.limits import AMOUNT_MICROS_MAX, LOTS_MAX, MONTHS_VALID
from rater.core.rejections import Refusal, Rejected
from topics import records as r
from topics.records.payments import ReversalKind

CAUSE: Final = "reversal"
ID_MAX = 128


def reverse_payment(
    account: Account, command: r.ReversePayment, source: Source, journal: Journal
) -> Refusal | None:
    """Take money of a payment back, or return why not."""
    draws, shortfall = plan_reversal(account, command.payment_id, command.amount_micros)
    in_grace = sum([draw.amount_micros or 0 for draw in draws if draw.grace])
    change = in_grace - command.amount_micros
    if refusal := _refuse(account, command, change):
        return refusal
    entry = r.ReversalPosted(
        *head(account, source, change, account.debt + shortfall),
        *_moved(command),
        with_shortfall(draws, shortfall),
    )
    journal.post(account, entry, CAUSE, command.command_id)
    journal.moved_back(account, entry, Cause(CAUSE, command.command_id, source.at_ms))
    return None


def restore_payment(
    account: Account, command: r.RestorePayment, source: Source, journal: Journal
) -> Refusal | None:
    """Give back what a reversal has taken, or return why not."""
    amount = command.amount_micros
    if refusal := _refuse(account, command, amount):
        return refusal
    paid = min(account.debt, amount)
    if paid < amount and len(account.lots) + len(account.expired) >= LOTS_MAX:
        return Refusal(Rejected.TOO_MANY_LOTS, f"lots: {LOTS_MAX} is the limit")
    now = source.at_ms
    expires_ms = add_months(now, MONTHS_VALID)
    lot = r.Lot(restored_lot_id(command), amount, paid, amount - paid, now, expires_ms)
    entry = r.RestorationPosted(
        *head(account, source, amount, account.debt - paid), *_moved(command), lot
    )
    journal.post(account, entry, CAUSE, command.command_id)
    journal.moved_back(account, entry, Cause(CAUSE, command.command_id, now))
    return None


def plan_reversal(account: Account, payment_id: str, amount: int) -> tuple[list[r.Draw], int]:
    """Return what each lot gives of an amount, the payment's own first, and what none does; change nothing."""
    draws: list[r.Draw] = []
    for lots, is_grace in ((account.lots, False), (account.expired, True)):
        for lot in lots:
            if lot.lot_id == payment_id and amount:
                part = min(lot.remaining, amount)
                draws.append(r.Draw("lot", lot.lot_id, part, grace=is_grace))
                amount -= part
    others: list[CreditLot] = [lot for lot in account.lots if lot.lot_id != payment_id]
    rest, shortfall = plan_draws(others, [], amount, 0)
    return draws + rest, shortfall


def restored_lot_id(command: r.MovedBack) -> str:
    """Return the id of the lot that restored money becomes."""
    return f"restored:{command.command_id}"[:ID_MAX]


def _moved(command: r.MovedBack) -> tuple[str, str, str, ReversalKind, int, int]:
    return (
        command.command_id,
        command.payment_id,
        command.reversal_id,
        command.reversal,
        command.amount_micros,
        command.reversed_micros,
    )


def _refuse(account: Account, command: r.MovedBack, change: int) -> Refusal | None:
    if command.currency != account.currency:
        detail = f"currency: {command.currency}, the account's is {account.currency}"
        return Refusal(Rejected.CURRENCY_MISMATCH, detail)
    if abs(account.balance + change) > AMOUNT_MICROS_MAX:
        detail = f"amount_micros: {command.amount_micros} would take the balance beyond {AMOUNT_MICROS_MAX}"
        return Refusal(Rejected.AMOUNT_TOO_LARGE, detail)
    return None
