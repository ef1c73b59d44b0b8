"""Credit lots: money with an order and an expiry (D17).

Draw order: purchased first, then lot id. A lot pays only for calls that ended at or before its expiry.
"""

from typing import Final, final

from rater.core.value import Value


@final
class CreditLot(Value):
    """What is left of one purchase."""

    __match_args__ = ("lot_id", "purchased_ms", "expires_ms", "remaining")
    __slots__ = __match_args__

    def __init__(self, lot_id: str, purchased_ms: int, expires_ms: int, remaining: int) -> None:
        self.lot_id: Final = lot_id
        self.purchased_ms: Final = purchased_ms
        self.expires_ms: Final = expires_ms
        self.remaining = remaining


def draw_order(lot: CreditLot) -> tuple[int, str]:
    """Return the key that sorts lots into draw order."""
    return (lot.purchased_ms, lot.lot_id)
