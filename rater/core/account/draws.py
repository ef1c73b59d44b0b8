"""Draws: what each lot pays of an amount, and the shortfall that none does.

A shortfall is the last draw of its entry: what no lot covers is drawn on debt.
"""

from typing import Final

from rater.core.account.account import Account
from rater.core.account.lots import CreditLot
from topics.records import Draw

# Bound once: a name of a module that is not compiled is looked up each time.
_DRAW: Final = Draw
_LOT: Final = "lot"
_SHORTFALL: Final = "shortfall"


def plan_draws(
    lots: list[CreditLot], expired: list[CreditLot], amount: int, ended_ms: int
) -> tuple[list[Draw], int]:
    """Return what each lot pays of an amount, and the shortfall that none does; change nothing.

    `lots` and `expired` are in draw order. Expired lots come first: they were purchased first.
    """
    draws: list[Draw] = []
    for lot in expired:
        if amount and ended_ms <= lot.expires_ms:
            part = min(lot.remaining, amount)
            draws.append(_DRAW(_LOT, lot.lot_id, part, None, True))
            amount -= part
    for lot in lots:
        if not amount:
            break
        if ended_ms <= lot.expires_ms:
            part = min(lot.remaining, amount)
            draws.append(_DRAW(_LOT, lot.lot_id, part))
            amount -= part
    return draws, amount


def with_shortfall(draws: list[Draw], shortfall: int) -> tuple[Draw, ...]:
    """Return all draws of an entry: those on lots, then what none covers."""
    if shortfall:
        return (*draws, _DRAW(_SHORTFALL, None, shortfall))
    return tuple(draws)


def apply_draws(account: Account, draws: tuple[Draw, ...]) -> None:
    """Take what an entry draws from the lots, and into debt what it draws on none."""
    for draw in draws:
        if draw.source == _LOT:
            take(account.expired if draw.grace else account.lots, draw)
        else:
            assert draw.source == _SHORTFALL, draw
            account.debt += draw.amount_micros or 0


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
