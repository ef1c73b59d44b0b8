"""Numbers: telephone numbers to call, drawn from a tariff, each with the row that prices it."""

from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from loadtest.number_kinds import kind_of
from loadtest.tariff import Tariff, Terms
from loadtest.trunk_zero import keeps_trunk_zero

POOL_SIZE = 8_192
"""Numbers of each kind; calls draw from the pool again and again, as callers do."""
_DIGITS_MIN = 11
_DIGITS_MAX = 15
_SUBSCRIBER_DIGITS = 5


class Number(NamedTuple):
    """A number in E.164 and the terms of its row; None where no row matches."""

    text: str
    terms: Terms | None
    country: str = ""
    number_type: str = ""
    own_type: str = ""
    """What it is by itself; a row may be for all of a country."""


@dataclass(frozen=True, slots=True)
class NumberPool:
    """Numbers by what becomes of a call to them. An empty kind: the tariff has no such row."""

    priced: list[Number]
    denied: list[Number]
    unknown: list[Number]
    toll_free: list[Number]

    @classmethod
    def draw(cls, tariff: Tariff, random: Random) -> "NumberPool":
        """Draw the numbers of every kind; a tariff without any price is a ValueError."""
        rows = tariff.rows
        priced = [
            row.prefix for row in rows if row.direction == "out" and row.terms.action != "deny"
        ]
        denied = [
            row.prefix for row in rows if row.direction == "out" and row.terms.action == "deny"
        ]
        inward = [
            row.prefix for row in rows if row.direction == "in" and row.terms.action != "deny"
        ]
        pool = cls(
            [n for n in _numbers(tariff, "out", priced, random) if _action(n) in {"rate", "free"}],
            [n for n in _numbers(tariff, "out", denied, random) if _action(n) == "deny"],
            [n for n in _numbers(tariff, "out", _unknown(tariff), random) if n.terms is None],
            [n for n in _numbers(tariff, "in", inward, random) if _action(n) in {"rate", "free"}],
        )
        if not pool.priced:
            raise ValueError("the deck prices no number")
        return pool


def _numbers(tariff: Tariff, direction: str, prefixes: list[str], random: Random) -> list[Number]:
    """Make numbers under prefixes that may be; a longer prefix of the tariff may decide some of them."""
    numbers = []
    for _ in range(POOL_SIZE if prefixes else 0):
        prefix = random.choice(prefixes)
        length = min(max(len(prefix) + _SUBSCRIBER_DIGITS, _DIGITS_MIN), _DIGITS_MAX)
        tail = random.randrange(10 ** (length - len(prefix)))
        text = f"+{prefix}{tail:0{length - len(prefix)}}"
        if keeps_trunk_zero(text):
            continue
        row = tariff.match(direction, text)
        if row is None:
            numbers.append(Number(text, None))
        else:
            own = kind_of(text)
            numbers.append(Number(text, row.terms, row.country, row.number_type, own))
    return numbers


def _unknown(tariff: Tariff) -> list[str]:
    """Return three-digit beginnings under which and above which the tariff has no outgoing row."""
    known = {row.prefix[:3] for row in tariff.rows if row.direction == "out"}
    return [
        str(start)
        for start in range(200, 1_000)
        if not any(str(start)[:length] in known for length in (1, 2, 3))
    ]


def _action(number: Number) -> str:
    return "" if number.terms is None else number.terms.action
