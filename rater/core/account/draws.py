"""Draws: what each lot pays of an amount, and the shortfall that none does."""

from rater.core.account.lots import CreditLot
from rater.core.entries import Draw


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
            draws.append(Draw(lot.lot_id, part, grace=True))
            amount -= part
    for lot in lots:
        if not amount:
            break
        if ended_ms <= lot.expires_ms:
            part = min(lot.remaining, amount)
            draws.append(Draw(lot.lot_id, part))
            amount -= part
    return draws, amount


def take(lots: list[CreditLot], draw: Draw) -> None:
    """Take a draw from its lot; a lot with nothing left is gone. An unknown lot is a broken invariant."""
    for i, lot in enumerate(lots):
        if lot.lot_id == draw.lot_id:
            lot.remaining -= draw.amount_micros
            assert lot.remaining >= 0, draw
            if not lot.remaining:
                del lots[i]
            return
    msg = f"draw on a lot that is not there: {draw}"
    raise AssertionError(msg)
