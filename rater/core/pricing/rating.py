"""Rating: a call and the decks in; what it costs, or why it has no price, out.

Rule 1: the first deck of the account's list that is in force at the answer, has the account's
        currency and matches the number decides. None is asked after it, whatever it says.
Rule 2: in that deck a deny range wins over every price under it; else the longest prefix; else
        nothing.
Rule 3: the row in force at the answer governs fees, rounding, decimals, cap, minimum and grace of the
        charge.
Rule 4: one rounding per charge: all spans and fees are summed exactly, rounded once, then capped,
        then raised to the minimum, which is no more than the cap (`components.min_charge`);
        how the lines share that sum is the registry's (`components.registry`, rule 2).
Rule 5: a call of no seconds costs nothing and has no lines.
Rule 6: under a masked number a price is given only where every completion has the same.
Rule 7: where the caller decides, `callers` says which rows are his.
Rule 8: a call that is shorter than the grace of its row is free, before all else but a denial: it has no
        lines, owes no fees, and needs no price of its later seconds. Any other is charged from its
        first second on.

The common call (one plain row) takes a short path: no bands, no time zone, no lists.
"""

from typing import Final

from rater.core.cdr import Call
from rater.core.limits import AMOUNT_MICROS_MAX, E164_DIGITS_MIN
from rater.core.money import MICROS_DECIMALS, NANOS_PER_MICRO, Rounding
from rater.core.pricing.callers import slots_for
from rater.core.pricing.components.registry import owed_fees, share, total
from rater.core.pricing.components.usage import KIND
from rater.core.pricing.decks import BandPolicy, Deck, DeckBook
from rater.core.pricing.numbering import Numbering
from rater.core.pricing.rated import Rated, in_grace
from rater.core.pricing.rates import Action, Fee, Row
from rater.core.pricing.schedule import Schedule, Tiers
from rater.core.pricing.spans import Gap, cut, row_at_answer
from rater.core.pricing.terms import Entry, Terms, price_terms
from rater.core.pricing.totals import price_pieces, round_once
from rater.core.pricing.unrated import Refusal, Unrated, denied, outside, short, too_large
from topics.records import ChargeLine, Span

__all__ = ["Call", "Rated", "Refusal", "Span", "Unrated", "find_masked", "rate_call"]

# Bound once: a name of a module that is not compiled is looked up each time.
_LINE: Final = ChargeLine
_RATE: Final = Action.RATE
_DENY: Final = Action.DENY
_OUT: Final = "out"
_UP: Final = Rounding.UP
_USAGE: Final = KIND
_NO_FEES: Final[list[Fee]] = []


def rate_call(
    book: DeckBook, numbering: Numbering, deck_ids: tuple[str, ...], currency: str, call: Call
) -> Rated | Refusal:
    """Price a call by an account's decks, in their order."""
    number = call.to
    if number[:1] == "+" and len(number) > E164_DIGITS_MIN and "*" not in number:
        for deck_id in deck_ids:
            deck = book.in_force(deck_id, call.answered_ms)
            if deck is None or deck.currency != currency:
                continue
            table = deck.outward if call.direction == _OUT else deck.inward
            entry = table.find(number)
            if entry is None:
                continue
            if isinstance(entry, Row):
                return _rate_plain(deck, entry, call)
            return _rate_terms(deck, entry, numbering, call)
    return _rate_hard(book, numbering, deck_ids, currency, call)


