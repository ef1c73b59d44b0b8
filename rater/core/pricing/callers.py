"""Callers: which rows of a prefix are for the caller of a call.

Rule 1: where no row of the prefix asks for the caller, it does not matter who he is.
Rule 2: a number in E.164 takes the rows of its longest origin prefix, else those without one.
Rule 3: a masked number does so where the mask hides nothing that matters.
Rule 4: any other caller is unknown: his number is missing, national, impossible, a name, a SIP address. He takes the
        rows of the origin `unknown`; without such rows the call has no price, for each guess costs somebody.
"""

from rater.core.cdr import Call
from rater.core.limits import E164_DIGITS_MIN
from rater.core.pricing.decks import Deck
from rater.core.pricing.numbering import Numbering, is_e164, is_masked
from rater.core.pricing.rates import UNKNOWN_ORIGIN
from rater.core.pricing.schedule import Schedule
from rater.core.pricing.terms import Terms
from rater.core.pricing.unrated import Refusal, Unrated


def slots_for(
    deck: Deck, terms: Terms, numbering: Numbering, call: Call
) -> Schedule | Refusal | None:
    """Return the slots for the caller; None where no row fits him."""
    if not terms.asks_caller:
        return terms.schedule_for(None)
    caller = call.from_ or ""
    is_known = len(caller) > E164_DIGITS_MIN and not numbering.is_impossible(caller)
    if is_known and is_e164(caller):
        return terms.schedule_for(caller)
    if is_known and is_masked(caller):
        candidates = terms.candidates_for(caller)
        if all(candidate is candidates[0] for candidate in candidates):
            return candidates[0]
    unknown = terms.schedules.get(UNKNOWN_ORIGIN)
    if unknown is not None:
        return unknown
    detail = f"from: {caller!r} does not say which row of prefix {terms.prefix} is for the caller"
    return Refusal(Unrated.AMBIGUOUS_ORIGIN, detail, deck.deck_id, terms.prefix)
