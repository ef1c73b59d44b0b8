"""Exemptions: calls that nobody pays, whatever the decks say.

Rule 1: a call that was not answered, or lasted no second, costs nothing and has no connection fee.
Rule 2: emergency calls are free, however the number was dialled (`numbering`, rule 2), and wherever it leads.
Rule 3: a call to an ordinary number of the tenant is free to receive. The CDR says what the number is
        (`Subscriber`, `toll_free`, `Service`, in any letter case); where it does not, the number is a
        service number if the numbering data says so, or the `in` row of the deck that would price it.
        Where the plan catalog in force at the start has an incoming chain for the call's type by name, such calls cost
        what decks say, whatever number they are to: pay-per-minute conferencing.
"""

from typing import Final

from rater.core.call_types import plain_type
from rater.core.cdr import Cdr
from rater.core.limits import CALLING_CODE_DIGITS_MAX, EMERGENCY_DIGITS_MAX
from rater.core.pricing.decks import DeckBook
from rater.core.pricing.numbering import SERVICE, plain_kind
from rater.core.pricing.rates import Row
from rater.core.pricing.rules import Rules
from rater.core.pricing.terms import Entry
from topics.records.charge import FreeReason

EMERGENCY: Final = "emergency"
"""Why nobody pays an emergency call, closed accounts included (`account.priced`, `authorisation.judge`)."""

ORDINARY: Final = "subscriber"
"""The kind of number whose inbound calls are free."""

EMERGENCY_CALLS: Final = frozenset(("emergency", "emergency_out", "dr_emergency_out"))
"""Call types that say so themselves."""

_LENGTH_MAX: Final = 1 + CALLING_CODE_DIGITS_MAX + EMERGENCY_DIGITS_MAX
"""Of an emergency number as dialled."""


def silence(cdr: Cdr) -> FreeReason | None:
    """Return why there was no connection to be paid for; None where there was."""
    if cdr.disposition != "answered":
        return "unanswered"
    return "zero_duration" if cdr.billsec == 0 else None


def exemption(
    cdr: Cdr, rules: Rules, deck_ids: tuple[str, ...], currency: str
) -> FreeReason | None:
    """Return why nobody pays the call because of its number or type, or None where a deck must price it."""
    if cdr.direction == "in":
        if not _is_ordinary(cdr, rules, deck_ids, currency):
            return None
        return None if rules.plans.at(cdr.started_ms).names_incoming(cdr.call_type) else "inbound"
    number = cdr.to if cdr.dialled is None else cdr.dialled
    if len(number) <= _LENGTH_MAX and rules.numbering.is_emergency(
        number, cdr.usage_country, cdr.from_
    ):
        return "emergency"
    call_type = cdr.call_type
    if call_type is None:
        return None
    # Cheap: each CDR asks, and most call types are user_out, conf_out and the like.
    first = call_type[0]
    if first == "e" or first == "d" or first == "E" or first == "D":  # noqa: PLR1714
        return "emergency" if plain_type(call_type) in EMERGENCY_CALLS else None
    return None


def _is_ordinary(cdr: Cdr, rules: Rules, deck_ids: tuple[str, ...], currency: str) -> bool:
    """Tell whether an incoming call is to an ordinary number of the tenant."""
    kind = cdr.service_number_type
    if kind is not None:
        return plain_kind(kind) == ORDINARY
    return not (
        rules.numbering.is_service(cdr.to) or _is_priced(cdr, rules.book, deck_ids, currency)
    )


def _is_priced(cdr: Cdr, book: DeckBook, deck_ids: tuple[str, ...], currency: str) -> bool:
    """Tell whether the `in` row that would price a call is of a service number; under a mask, whether one may."""
    number = cdr.to.rstrip("*")
    hidden = len(cdr.to) - len(number)
    for deck_id in deck_ids:
        deck = book.in_force(deck_id, cdr.answered_ms)
        if deck is None or deck.currency != currency:
            continue
        entry = deck.inward.find(number)
        if hidden and any(_is_service(each) for each in deck.inward.under(number, hidden)):
            return True
        if entry is not None:
            return _is_service(entry)
    return False


def _is_service(entry: Entry) -> bool:
    rows = [entry] if isinstance(entry, Row) else entry.rows()
    return any(plain_kind(row.number_type) in SERVICE for row in rows)
