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
