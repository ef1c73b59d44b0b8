"""Credit lots: money with an order and an expiry (D17), and credit that was given (A69).

Lots are kept and drawn promotional credit first, then what was purchased first, then by lot id; where the settings ask
for promotional credit last, `paid_first` turns that round for the draws of one entry, and what is kept stays as it is.
A lot pays only for calls that ended at or before its expiry.
"""

from hashlib import blake2b
from typing import Final, Literal, TypeAlias, final

from rater.core.account.calendar import add_months
from rater.core.limits import DAY_MS, MONTHS_VALID
from rater.core.value import Value

WARNED_DAYS: Final = (30, 7, 1)
"""How long before its expiry the world is warned of a lot with money in it."""


LotCategory: TypeAlias = Literal["promotional"] | None
"""None: money that was paid for."""


@final
class CreditLot(Value):
    """What is left of one purchase, or of what was given."""

    __match_args__ = ("lot_id", "purchased_ms", "expires_ms", "remaining", "due_ms", "category")
    __slots__ = __match_args__

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        lot_id: str,
        purchased_ms: int,
        expires_ms: int,
        remaining: int,
        due_ms: int,
        category: LotCategory = None,
    ) -> None:
        self.lot_id: Final = lot_id
        self.purchased_ms: Final = purchased_ms
        self.expires_ms: Final = expires_ms
        self.remaining = remaining
        self.due_ms = due_ms
        """When it must be warned of, or else expires; of an expired lot it says nothing."""
        self.category: Final = category


def lot_expiry_ms(purchased_ms: int) -> int:
    """Return when a lot expires that was bought then."""
    return add_months(purchased_ms, MONTHS_VALID)


_ID_MAX: Final = 128
_DIGEST_BYTES: Final = 16
RETURNED: Final = "returned:"
RESTORED: Final = "restored:"
REVERSED: Final = "reversed:"
RESERVED: Final = (RETURNED, RESTORED, REVERSED)
"""How the ids begin of lots that are opened by no command of theirs, and of reversals: no purchase can have one."""


def adjustment_lot_id(command_id: str) -> str:
    """Return the lot id of an adjustment: its own, also where a long command id must be cut."""
    return _named("adjust:", command_id)


def restored_lot_id(command_id: str) -> str:
    """Return the id of the lot that restored money becomes, likewise."""
    return _named(RESTORED, command_id)


def reversed_lot_id(command_id: str) -> str:
    """Return the id that a reversal is remembered by, likewise; it opens no lot."""
    return _named(REVERSED, command_id)


def returned_lot_id(entry_id: str) -> str:
    """Return the id of the lot of what could not go back of a charge."""
    return RETURNED + entry_id


def _named(prefix: str, command_id: str) -> str:
    name = prefix + command_id
    if len(name) <= _ID_MAX:
        return name
    digest = blake2b(command_id.encode(), digest_size=_DIGEST_BYTES).hexdigest()
    return f"{name[: _ID_MAX - 1 - len(digest)]}:{digest}"


def draw_order(lot: CreditLot) -> tuple[bool, int, str]:
    """Return the key that sorts lots as they are kept: promotional credit before what was paid for."""
    return (lot.category is None, lot.purchased_ms, lot.lot_id)


def paid_first(lots: list[CreditLot]) -> list[CreditLot]:
    """Return lots as they are kept, with promotional credit behind all others; the same list where there is none."""
    if not lots or lots[0].category is None:
        return lots
    paid = [lot for lot in lots if lot.category is None]
    return paid + lots[: len(lots) - len(paid)]


def next_look(expires_ms: int, after_ms: int) -> int:
    """Return the first instant after one at which a lot must be warned of, or its expiry."""
    for days in WARNED_DAYS:
        if expires_ms - days * DAY_MS > after_ms:
            return expires_ms - days * DAY_MS
    return expires_ms


def days_left(expires_ms: int, now_ms: int) -> int:
    """Return which warning is due: of those that are, the most urgent; 0 where none is."""
    return min((days for days in WARNED_DAYS if expires_ms - days * DAY_MS <= now_ms), default=0)
