"""Minor units: amounts as Stripe wants them, exactly, or not at all.

https://docs.stripe.com/currencies: most currencies in hundredths; some have no minor unit; five have thousandths,
of which the last digit must be 0; two count whole units but are written in hundredths for the sake of old clients.
"""

_WHOLE = frozenset({
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF",
    "XPF",
})  # fmt: skip
_THOUSANDTHS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
_WHOLE_IN_HUNDREDTHS = frozenset({"ISK", "UGX"})

_UNIT_MICROS = 1_000_000


def unit_micros(currency: str) -> int:
    """Return how many micros one unit of Stripe's `amount` is worth."""
    if currency in _WHOLE:
        return _UNIT_MICROS
    return _UNIT_MICROS // 1_000 if currency in _THOUSANDTHS else _UNIT_MICROS // 100


def to_minor(amount_micros: int, currency: str) -> int | None:
    """Return the amount in Stripe's units; None where it could not be charged exactly."""
    smallest = unit_micros(currency)
    if currency in _THOUSANDTHS:
        smallest *= 10
    if currency in _WHOLE_IN_HUNDREDTHS:
        smallest *= 100
    return None if amount_micros % smallest else amount_micros // unit_micros(currency)


def to_micros(amount: int, currency: str) -> int:
    """Return an amount that Stripe names, in micros."""
    return amount * unit_micros(currency)