def _rate_plain(deck: Deck, row: Row, call: Call) -> Rated | Refusal:
    """Price a call by its only row. Inline and positional: most calls go through here."""
    seconds = call.billsec
    if row.action is not _RATE or seconds <= 0 or seconds < row.grace_s:
        return _rate_slots(deck, Schedule((0,), (Tiers((0,), (row,)),)), row, call)
    billed = row.initial_s
    if seconds > billed:
        step = row.increment_s
        if step:
            billed -= (billed - seconds) // step * step
    nanos = row.rate_nanos * billed
    per = row.per_s
    fees = owed_fees(row.fees, seconds) if row.fees else _NO_FEES
    fee = total(fees) if fees else 0
    if row.rounding is _UP and row.decimals == MICROS_DECIMALS:
        charge = -(-(nanos + fee * NANOS_PER_MICRO * per) // (per * NANOS_PER_MICRO))
    else:
        charge = round_once(row, nanos, per, fee)
    if charge > AMOUNT_MICROS_MAX:
        return too_large(deck, row, charge)
    cap = row.max_charge_micros
    if cap is not None and charge > cap:
        charge = cap
    if charge < row.min_charge_micros:
        return _rate_slots(deck, Schedule((0,), (Tiers((0,), (row,)),)), row, call)
    if fees:
        left, fee_lines = share(charge, fees)
        lines = (_LINE(_USAGE, left, billed, row.rate_nanos, per), *fee_lines)
    else:
        lines = (_LINE(_USAGE, charge, billed, row.rate_nanos, per),)
    return Rated(
        "rated",
        charge,
        deck.deck_id,
        deck.version,
        row.prefix,
        row.destination,
        row.country,
        row.number_type,
        lines,
        row=row,
    )


def _rate_terms(deck: Deck, terms: Terms, numbering: Numbering, call: Call) -> Rated | Refusal:
    """Price a call to a prefix with guards, callers, bands or tiers."""
    for guard in terms.guards:
        schedule = slots_for(deck, guard, numbering, call)
        if isinstance(schedule, Refusal):
            return schedule
        row = row_at_answer(schedule, deck.zone, call.answered_ms) if schedule else None
        if row is not None and row.action is _DENY:
            return denied(deck, row, call.to)
    schedule = slots_for(deck, terms, numbering, call)
    if isinstance(schedule, Refusal):
        return schedule
    if schedule is None:
        detail = f"from: no row of prefix {terms.prefix} is for a caller like {call.from_}"
        return Refusal(Unrated.NO_RATE, detail, deck.deck_id, terms.prefix)
    row = row_at_answer(schedule, deck.zone, call.answered_ms)
    if row is None:
        return outside(deck, terms.prefix, 0)
    if deck.band_policy is BandPolicy.START:
        schedule = schedule.frozen_at(deck.zone.local_time(call.answered_ms)[0])
    return _rate_slots(deck, schedule, row, call)


def _rate_slots(deck: Deck, schedule: Schedule, row: Row, call: Call) -> Rated | Refusal:
    """Price a call by its slots; `row` is the one in force at the answer."""
    if row.action is _DENY:
        return denied(deck, row, call.to)
    if row.action is _RATE and 0 < call.billsec < row.grace_s:
        return in_grace(deck, row)
    pieces = cut(schedule, deck.zone, call.answered_ms, call.billsec)
    if isinstance(pieces, Gap):
        if pieces.row is not None:
            return denied(deck, pieces.row, call.to)
        return outside(deck, row.prefix, pieces.second)
    return price_pieces(deck, row, call, pieces)


def _rate_hard(
    book: DeckBook, numbering: Numbering, deck_ids: tuple[str, ...], currency: str, call: Call
) -> Rated | Refusal:
    """Price a call to a masked number, or say why a call has no price."""
    in_force = [
        deck for name in deck_ids if (deck := book.in_force(name, call.answered_ms)) is not None
    ]
    decks = [deck for deck in in_force if deck.currency == currency]
    if not in_force:
        return Refusal(Unrated.UNKNOWN_DECK, f"decks: none of {', '.join(deck_ids)} is in force")
    if not decks:
        other = ", ".join(sorted({deck.currency for deck in in_force}))
        detail = f"currency: the account has {currency}, its decks have {other}"
        return Refusal(Unrated.CURRENCY_MISMATCH, detail, in_force[0].deck_id)
    if call.to[:1] != "+" or len(call.to) <= E164_DIGITS_MIN:
        return short(decks[0], call.to)
    if "*" in call.to:
        for deck in decks:
            found = find_masked(deck, call)
            if isinstance(found, Refusal):
                return found
            if found is not None:
                return (
                    _rate_plain(deck, found, call)
                    if isinstance(found, Row)
                    else _rate_terms(deck, found, numbering, call)
                )
    detail = f"to: no prefix of {', '.join(deck.deck_id for deck in decks)} matches {call.to}"
    return Refusal(Unrated.NO_RATE, detail, decks[-1].deck_id)


def find_masked(deck: Deck, call: Call) -> Entry | Refusal | None:
    """Return what a deck says of all completions of a masked number; None: nothing."""
    table = deck.outward if call.direction == _OUT else deck.inward
    known, _, rest = call.to.partition("*")
    hidden = 1 + len(rest)
    base = table.find(known)
    under = next(table.under(known, hidden), None)
    if under is None:
        return base
    terms = price_terms(under)
    alike = all(price_terms(entry) == terms for entry in table.under(known, hidden))
    if alike and table.covers(known, hidden):
        return under
    if alike and base is not None and price_terms(base) == terms:
        return base
    detail = f"to: {call.to} hides the digits that decide the price"
    return Refusal(Unrated.AMBIGUOUS_PREFIX, detail, deck.deck_id)
