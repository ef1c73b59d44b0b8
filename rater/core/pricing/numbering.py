"""Numbering: what the world's numbering plans say of a number. The data ships with the package.

Rule 1: no number of fewer than seven digits is E.164, with a plus sign or without.
Rule 2: an emergency number is one as it is, after a plus sign, or after the calling code of where the
        caller is: the usage country, and the country of the caller's number. It is one of the usage
        country's (where none is named, of the caller's), or of `*`, everywhere. Where neither is
        known, the calling code that the number itself begins with says the country.
Rule 3: toll-free, premium and shared-cost numbers are service numbers; all others are ordinary.
Rule 4: a number that keeps its trunk zero, where no national number begins so, is impossible.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, final

from rater.core.limits import CALLING_CODE_DIGITS_MAX, E164_DIGITS_MAX, E164_DIGITS_MIN
from rater.core.pricing.prefixes import PrefixTable

EVERYWHERE: Final = "*"
SERVICE: Final = frozenset(("tollfree", "premium", "sharedcost"))
"""Kinds of service numbers, as `plain_kind` gives them."""


@lru_cache(1_024)
def plain_kind(text: str) -> str:
    """Return a kind of number in letters alone: `TollFree`, `toll_free`, `Toll-free` are `tollfree`."""
    return "".join([letter for letter in text.lower() if letter.isalnum()])


def is_e164(number: str) -> bool:
    """Tell whether a text is a whole number in E.164: a plus sign, seven to fifteen digits, the first not 0."""
    digits = number[1:]
    return (
        number[:1] == "+"
        and E164_DIGITS_MIN <= len(digits) <= E164_DIGITS_MAX
        and digits.isascii()
        and digits.isdigit()
        and digits[0] != "0"
    )


def is_masked(number: str) -> bool:
    """Tell whether a text is the beginning of a number in E.164, its tail hidden by stars."""
    known = number.rstrip("*")
    hidden = len(number) - len(known)
    return hidden > 0 and is_e164(known + "5" * hidden)


@final
class Numbering:
    """The numbering plans of the world, and the emergency numbers."""

    __slots__ = (
        "_codes",
        "_countries",
        "_emergency",
        "_impossible",
        "_kinds",
        "_plain",
        "_plain_kinds",
        "_regions",
        "_tables",
    )

    def __init__(
        self,
        emergency: Mapping[str, frozenset[str]],
        codes: Mapping[str, str],
        ranges: Iterable[tuple[str, str, str]],
        impossible: Iterable[str],
    ) -> None:
        """Take numbers by country, calling codes by country, ranges (prefix, country, kind), and
        beginnings that no number has.
        """
        plan = list(ranges)
        self._emergency: Final = dict(emergency)
        self._codes: Final = dict(codes)
        regions: dict[str, list[str]] = {}
        for country, code in codes.items():
            regions.setdefault(code, []).append(country)
        self._regions: Final = regions
        self._kinds: Final = PrefixTable({"+" + prefix: kind for prefix, _, kind in plan})
        self._plain: Final = {"+" + prefix: plain_kind(kind) for prefix, _, kind in plan}
        self._plain_kinds: Final = PrefixTable(self._plain)
        self._tables: Final[dict[frozenset[str], PrefixTable[bool]]] = {}
        self._countries: Final = PrefixTable({"+" + prefix: country for prefix, country, _ in plan})
        self._impossible: Final = PrefixTable({"+" + prefix: True for prefix in impossible})

    def is_impossible(self, number: str) -> bool:
        """Tell whether no number begins as this one, of seven digits and more with its plus sign, does."""
        # A calling code has one to three digits; most numbers have no zero after it. Cheap: each CDR asks.
        if number[2] == "0" or number[3] == "0" or number[4] == "0":
            return self._impossible.find(number) is not None
        return False

    def is_service(self, number: str) -> bool:
        """Tell whether a number, with its plus sign, is of a range that costs whom it belongs to.

        Of a masked one: whether it may be.
        """
        return self.may_be(number, SERVICE)

    def may_be(self, number: str, kinds: frozenset[str]) -> bool:
        """Tell whether a number, with its plus sign, is of one of some kinds, as `plain_kind` gives them.

        Of a masked one: whether some completion is.
        """
        known = number
        if number[-1] == "*":
            known = number.rstrip("*")
        elif not self._table_of(kinds).may_find(number):
            # Most numbers.
            return False
        kind = self._plain_kinds.find(known)
        if kind is not None and kind in kinds:
            return True
        hidden = len(number) - len(known)
        return hidden > 0 and any(one in kinds for one in self._plain_kinds.under(known, hidden))

    def _table_of(self, kinds: frozenset[str]) -> PrefixTable[bool]:
        """Return the prefixes of some kinds; those who ask, ask for few different ones."""
        found = self._tables.get(kinds)
        if found is None:
            prefixes = [prefix for prefix, kind in self._plain.items() if kind in kinds]
            found = self._tables[kinds] = PrefixTable(dict.fromkeys(prefixes, True))
        return found

    def country_of(self, number: str | None) -> str | None:
        """Return the country of a number, masked or not; None where it is not known."""
        if number is None or not (is_e164(number) or is_masked(number)):
            return None
        return self._countries.find(number.rstrip("*")) or None

    def kind_of(self, number: str) -> str:
        """Return what a number with its plus sign is, by its range; of a masked one by what is seen. Empty: unknown."""
        return self._kinds.find(number.rstrip("*")) or ""

    def is_emergency(self, number: str, usage_country: str | None, caller: str | None) -> bool:
        """Tell whether a number as dialled is an emergency number where the call was made."""
        digits = number[1:] if number[:1] == "+" else number
        home = self.country_of(caller)
        country = usage_country or home
        if self._is_listed(digits, country):
            return True
        if country is not None:
            places = (country, home) if home else (country,)
            codes = [self._codes[place] for place in places if place in self._codes]
            return any(self._follows(digits, code, country) for code in codes)
        return any(
            self._follows(digits, digits[:length], region)
            for length in range(1, CALLING_CODE_DIGITS_MAX + 1)
            for region in self._regions.get(digits[:length], ())
        )

    def _follows(self, digits: str, code: str, country: str) -> bool:
        return digits.startswith(code) and self._is_listed(digits[len(code) :], country)

    def _is_listed(self, digits: str, country: str | None) -> bool:
        emergency = self._emergency
        return digits in emergency.get(EVERYWHERE, ()) or (
            country is not None and digits in emergency.get(country, ())
        )
