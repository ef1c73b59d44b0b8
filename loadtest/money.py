"""Money as people read it: integers to decimal text."""

_MICROS_DIGITS = 6
_NANOS_DIGITS = 9
_SHOWN_DIGITS = 2


def micros_text(micros: int) -> str:
    """Return micros as decimal text: two decimals, more where there are more.

    >>> micros_text(-1_250_000), micros_text(67_000)
    ('-1.25', '0.067')
    """
    return _text(micros, _MICROS_DIGITS)


def nanos_text(nanos: int) -> str:
    """Return nanos (billionths) as decimal text: two decimals, more where there are more."""
    return _text(nanos, _NANOS_DIGITS)


def _text(amount: int, digits: int) -> str:
    whole, part = divmod(abs(amount), 10**digits)
    decimals = f"{part:0{digits}}".rstrip("0").ljust(_SHOWN_DIGITS, "0")
    return f"{'-' if amount < 0 else ''}{whole:,}.{decimals}"
