"""Pricing: what a CDR costs an account, or why nobody pays it, or why it has no price.

The one way from a CDR to a price: the worker, the simulator and `rater price` all take it.

Rule 1: a call that is free because of its number or type is free, whatever else is wrong with it.
Rule 2: of the others, a CDR that contradicts itself has no price, not even that of silence.
Rule 3: a call to an impossible number has none either.
Rule 4: where the number dialled leads to another, that one is priced; a number that the decks deny stays denied.
        Dialled is a short number or E.164: of any other text nobody can tell whether it is denied, or of no pool.
"""

from rater.core.cdr import Call, Cdr
from rater.core.charging_settings import ChargingSettings
from rater.core.limits import E164_DIGITS_MIN
from rater.core.pricing.contradictions import contradiction, contradicts
from rater.core.pricing.exemptions import exemption, silence
from rater.core.pricing.rating import Rated, rate_call
from rater.core.pricing.rules import Rules
from rater.core.pricing.unrated import Refusal, Unrated, unreadable
from topics.records.charge import FreeReason


def price_call(
    cdr: Cdr, deck_ids: tuple[str, ...], currency: str, rules: Rules, settings: ChargingSettings
) -> Rated | Refusal | FreeReason:
    """Price a CDR by an account's decks; a text says why it is free. `settings` are those in force."""
    book, numbering = rules.book, rules.numbering
    silent = silence(cdr)
    odd = contradicts(cdr, settings)
    if silent is not None and not odd:
        return silent
    free = exemption(cdr, rules, deck_ids, currency)
    if free is not None:
        return free
    if odd:
        return contradiction(cdr, settings)
    if len(cdr.to) > E164_DIGITS_MIN and numbering.is_impossible(cdr.to):
        field = "to" if cdr.dialled is None else "routing_number"
        detail = f"{field}: {cdr.to} keeps a trunk zero after its calling code; no number begins so"
        return Refusal(Unrated.IMPOSSIBLE_NUMBER, detail)
    if cdr.dialled is not None:
        return _price_led(cdr, cdr.dialled, (deck_ids, currency), rules)
    return rate_call(book, numbering, deck_ids, currency, cdr)


def _price_led(
    cdr: Cdr, dialled: str, payer: tuple[tuple[str, ...], str], rules: Rules
) -> Rated | Refusal:
    """Price a call that leads to another number than was dialled; `payer`: the account's decks and currency."""
    if dialled[0] != "+" and len(dialled) >= E164_DIGITS_MIN:
        return unreadable(dialled)
    asked = Call(cdr.direction, dialled, cdr.from_, cdr.answered_ms, cdr.billsec)
    refused = rate_call(rules.book, rules.numbering, *payer, asked)
    if isinstance(refused, Refusal) and refused.reason is Unrated.DENIED:
        return refused
    rated = rate_call(rules.book, rules.numbering, *payer, cdr)
    if isinstance(rated, Refusal) and rated.detail.startswith("to: "):
        detail = f"routing_number: {rated.detail.removeprefix('to: ')}"
        return Refusal(rated.reason, detail, rated.deck_id, rated.prefix)
    return rated
