"""Deck prices: what the rows of a deck ask for a call, read and reckoned anew from the published cells.

A charge is the sum of what every stretch of the call costs and of the fees, rounded once, capped, and raised to the
least, as the row in force at the answer says. Which row is in force when is the rating's business: a row is any of its
prefix.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

FEES = ("connection_fee", "regulatory_fee", "surcharge")
"""The columns that are fees, in the order in which a charge names them."""
BESIDE_POOLS = frozenset(("regulatory_fee",))
"""Those that a call owes all of whose seconds pools have paid."""

_AMOUNT = re.compile(r"(?=[.]?[0-9])([0-9]{0,19})(?:[.]([0-9]{0,9}))?", re.ASCII)
_INCREMENT = re.compile(r"([0-9]{1,9})/([0-9]{1,9})", re.ASCII)
_ROUNDINGS = ("up", "half_up", "half_even", "down")


class Price(NamedTuple):
    """What a row asks: a rate for so many seconds, what is billed of them, the fees, and how the sum is rounded."""

    rate_nanos: int
    per_s: int
    initial_s: int
    increment_s: int
    fees: tuple[int, ...]
    """Micros of each of FEES."""
    rounding: str
    decimals: int
    cap_micros: int | None
    grace_s: int = 0
    least_micros: int = 0

    def beside_pools(self) -> "Price":
        """Return what the row asks of a call all of whose seconds pools have paid."""
        named = zip(FEES, self.fees, strict=True)
        fees = tuple(micros if name in BESIDE_POOLS else 0 for name, micros in named)
        return self._replace(fees=fees, least_micros=0)

    def billed_s(self, seconds: int, *, is_first: bool) -> int:
        """Return what is billed of a stretch of a call; the least that is billed is for its beginning alone."""
        least = self.initial_s if is_first else 0
        if not self.increment_s:
            return least
        more = max(0, seconds - least)
        return least + (more + self.increment_s - 1) // self.increment_s * self.increment_s

    def cost_nanos(self, seconds: int) -> Fraction:
        """Return what so many seconds cost."""
        return Fraction(self.rate_nanos * seconds, self.per_s)

    def capped_at(self, micros: int) -> "Price":
        """Return what the row asks of a call that costs no more than so much."""
        cap = self.cap_micros
        return self._replace(cap_micros=micros if cap is None else min(cap, micros))

    def charge_micros(self, usage_nanos: Fraction) -> tuple[int, int]:
        """Return what a call costs whose seconds cost so much, and how much of that only for the least's sake."""
        unit: int = 10 ** (9 - self.decimals)
        # In units, as a fraction that need not be in lowest terms.
        parts = usage_nanos.denominator
        exact = (usage_nanos.numerator + 1_000 * sum(self.fees) * parts, parts * unit)
        micros = _rounded(exact, self.rounding) * unit // 1_000
        if self.cap_micros is not None:
            micros = min(micros, self.cap_micros)
        raised = max(0, self.least_micros - micros)
        return micros + raised, raised


def read_price(cells: Mapping[str, str]) -> Price:
    """Read the price of a row; a cell that says none: ValueError."""

    def said(name: str, default: str) -> str:
        return cells.get(name, "").strip() or default

    is_free = said("action", "rate").lower() == "free"
    rate = 0 if is_free else _amount("rate", said("rate", "0"), 9)
    increment = _INCREMENT.fullmatch(said("increment", "60/60").replace(" ", ""))
    if increment is None:
        message = f"increment: {cells['increment'][:40]!r} is none"
        raise ValueError(message)
    cap = said("max_charge", "")
    rounding = said("rounding", "up").lower()
    return Price(
        rate,
        int(said("per_seconds", "60")),
        int(increment[1]),
        int(increment[2]),
        tuple(_amount(fee, said(fee, "0"), 6) for fee in FEES),
        _ROUNDINGS[_ROUNDINGS.index(rounding)],
        int(said("decimals", "6")),
        _amount("max_charge", cap, 6) if cap else None,
        0 if is_free else int(said("grace_s", "0")),
        _amount("min_charge", said("min_charge", "0"), 6),
    )


def _rounded(exact: tuple[int, int], rounding: str) -> int:
    whole, rest = divmod(exact[0], exact[1])
    twice = 2 * rest - exact[1]
    match rounding:
        case "up":
            is_up = rest > 0
        case "half_up":
            is_up = twice >= 0
        case "half_even":
            is_up = twice > 0 or (twice == 0 and whole % 2 == 1)
        case _:
            is_up = False
    return whole + is_up


def _amount(name: str, text: str, decimals: int) -> int:
    """Return an amount, scaled; one that is not in plain decimals: ValueError."""
    match = _AMOUNT.fullmatch(text)
    if match is None or len(match[2] or "") > decimals:
        message = f"{name}: {text[:40]!r} is no amount of at most {decimals} decimals"
        raise ValueError(message)
    return int(f"{match[1] or 0}{(match[2] or '').ljust(decimals, '0')}")
