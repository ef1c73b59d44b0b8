"""Price alone: what an entry must say of its price, by the deck that it names, where its account is not known.

What pools have paid, and what their seconds cost, is taken from the entry: who had them is not on it.
"""

from typing import Any, Final

from rater.core.cdr import Cdr
from rater.core.pricing.decks import DeckBook
from rater.core.pricing.price import price_call
from rater.core.pricing.rating import Rated, Refusal
from rater.core.pricing.rest import rate_rest
from rater.core.pricing.rules import Rules
from rater.views.explanation.differences import fields_of
from topics.records import Charge, ChargeLine

PRICED: Final = (
    *("outcome", "reason", "grace_s", "charge_micros", "deck_id", "deck_version"),
    *("prefix", "destination", "lines"),
)
"""What an entry says of its price."""


def price_alone(entry: Charge, cdr: Cdr, rules: Rules) -> dict[str, Any]:
    """Return the fields of PRICED as they must be; one at its default is left out."""
    if entry.reason == "voided":
        return {"outcome": "free", "charge_micros": 0, "reason": "voided"}
    rules = rules.with_book(_only(rules.book, entry))
    decks = () if entry.deck_id is None else (entry.deck_id,)
    settings = rules.settings.at(entry.at_ms)
    priced = price_call(cdr, decks, entry.currency, rules, settings)
    if isinstance(priced, str):
        return {"outcome": "free", "charge_micros": 0, "reason": priced}
    pools = [line for line in entry.lines if line.kind.startswith("pool")]
    paid_s = sum(line.quantity for line in pools if line.kind == "pool")
    if isinstance(priced, Refusal):
        if entry.reason == "freecall":
            return {"outcome": "free", "charge_micros": 0, "reason": "freecall"}
        if entry.deck_id is None and paid_s >= cdr.billsec > 0:
            return {"outcome": "rated", "charge_micros": 0, "lines": _told(pools)}
        return {"outcome": f"suspended as {priced.reason}: {priced.detail}"}
    if pools:
        left = rate_rest(rules.book, rules.numbering, priced, cdr, paid_s)
        if isinstance(left, Rated):
            priced = left
    return _said(priced, pools)


def _only(book: DeckBook, entry: Charge) -> DeckBook:
    """Return the book with the one version that an entry names."""
    named = entry.deck_id, entry.deck_version
    return DeckBook.of(
        [version for version in book.versions() if (version.deck_id, version.version) == named]
    )


def _said(priced: Rated, pools: list[ChargeLine]) -> dict[str, Any]:
    asked = sum(line.amount_micros for line in pools)
    said = {
        "outcome": priced.outcome,
        "charge_micros": priced.charge_micros + asked,
        "reason": priced.reason,
        "grace_s": priced.grace_s,
        "deck_id": priced.deck_id,
        "deck_version": priced.deck_version,
        "prefix": priced.prefix,
        "destination": priced.destination,
        "lines": _told([*priced.lines, *pools]) or None,
    }
    return {name: value for name, value in said.items() if value is not None}


def _told(lines: list[ChargeLine]) -> list[dict[str, Any]]:
    return [fields_of(line) for line in lines]
