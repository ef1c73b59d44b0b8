"""Totals: what the pieces of a call and its fees come to, rounded once; the end of every way to a price but the short.

Rule 1: seconds and fees are summed exactly, rounded once as the row at the answer says, then capped.
Rule 2: how the lines share the sum is the registry's (`components.registry`, rule 2).
Rule 3: of a call whose seconds a pool has paid to the last, those fees are owed that pools do not pay
        (`components.registry`, rule 3), and no minimum.
"""

from math import lcm

from rater.core.cdr import Call
from rater.core.limits import AMOUNT_MICROS_MAX
from rater.core.money import (
    DIVIDE,
    MICROS_DECIMALS,
    NANOS_DECIMALS,
    NANOS_PER_MICRO,
    Micros,
)
from rater.core.pricing.components.min_charge import missing
from rater.core.pricing.components.registry import owed_fees, share, total
from rater.core.pricing.components.usage import rate_nanos, usage_line
from rater.core.pricing.decks import Deck
from rater.core.pricing.rated import Rated
from rater.core.pricing.rates import Action, Fee, Row
from rater.core.pricing.spans import Piece
from rater.core.pricing.unrated import Refusal, too_large
from topics.records import ChargeLine


def price_pieces(
    deck: Deck, row: Row, call: Call, pieces: list[Piece], most: Micros | None = None
) -> Rated | Refusal:
    """Price the pieces of a call; `row` is the one in force at the answer. No pieces: it lasted no second.

    `most`: of what is left of a call, what the whole of it would cost.
    """
    fees = owed_fees(row.fees, call.billsec)
    per = lcm(*[piece.row.per_s for piece in pieces])
    nanos = sum(
        [rate_nanos(piece.row) * piece.billed_s * (per // piece.row.per_s) for piece in pieces]
    )
    charge = round_once(row, nanos, per, total(fees)) if pieces else 0
    if charge > AMOUNT_MICROS_MAX:
        return too_large(deck, row, charge)
    cap = row.max_charge_micros
    if most is not None and (cap is None or most < cap):
        cap = most
    if cap is not None and charge > cap:
        charge = cap
    left, fee_lines = share(charge, fees)
    least = row.min_charge_micros
    raised = missing(charge, least) if pieces and charge < least else ()
    free = bool(pieces) and all(piece.row.action is Action.FREE for piece in pieces)
    lines = (usage_line(left, pieces, call), *fee_lines, *raised) if pieces else ()
    charge += sum([line.amount_micros for line in raised])
    return _rated(deck, row, charge, lines, is_free=free)


def price_fees(deck: Deck, row: Row, fees: list[Fee]) -> Rated:
    """Price a call of which nothing but fees is left to pay."""
    if not fees:
        return _rated(deck, row, 0, (), is_free=False)
    charge = round_once(row, 0, 1, total(fees))
    cap = row.max_charge_micros
    if cap is not None and charge > cap:
        charge = cap
    _, lines = share(charge, fees)
    return _rated(deck, row, charge, tuple(lines), is_free=False)


def round_once(row: Row, nanos: int, per: int, fee: Micros) -> Micros:
    """Add the fees to `nanos / per` and round once, as the row says."""
    unit: int = per * 10 ** (NANOS_DECIMALS - row.decimals)
    exact = nanos + fee * NANOS_PER_MICRO * per
    step: int = 10 ** (MICROS_DECIMALS - row.decimals)
    return DIVIDE[row.rounding](exact, unit) * step


def _rated(
    deck: Deck,
    row: Row,
    charge_micros: Micros,
    lines: tuple[ChargeLine, ...],
    *,
    is_free: bool,
) -> Rated:
    return Rated(
        outcome="free" if is_free else "rated",
        charge_micros=charge_micros,
        deck_id=deck.deck_id,
        deck_version=deck.version,
        prefix=row.prefix,
        destination=row.destination,
        country=row.country,
        number_type=row.number_type,
        lines=lines,
        reason="free_rate" if is_free else None,
    )
