"""Deck cells: the text in a cell of a rate deck to its value, or what is wrong with it."""

import re

from msgspec import Struct

from rater.core.money import MICROS_DECIMALS, Rounding
from rater.core.pricing.rates import ALL_DAYS, DAY_S, UNKNOWN_ORIGIN, Action, Direction
from rater.wire.pricing.amounts import parse_decimal

PRICE_MAX = 1_000_000
"""Largest rate, fee and cap, in units of the currency."""

PREFIX_DIGITS_MAX = 15
"""As many digits as E.164 numbers have."""

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_PREFIX = re.compile(rf"\+?([1-9][0-9]{{0,{PREFIX_DIGITS_MAX - 1}}})", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_TIME = re.compile(r"([0-9]{2}):([0-5][0-9])(?::([0-5][0-9]))?", re.ASCII)
_INCREMENT = re.compile(r"([0-9]{1,6})/([0-9]{1,6})", re.ASCII)
_CALENDAR = re.compile(r"[A-Za-z0-9._-]{0,64}", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)


class Complaint(Struct, frozen=True):
    """What is wrong with a text, to be read after its value."""

    text: str


def read_text(text: str, *, length_max: int) -> str | Complaint:
    """Read a text as it is; the empty one is a text, too."""
    if len(text) > length_max:
        return Complaint(f"is longer than {length_max} characters")
    return text if text.isprintable() else Complaint("has characters that cannot be shown")


def read_prefix(text: str) -> str | Complaint:
    """Read leading digits of a number; a plus sign before them is left out."""
    match = _PREFIX.fullmatch(text)
    return match[1] if match else Complaint("is not 1 to 15 digits, the first not 0")


def read_origin(text: str) -> str | Complaint:
    """Read the beginning of a caller's number, `unknown`, or nothing."""
    if not text or text == UNKNOWN_ORIGIN:
        return text
    found = read_prefix(text)
    if isinstance(found, Complaint):
        return Complaint(f"{found.text}, nor {UNKNOWN_ORIGIN}")
    return found


def read_country(text: str) -> str | Complaint:
    """Read a country code, or none."""
    if not text or _COUNTRY.fullmatch(text):
        return text
    return Complaint("is not a country code of two capital letters")


def read_calendar(text: str) -> str | Complaint:
    """Read the name of a calendar, or none."""
    if _CALENDAR.fullmatch(text):
        return text
    return Complaint("is not 1 to 64 letters, digits, dots, dashes or underscores")


def read_price(text: str, *, decimals: int) -> int | Complaint:
    """Read an amount, scaled to a whole number by its decimals."""
    scaled = parse_decimal(text, decimals)
    if isinstance(scaled, str):
        return Complaint(scaled)
    if scaled < 0 or text.startswith("-"):
        return Complaint("is negative")
    if scaled > PRICE_MAX * 10**decimals:
        return Complaint(f"is more than {PRICE_MAX}")
    return scaled


def read_cap(text: str) -> int | Complaint | None:
    """Read a cap in micros; None: there is none."""
    return read_price(text, decimals=MICROS_DECIMALS) if text else None


def read_whole(text: str, *, low: int, high: int) -> int | Complaint:
    """Read a whole number."""
    if _WHOLE.fullmatch(text) and low <= int(text) <= high:
        return int(text)
    return Complaint(f"is not a whole number from {low} to {high}")


def read_increment(text: str) -> tuple[int, int] | Complaint:
    """Read the initial and the later increment, in seconds; a later one of 0: one price per call."""
    match = _INCREMENT.fullmatch(text)
    if match and 1 <= int(match[1]) <= DAY_S and int(match[2]) <= DAY_S:
        return int(match[1]), int(match[2])
    return Complaint(
        "is not an increment like 60/60, 30/6 or 1/1, or 60/0 for one price per call: two whole numbers of at most "
        f"{DAY_S} seconds, the first at least 1"
    )


def read_choice(text: str, *, kinds: type[Action | Direction | Rounding]) -> str | Complaint:
    """Read one of the values of a kind."""
    try:
        return kinds(text)
    except ValueError:
        return Complaint(f"is not one of {', '.join(kinds)}")


def read_time(text: str) -> int | Complaint:
    """Read a time of day, in seconds since midnight."""
    match = _TIME.fullmatch(text)
    if match:
        hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3] or 0)
        total = hours * 3_600 + minutes * 60 + seconds
        if total <= DAY_S:
            return total
    return Complaint("is not a time of day like 08:00, 17:30:00 or 24:00")


def read_days(text: str) -> int | Complaint:
    """Read `mon-fri`, `sat sun`, `fri-mon`; a range may run over the end of the week."""
    mask = 0
    for part in text.lower().replace(",", " ").split():
        first, dash, last = part.partition("-")
        if first not in DAY_NAMES or (dash and last not in DAY_NAMES):
            return Complaint("is not a list of days like mon-fri or sat sun")
        day, end = DAY_NAMES.index(first), DAY_NAMES.index(last if dash else first)
        mask |= 1 << day
        while day != end:
            day = (day + 1) % 7
            mask |= 1 << day
    return mask or ALL_DAYS
