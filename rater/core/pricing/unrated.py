"""Unrated: why a call has no price.

They are values, never exceptions: a call that has no price waits in suspense.
"""

from enum import StrEnum

from msgspec import Struct

from rater.core.limits import AMOUNT_MICROS_MAX, E164_DIGITS_MIN
from rater.core.money import Micros
from rater.core.pricing.decks import Deck
from rater.core.pricing.rates import Row


class Unrated(StrEnum):
    """Why a readable call has no price, in order of precedence: what is first is said first.

    What no deck can mend comes first; then the account's settings come before the number, and the
    number before the hour: the cause nearest to the remedy.
    """

    CONTRADICTORY = "contradictory"
    """Disposition, seconds and times of the CDR cannot all be true."""
    IMPOSSIBLE_NUMBER = "impossible_number"
    """The number keeps a trunk zero where no national number begins with one."""

    UNKNOWN_DECK = "unknown_deck"
    """None of the account's decks is there and in force at the answer."""
    CURRENCY_MISMATCH = "currency_mismatch"
    """Decks are in force, but none in the account's currency."""
    SHORT_NUMBER = "short_number"
    """The number is not E.164, with fewer than seven digits even with a plus sign: it means something
    else in every country.
    """
    AMBIGUOUS_PREFIX = "ambiguous_prefix"
    """The number is masked, and the digits under the mask decide the price."""
    AMBIGUOUS_ORIGIN = "ambiguous_origin"
    """The caller decides the price and is masked, missing or not E.164; no row is for unknown callers."""
    DENIED = "denied"
    """A deny range or a denied band holds the call."""
    NO_RATE = "no_rate"
    """No prefix of any deck matches, or no row of the prefix fits the caller."""
    OUTSIDE_BANDS = "outside_bands"
    """Some second of the call lies outside all bands of its prefix."""
    AMOUNT_TOO_LARGE = "amount_too_large"
    """The charge is beyond every limit: the deck is wrong, or the call."""


class Refusal(Struct, frozen=True, gc=False):
    """Why a call has no price: the reason, and a sentence that names field and value."""

    reason: Unrated
    detail: str
    deck_id: str | None = None
    prefix: str | None = None


def short(deck: Deck, number: str) -> Refusal:
    """Refuse a call to what is no E.164 number; as many digits as one has may be one without its plus sign."""
    detail = f"to: {number} is not E.164; a deck prices no short numbers"
    return Refusal(Unrated.SHORT_NUMBER, f"{detail}{_lost(number)}", deck.deck_id)


def unreadable(dialled: str) -> Refusal:
    """Refuse a call that leads elsewhere from what is no E.164 number and too long for a short one."""
    detail = f"to: {dialled} is neither E.164 nor short, so what is denied cannot be told of it"
    return Refusal(Unrated.SHORT_NUMBER, f"{detail}{_lost(dialled)}")


def _lost(number: str) -> str:
    if len(number) < E164_DIGITS_MIN or not number.isdecimal():
        return ""
    lost = "plus sign and calling code" if number[0] == "0" else "plus sign"
    return f": its {lost} may be missing"


def denied(deck: Deck, row: Row, number: str) -> Refusal:
    """Refuse a call to a denied number or in a denied band."""
    detail = f"to: {number} is denied by prefix {row.prefix} {row.destination}".rstrip()
    return Refusal(Unrated.DENIED, detail, deck.deck_id, row.prefix)


def outside(deck: Deck, prefix: str, second: int) -> Refusal:
    """Refuse a call that has a second outside all bands."""
    detail = f"answered_at: second {second} of the call is outside all bands of prefix {prefix}"
    return Refusal(Unrated.OUTSIDE_BANDS, detail, deck.deck_id, prefix)


def too_large(deck: Deck, row: Row, charge: Micros) -> Refusal:
    """Refuse a charge beyond every limit."""
    detail = f"charge: {charge} micros by prefix {row.prefix} is above {AMOUNT_MICROS_MAX}"
    return Refusal(Unrated.AMOUNT_TOO_LARGE, detail, deck.deck_id, row.prefix)
