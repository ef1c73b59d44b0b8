"""Returned money: where each part of a charge that is taken back must go, worked out anew.

First to the present debt, but for what lots in grace had paid or a month owes; the rest from the last draw to the
first: to its lot, live or in grace; off what the month owes; to the lot opened again that the charge had emptied,
unless its grace is over; else to one lot of its own. That lives as long as the lots that paid, where the charge says
how long it was, else for a year from the charge, and for thirty days at the least. Promotional credit never lies in
it: where the grace of its lot is over, it is opened again for thirty days.
"""

from typing import NamedTuple

from rater.reconcile.folds.lot_times import a_year_after
from rater.reconcile.folds.purse_lots import PurseLot, is_waived, of_money
from topics import records as r

_THIRTY_DAYS_MS = 30 * 86_400_000


class Returned(NamedTuple):
    """A part that comes back: to debt, or to a lot; with its times, where it is opened again."""

    source: str
    lot_id: str | None
    amount: int
    grace: bool
    purchased_ms: int | None = None
    expires_ms: int | None = None
    category: str | None = None


class OwnLot(NamedTuple):
    """The lot of what cannot go back."""

    lot_id: str
    granted: int
    purchased_ms: int
    expires_ms: int


class Purse(NamedTuple):
    """The account before the money comes back."""

    live: list[PurseLot]
    expired: list[PurseLot]
    debt: int


class Returns(NamedTuple):
    """What comes back of a charge in all, where it goes, in order, and the lot that is opened for the rest."""

    micros: int
    parts: list[Returned]
    own: OwnLot | None


Original = r.Charge | Returns
"""A charge that is taken back; where it is gone, what is said of it."""


def said_of(entry: r.ChargeReversed) -> Returns:
    """Return what an entry says, which is believed where the charge is gone."""
    parts = [
        Returned(
            back.source,
            back.id,
            back.amount_micros or 0,
            back.grace,
            back.purchased_ms,
            back.expires_ms,
            back.category,
        )
        for back in of_money(entry.returns)
    ]
    lot = entry.lot
    own = None
    if lot is not None:
        own = OwnLot(lot.lot_id, lot.granted_micros, lot.purchased_ms, lot.expires_ms)
    micros = sum(part.amount for part in parts) + (0 if own is None else own.granted)
    return Returns(micros, parts, own)


def returns(original: Original, purse: Purse, now_ms: int, grace_ms: int) -> Returns:
    """Return where the money goes; where the charge is gone, as it is said."""
    if isinstance(original, Returns):
        return original
    kept = {lot.lot_id: (True, lot.category) for lot in purse.expired}
    kept |= {lot.lot_id: (False, lot.category) for lot in purse.live}
    owed = [
        draw for draw in of_money(original.draws) if not draw.grace and draw.source != "post_paid"
    ]
    micros = 0 if is_waived(original) else original.charge_micros
    debt_left = to_debt = min(purse.debt, sum(draw.amount_micros or 0 for draw in owed))
    parts = [Returned("shortfall", None, to_debt, grace=False)] if to_debt else []
    homeless, until = 0, now_ms + _THIRTY_DAYS_MS
    for draw in of_money(original.draws)[::-1]:
        amount = draw.amount_micros or 0
        if draw.source == "post_paid":
            parts.append(Returned("post_paid", draw.id, amount, grace=False))
            continue
        if not draw.grace:
            taken = min(amount, debt_left)
            amount, debt_left = amount - taken, debt_left - taken
        if not amount:
            continue
        if draw.source == "lot" and draw.id in kept:
            # Whether what bears the name of the draw's lot is money of the same kind.
            grace, category = kept[draw.id]
            if category == draw.category:
                parts.append(Returned("lot", draw.id, amount, grace, category=category))
                continue
        elif (opened := _again_until(draw, now_ms, grace_ms)) is not None:
            again = (draw.purchased_ms, opened, draw.category)
            parts.append(Returned("lot", draw.id, amount, opened <= now_ms, *again))
            continue
        homeless += amount
        a_year = a_year_after(original.at_ms)
        until = max(until, a_year if draw.expires_ms is None else draw.expires_ms)
    if not homeless:
        return Returns(micros, parts, None)
    bought = [lot.purchased_ms for lot in purse.live + purse.expired]
    before_all = max(min([original.at_ms, *bought]) - 1, 0)
    own = OwnLot(f"returned:{original.entry_id}", homeless, before_all, until)
    return Returns(micros, parts, own)


def _again_until(draw: r.Draw, now_ms: int, grace_ms: int) -> int | None:
    """Return when the lot of a draw, opened again, expires; None: it cannot be opened again."""
    if draw.expires_ms is None or now_ms < draw.expires_ms + grace_ms:
        return draw.expires_ms
    return now_ms + _THIRTY_DAYS_MS if draw.category == "promotional" else None
