"""Draws: what each lot pays of an amount, and the shortfall that none does; and seconds drawn on pools.

Pools come first, for they leave to money what they do not pay. A shortfall is the last draw of its entry: what no lot
covers is drawn on debt, or, of a call that is paid later, on the month that owes it. What is waived is
drawn on nobody, and changes nothing. Pools of a user's own lie in its row.
"""

from bisect import insort
from collections.abc import Iterable
from typing import Final, final

from rater.core.account.account import Account
from rater.core.account.contract import owe, use
from rater.core.account.lots import CreditLot, draw_order, next_look, paid_first
from rater.core.account.user import WAIVED, is_of_user
from rater.core.pricing.plans.funding import POOL
from topics.records import Draw

# Bound once: a name of a module that is not compiled is looked up each time.
_DRAW: Final = Draw
_LOT: Final = "lot"
_SHORTFALL: Final = "shortfall"
_POST_PAID: Final = "post_paid"


@final
class LotDraw:
    """What a lot pays, as compiled code reads it; `grace`: it lies among the expired ones."""

    __slots__ = ("grace", "lot", "micros")

    def __init__(self, lot: CreditLot, micros: int, grace: bool) -> None:  # noqa: FBT001
        self.lot: Final = lot
        self.micros: Final = micros
        self.grace: Final = grace

    def draw(self) -> Draw:
        """Return it as an entry says it."""
        return draw_on(self.lot, self.micros, self.grace)


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
    """Return what each lot pays of an amount, and the shortfall that none does; change nothing."""
    found, shortfall = plan_lot_draws(lots, expired, amount, ended_ms)
    return [each.draw() for each in found], shortfall


def plan_lot_draws(
    lots: list[CreditLot], expired: list[CreditLot], amount: int, ended_ms: int
) -> tuple[list[LotDraw], int]:
    """Return likewise, for who applies it.

    `lots` and `expired` are in draw order. Expired lots come first: what is left of them is forfeited soon.
    """
    draws: list[LotDraw] = []
    for lot in expired:
        if amount and ended_ms <= lot.expires_ms:
            part = min(lot.remaining, amount)
            draws.append(LotDraw(lot, part, True))
            amount -= part
    for lot in lots:
        if not amount:
            break
        if ended_ms <= lot.expires_ms:
            part = min(lot.remaining, amount)
            draws.append(LotDraw(lot, part, False))
            amount -= part
    return draws, amount


def plan_of(account: Account, amount: int, ended_ms: int) -> tuple[list[LotDraw], int]:
    """Return what the account's lots pay of an amount, those in grace, too, in the order of the settings adopted."""
    if account.paid_first:
        lots, expired = paid_first(account.lots), paid_first(account.expired)
        return plan_lot_draws(lots, expired, amount, ended_ms)
    return plan_lot_draws(account.lots, account.expired, amount, ended_ms)


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


def apply_draws(account: Account, draws: tuple[Draw, ...]) -> None:
    """Take what an entry draws from the lots; into debt what it draws on none. Of a charge `apply_charge` does it."""
    for draw in draws:
        if draw.source == _LOT:
            take(account, lot_draw_of(account, draw))
        else:
            assert draw.source == _SHORTFALL, draw
            account.debt += draw.amount_micros or 0


def give_back(account: Account, back: Draw, at_ms: int) -> None:
    """Pay debt with what comes back, or put it into its lot; one with its times is opened again for it."""
    micros = back.amount_micros or 0
    if back.source == _POST_PAID:
        assert account.contract is not None, back
        owe(account.contract, back.id or "", -micros, at_ms)
        return
    if back.source == POOL:
        if not is_of_user(back.id):
            assert account.contract is not None, back
            use(account.contract, back.id or "", -(back.quantity or 0), at_ms)
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


def lot_draw_of(account: Account, draw: Draw) -> LotDraw:
    """Return a draw on a lot; an unknown one is a broken invariant."""
    for lot in account.expired if draw.grace else account.lots:
        if lot.lot_id == draw.id:
            return LotDraw(lot, draw.amount_micros or 0, draw.grace)
    msg = f"draw on a lot that is not there: {draw}"
    raise AssertionError(msg)


def take(account: Account, draw: LotDraw) -> None:
    """Take a draw from its lot; a lot with nothing left is gone. One that is not there is a broken invariant."""
    lot = draw.lot
    lot.remaining -= draw.micros
    if lot.remaining > 0:
        return
    assert not lot.remaining, draw.draw()
    lots = account.expired if draw.grace else account.lots
    for i, each in enumerate(lots):
        if each is lot:
            del lots[i]
            return
    msg = f"a lot that is not there is used up: {draw.draw()}"
    raise AssertionError(msg)
