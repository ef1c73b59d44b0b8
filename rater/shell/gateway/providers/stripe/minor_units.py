"""Minor units: amounts as Stripe wants them, exactly, or not at all.

https://docs.stripe.com/currencies: as ISO 4217 says, but for a few. Of thousandths the last digit must be 0; two
currencies count whole units but are written in hundredths for the sake of old clients.
"""

from rater.core.limits import UNIT_MICROS
from rater.wire.settings.currencies import iso_decimals

_OTHER_THAN_ISO = {"MGA": 0, "ISK": 2, "UGX": 2, "IQD": 2, "LYD": 2}
"""Decimals, where Stripe's list says others."""
_WHOLE_IN_HUNDREDTHS = frozenset({"ISK", "UGX"})
_USUAL_DECIMALS = 2
_THOUSANDTHS = 3


def decimals_of(currency: str) -> int:
    """Return how many decimals Stripe's `amount` has."""
    decimals = _OTHER_THAN_ISO.get(currency, iso_decimals(currency))
    return _USUAL_DECIMALS if decimals is None else decimals


def unit_micros(currency: str) -> int:
    """Return how many micros one unit of Stripe's `amount` is worth."""
    unit: int = UNIT_MICROS // 10 ** decimals_of(currency)
    return unit


def to_minor(amount_micros: int, currency: str) -> int | None:
    """Return the amount in Stripe's units; None where it could not be charged exactly."""
    smallest = unit_micros(currency)
    if decimals_of(currency) == _THOUSANDTHS:
        smallest *= 10
    if currency in _WHOLE_IN_HUNDREDTHS:
        smallest *= 100
    return None if amount_micros % smallest else amount_micros // unit_micros(currency)


def to_micros(amount: int, currency: str) -> int:
    """Return an amount that Stripe names, in micros."""
    return amount * unit_micros(currency)
