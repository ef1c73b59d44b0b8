"""Reversals: the provider took money of a payment back, or it came back; by a refund or a dispute.

Rule 1: what is reversed comes from the payment's own lot first, live or in grace; then from the other live lots that
were paid for, in draw order; what no lot covers is debt. A lot that is used up, or forfeited, has nothing left to take.
Promotional credit was paid by nobody: nothing of it goes to a payer, and a reversal of it is refused.
Rule 2: what comes out of a lot in grace had left the balance already, and does not change it.
Rule 3: what is restored pays debt first; the rest is a lot of its own, named after the command, that lives as long as
a new one: the payment's own lot is not opened again, and may have expired meanwhile.
Rule 4: a closed account is no exception: its money moves as the provider moves it.
Rule 5: that the sum of all differences stays between nothing and the capture is for recharge to hold, which knows both.
"""

from typing import Final

from rater.core.account.account import Account
from rater.core.account.draws import draw_on, plan_draws
from rater.core.account.lots import CreditLot
from rater.core.limits import AMOUNT_MICROS_MAX
from rater.core.rejections import Refusal, Rejected
from topics import records as r
from topics.records.payments import ReversalKind

CONTENT: Final = (
    *("payment_id", "amount_micros", "reversed_micros"),
    *("currency", "reversal_id", "reversal"),
)
"""What tells a redelivery from another command of the same id."""


def plan_reversal(account: Account, payment_id: str, amount: int) -> tuple[list[r.Draw], int]:
    """Return what each lot gives of an amount, the payment's own first, and what none does; change nothing."""
    draws: list[r.Draw] = []
    for lots, is_grace in ((account.lots, False), (account.expired, True)):
        for lot in lots:
            if lot.lot_id == payment_id and amount:
                part = min(lot.remaining, amount)
                draws.append(draw_on(lot, part, is_grace))
                amount -= part
    others: list[CreditLot] = [
        lot for lot in account.lots if lot.lot_id != payment_id and lot.category is None
    ]
    rest, shortfall = plan_draws(others, [], amount, 0)
    return draws + rest, shortfall


def moved(command: r.MovedBack) -> tuple[str, str, str, ReversalKind, int, int]:
    """Return what the entry says of the command."""
    return (
        command.command_id,
        command.payment_id,
        command.reversal_id,
        command.reversal,
        command.amount_micros,
        command.reversed_micros,
    )


def not_refundable(lot_id: str) -> Refusal:
    """Refuse to pay out what nobody has paid."""
    detail = f"payment_id: {lot_id} is promotional credit, which was given and not paid for"
    return Refusal(Rejected.NOT_REFUNDABLE, detail)


def refuse_move(account: Account, command: r.MovedBack, change: int) -> Refusal | None:
    """Refuse money of another currency, or a change that no account can hold."""
    if command.currency != account.currency:
        detail = f"currency: {command.currency}, the account's is {account.currency}"
        return Refusal(Rejected.CURRENCY_MISMATCH, detail)
    for lot in account.lots + account.expired:
        if lot.lot_id == command.payment_id and lot.category is not None:
            return not_refundable(command.payment_id)
    if abs(account.balance + change) > AMOUNT_MICROS_MAX:
        detail = f"amount_micros: {command.amount_micros} would take the balance beyond {AMOUNT_MICROS_MAX}"
        return Refusal(Rejected.AMOUNT_TOO_LARGE, detail)
    return None
