"""Credits: a lot of new money, and why it may not come; debt is paid first."""

from bisect import insort

from rater.core.account.account import Account, next_due_ms
from rater.core.account.lots import RESERVED, CreditLot, draw_order, lot_expiry_ms, next_look
from rater.core.limits import LOTS_MAX
from rater.core.rejections import Refusal, Rejected
from rater.core.times import to_millis, to_text
from topics import records as r


def new_lot(account: Account, lot_id: str, amount: int, purchased_ms: int) -> r.Lot:
    """Return the lot that an amount becomes."""
    paid = min(account.debt, amount)
    return r.Lot(lot_id, amount, paid, amount - paid, purchased_ms, lot_expiry_ms(purchased_ms))


def lot_of(account: Account, command: r.AddFunds) -> r.Lot:
    """Return the lot that a credit becomes: money that was paid for, or promotional credit."""
    amount, paid = command.amount_micros, min(account.debt, command.amount_micros)
    times = (to_millis(command.purchased_at), expiry_of(command))
    category = None if command.category == "paid" else command.category
    return r.Lot(command.lot_id, amount, paid, amount - paid, *times, category)


def expiry_of(command: r.AddFunds) -> int:
    """Return when the lot of a credit expires; promotional credit may say it."""
    if command.expires_at is not None:
        return to_millis(command.expires_at)
    return lot_expiry_ms(to_millis(command.purchased_at))


def life_of(command: r.AddFunds) -> str:
    """Return in words when the credit of a command began, and when it expires."""
    began = to_text(to_millis(command.purchased_at))
    return f"purchased_at: {began}, expires_at: {to_text(expiry_of(command))}"


def open_lot(account: Account, lot: r.Lot, at_ms: int) -> None:
    """Put a lot among those of the account, as its entry says."""
    account.debt -= lot.overdraft_paid_micros
    if lot.remaining_micros:
        opened = CreditLot(
            lot.lot_id,
            lot.purchased_ms,
            lot.expires_ms,
            lot.remaining_micros,
            next_look(lot.expires_ms, at_ms),
            lot.category,
        )
        insort(account.lots, opened, key=draw_order)
        account.due_ms = next_due_ms(account)


def refuse_money(account: Account, currency: str, amount: int, most: int) -> Refusal | None:
    """Refuse an amount in another currency, of which no lot can be made, or that takes the balance beyond `most`."""
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


def refuse_lot(account: Account, lot_id: str) -> Refusal | None:
    """Refuse a second lot of one id: a draw names its lot by the id alone."""
    if any(lot.lot_id == lot_id for lot in account.lots + account.expired):
        return Refusal(Rejected.LOT_EXISTS, f"lot_id: {lot_id} is open already")
    return None


def refuse_name(account: Account, lot_id: str) -> Refusal | None:
    """Refuse the id of a purchase that is open already, or could be that of money which comes back later."""
    if lot_id.startswith(RESERVED):
        detail = f"lot_id: {lot_id} begins as those of money that went back or came back do"
        return Refusal(Rejected.RESERVED_LOT, detail)
    return refuse_lot(account, lot_id)
