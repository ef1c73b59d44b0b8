"""Draws: what each lot pays of an amount, and the shortfall that none does; and seconds drawn on pools.

Pools come first, for they leave to money what they do not pay. A shortfall is the last draw of its entry: what no lot
covers is drawn on debt, or, of a call that is paid later, on the month that owes it. What is waived is
drawn on nobody, and changes nothing. Pools of a user's own lie in its row.
"""

from bisect import insort
from collections.abc import Iterable
from typing import Final

from rater.core.account.account import Account
from rater.core.account.contract import owe, use
from rater.core.account.lots import CreditLot, draw_order, next_look, paid_first
from rater.core.account.user import WAIVED, is_of_user
from topics.records import Draw

# Bound once: a name of a module that is not compiled is looked up each time.
_DRAW: Final = Draw
_LOT: Final = "lot"
_SHORTFALL: Final = "shortfall"
_POOL: Final = "pool"
_POST_PAID: Final = "post_paid"


def pool_seconds(draws: Iterable[Draw]) -> dict[str, int]:
    """Return the seconds that some draws take from pools, by the pools' names."""
    seconds: dict[str, int] = {}
    for draw in draws:
        if draw.id is not None and draw.quantity is not None:
            seconds[draw.id] = draw.quantity
    return seconds


def plan_draws(
    lots: list[CreditLot], expired: list[CreditLot], amount: int, ended_ms: int
) -> tuple[list[Draw], int]:
    """Return what each lot pays of an amount, and the shortfall that none does; change nothing.

    `lots` and `expired` are in draw order. Expired lots come first: what is left of them is forfeited soon.
    """
    draws: list[Draw] = []
    for lot in expired:
        if amount and ended_ms <= lot.expires_ms:
            part = min(lot.remaining, amount)
            draws.append(draw_on(lot, part, True))
            amount -= part
    for lot in lots:
        if not amount:
            break
        if ended_ms <= lot.expires_ms:
            part = min(lot.remaining, amount)
            draws.append(draw_on(lot, part, False))
            amount -= part
    return draws, amount


def plan_of(account: Account, amount: int, ended_ms: int) -> tuple[list[Draw], int]:
    """Return what the account's lots pay of an amount, those in grace, too, in the order of the settings adopted."""
    if account.paid_first:
        lots, expired = paid_first(account.lots), paid_first(account.expired)
        return plan_draws(lots, expired, amount, ended_ms)
    return plan_draws(account.lots, account.expired, amount, ended_ms)


def draw_on(lot: CreditLot, micros: int, grace: bool) -> Draw:  # noqa: FBT001
    """Return what is drawn on a lot; of one that is emptied, and so forgotten, or promotional, with its times."""
    category = lot.category
    if category is None and micros < lot.remaining:
        return _DRAW(_LOT, lot.lot_id, micros, None, grace)
    return _DRAW(_LOT, lot.lot_id, micros, None, grace, lot.purchased_ms, lot.expires_ms, category)


def with_shortfall(
    draws: list[Draw], shortfall: int, owed_of: str | None = None
) -> tuple[Draw, ...]:
    """Return all draws of an entry: those on lots, then what none covers, which a month may owe."""
    if shortfall:
        if owed_of is not None:
            return (*draws, _DRAW(_POST_PAID, owed_of, shortfall))
        return (*draws, _DRAW(_SHORTFALL, None, shortfall))
    return tuple(draws)


def waived_draw(micros: int) -> Draw:
    """Return what is drawn on nobody."""
    return _DRAW(WAIVED, None, micros)


def apply_draws(account: Account, draws: tuple[Draw, ...], at_ms: int) -> None:
    """Take what an entry draws from the lots and pools; into debt, or what is owed, what it draws on none."""
    for draw in draws:
        if draw.source == _LOT:
            take(account.expired if draw.grace else account.lots, draw)
        elif draw.source == _POOL:
            use_pool(account, draw, draw.quantity or 0, at_ms)
        elif draw.source == _POST_PAID:
            owe_later(account, draw, draw.amount_micros or 0, at_ms)
        elif draw.source != WAIVED:
            assert draw.source == _SHORTFALL, draw
            account.debt += draw.amount_micros or 0


def use_pool(account: Account, draw: Draw, seconds: int, at_ms: int) -> None:
    """Use seconds of the pool of a draw, or give them back, if it is the account's; without plans it has none."""
    if is_of_user(draw.id):
        return
    assert account.contract is not None, draw
    assert draw.id is not None, draw
    use(account.contract, draw.id, seconds, at_ms)


def owe_later(account: Account, draw: Draw, micros: int, at_ms: int) -> None:
    """Add to what is owed of the month of a draw, or take off; only an account with a contract pays later."""
    assert account.contract is not None, draw
    assert draw.id is not None, draw
    owe(account.contract, draw.id, micros, at_ms)


def give_back(account: Account, back: Draw, at_ms: int) -> None:
    """Pay debt with what comes back, or put it into its lot; one with its times is opened again for it."""
    micros = back.amount_micros or 0
    if back.source == _POST_PAID:
        owe_later(account, back, -micros, at_ms)
        return
    if back.source == _POOL:
        use_pool(account, back, -(back.quantity or 0), at_ms)
        return
    if back.source == _SHORTFALL:
        account.debt -= micros
        assert account.debt >= 0, back
        return
    lots = account.expired if back.grace else account.lots
    if back.id is not None and back.purchased_ms is not None and back.expires_ms is not None:
        due_ms = next_look(back.expires_ms, at_ms)
        times = (back.purchased_ms, back.expires_ms)
        again = CreditLot(back.id, *times, micros, due_ms, back.category)
        insort(lots, again, key=draw_order)
        return
    for lot in lots:
        if lot.lot_id == back.id:
            lot.remaining += micros
            return
    msg = f"money for a lot that is not there: {back}"
    raise AssertionError(msg)


def take(lots: list[CreditLot], draw: Draw) -> None:
    """Take a draw from its lot; a lot with nothing left is gone. An unknown lot is a broken invariant."""
    for i, lot in enumerate(lots):
        if lot.lot_id == draw.id:
            lot.remaining -= draw.amount_micros or 0
            assert lot.remaining >= 0, draw
            if not lot.remaining:
                del lots[i]
            return
    msg = f"draw on a lot that is not there: {draw}"
    raise AssertionError(msg)
