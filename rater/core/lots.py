"""Credit lots: money with an order and an expiry (D17).

Draw order: purchased first, then lot id. A lot pays only for calls that ended at or before its expiry.
"""

import msgspec


class Draw(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The part of a charge taken from one lot; `grace`: the lot had already left the balance."""

    lot_id: str
    amount_micros: int
    grace: bool = False


class CreditLot(msgspec.Struct, array_like=True, gc=False):
    """What is left of one purchase."""

    lot_id: str
    purchased_ms: int
    expires_ms: int
    remaining: int


def draw_order(lot: CreditLot) -> tuple[int, str]:
    """Return the key that sorts lots into draw order."""
    return (lot.purchased_ms, lot.lot_id)


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
            part = lot.remaining if lot.remaining < amount else amount
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
