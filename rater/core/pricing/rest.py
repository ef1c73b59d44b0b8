"""Rest: what is left to pay of a call after pools have paid its first seconds; the deck and row of its price are known.

Rule 1: the seconds left are priced in the bands and tiers in which they lie, each span by its subsequent increments
        alone: the initial one was for the beginning of the call, which a pool has paid.
Rule 2: fees and the minimum are owed once, where money pays at least one second; where it pays none, the fees that
        pools do not pay (`components.registry`, rule 3).
Rule 3: one rounding, and the cap, over what money pays (`totals`).
Rule 4: no call costs more because a pool has paid a part of it: its price without pools is a cap, too. Otherwise 6
        seconds of a row of 6/60 were ten times as dear once a pool has paid the first, for the rest is one of minutes.
        It is no bound against another pool: one that pays more may leave a dearer rest than one that pays less, where
        the first increment of the rest reaches over a border no more (A91).
"""

from typing import Final

from rater.core.cdr import Call
from rater.core.money import Micros
from rater.core.pricing.callers import slots_for
from rater.core.pricing.components.registry import fees_beside_pools
from rater.core.pricing.decks import BandPolicy, Deck, DeckBook
from rater.core.pricing.numbering import Numbering
from rater.core.pricing.rated import Rated
from rater.core.pricing.rates import Fee, Row, billed_seconds
from rater.core.pricing.rating import find_masked
from rater.core.pricing.schedule import Schedule
from rater.core.pricing.spans import Gap, Piece, cut, row_at_answer
from rater.core.pricing.terms import Entry
from rater.core.pricing.totals import price_fees, price_pieces
from rater.core.pricing.unrated import Refusal, outside

_NO_FEES: Final[list[Fee]] = []


def is_paid_whole(rated: Rated, call: Call, paid_s: int) -> bool:
    """Tell whether nothing is left of a price after so many seconds are paid; False: `rate_rest` knows."""
    row = rated.row
    return row is not None and paid_s >= call.billsec and not row.fees


def rate_rest(
    book: DeckBook, numbering: Numbering, rated: Rated, call: Call, paid_s: int
) -> Rated | Refusal:
    """Price what is left of a call that has a price, after so many seconds of it are paid."""
    assert rated.deck_id is not None, rated
    deck = book.in_force(rated.deck_id, call.answered_ms)
    assert deck is not None, rated
    entry = _entry(deck, call)
    if isinstance(entry, Row):
        return _rest_of_plain(deck, entry, call, paid_s, rated.charge_micros)
    schedule = slots_for(deck, entry, numbering, call)
    assert isinstance(schedule, Schedule), call
    row = row_at_answer(schedule, deck.zone, call.answered_ms)
    assert row is not None, rated
    if paid_s >= call.billsec:
        return price_fees(deck, row, fees_beside_pools(row.fees, call.billsec))
    most = rated.charge_micros
    if deck.band_policy is BandPolicy.START:
        schedule = schedule.frozen_at(deck.zone.local_time(call.answered_ms)[0])
    pieces = cut(schedule, deck.zone, call.answered_ms, call.billsec, paid_s)
    if isinstance(pieces, Gap):
        return outside(deck, row.prefix, pieces.second)
    return price_pieces(deck, row, call, pieces, most)


def _entry(deck: Deck, call: Call) -> Entry:
    """Return what has priced the call: its only row, or terms."""
    table = deck.outward if call.direction == "out" else deck.inward
    entry = find_masked(deck, call) if "*" in call.to else table.find(call.to)
    assert entry is not None, call
    assert not isinstance(entry, Refusal), entry
    return entry


def _rest_of_plain(deck: Deck, row: Row, call: Call, paid_s: int, most: Micros) -> Rated | Refusal:
    """Price what is left of a call with one row: nothing but seconds and fees; most calls go through here."""
    left_s = call.billsec - paid_s
    if left_s <= 0:
        return price_fees(
            deck, row, fees_beside_pools(row.fees, call.billsec) if row.fees else _NO_FEES
        )
    billed_s = billed_seconds(row, left_s, first=False) if row.increment_s else row.initial_s
    return price_pieces(deck, row, call, [Piece(paid_s, left_s, billed_s, row)], most)
