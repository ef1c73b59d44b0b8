"""Make the numbering data and the sample deck from the metadata of the `phonenumbers` package.

    python deploy/make_sample_deck.py        writes numbering, calling_codes, sample_deck and emergency.csv

The number ranges are those of Google's libphonenumber. THE PRICES ARE INVENTED: plausible, and the
same at every run with the same metadata, but nobody's; replace the deck by your own before you
charge anyone.

Each range of a country (landline, mobile, premium, ...) is a regular expression there. A calling
code's prefixes are lengthened digit by digit until one kind of one country remains under each.
Beginnings that no number of a calling code has, because its trunk zero was kept, are `impossible`.
"""

import csv
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from dialling import WORLD, calling_codes, emergency_numbers, impossible
from number_patterns import DIGITS, Automaton
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata
from phonenumbers.geodata.locale import LOCALE_DATA

DATA = Path(__file__).parent.parent / "rater" / "data"

DEPTH_MAX = 4
"""National digits after which what is still mixed is taken as its dearest kind."""

KINDS = {
    "premium_rate": "premium",
    "personal_number": "premium",
    "shared_cost": "shared_cost",
    "pager": "shared_cost",
    "mobile": "mobile",
    "fixed_line": "landline",
    "voip": "non-geographic",
    "uan": "non-geographic",
    "toll_free": "toll_free",
}
"""Our kinds of libphonenumber's ranges; personal numbers cost the caller like premium ones."""

PRECEDENCE = (
    "premium",
    "shared_cost",
    "mobile",
    "mixed",
    "non-geographic",
    "landline",
    "toll_free",
)
"""Which kind a range is taken for where several remain possible: never the cheaper one."""

GEOGRAPHIC = frozenset(("mobile", "landline", "mixed"))

COVERS = ("mobile", "landline", "mixed", "non-geographic")
"""Kinds that may be one range with exceptions; where there are gaps in it, only the dearest."""

COVER_MIN = 3
"""Ranges that one outer range must replace."""


UNNAMED = {"": "Global", "AC": "Ascension Island", "TA": "Tristan da Cunha", "XK": "Kosovo"}
"""Countries that the package has no name for."""

CHEAP = frozenset(
    (
        *(
            "US",
            "CA",
            "GB",
            "FR",
            "DE",
            "ES",
            "IT",
            "NL",
            "BE",
            "IE",
            "SE",
            "NO",
            "DK",
            "FI",
            "PT",
            "AT",
        ),
        *("CH", "PL", "CZ", "GR", "AU", "NZ", "JP", "KR", "SG", "HK", "IL", "IN", "CN", "BR", "MX"),
    )
)
"""Large markets, to which calls cost least."""

WORLD_KINDS = {
    800: "toll_free",
    808: "shared_cost",
    979: "premium",
    888: "non-geographic",
    878: "non-geographic",
}
"""Calling codes without a country; the others are satellite and global mobile networks."""


Label = tuple[str, str]
"""Country and kind."""


class Range(NamedTuple):
    """What the numbers under a prefix are."""

    prefix: str
    country: str
    kind: str


def ranges() -> list[Range]:
    """Return the ranges of the whole world, by prefix; an inner one is an exception to the
    outer.
    """
    found: list[Range] = []
    for code, regions in COUNTRY_CODE_TO_REGION_CODE.items():
        if regions == (WORLD,):
            found.append(Range(str(code), "", WORLD_KINDS.get(code, "satellite")))
        else:
            found += _Plan(str(code), regions).ranges()
    return sorted(found)


class _Plan:
    """The numbering plan of one calling code."""

    def __init__(self, code: str, regions: tuple[str, ...]) -> None:
        """Compile the patterns of its countries."""
        self._code = code
        self._main = regions[0]
        self._automata = {label: made for region in regions for label, made in _automata(region)}

    def ranges(self) -> list[Range]:
        """Return its ranges; the bare calling code is never one."""
        states = {label: made.start for label, made in self._automata.items()}
        return self._split("", states)[0]

    def _split(
        self, national: str, states: Mapping[Label, frozenset[int]]
    ) -> tuple[list[Range], bool]:
        """Return the ranges under a prefix, and whether they leave no gap in it."""
        labels = self._distinct(states)
        if not labels:
            return [], False
        if national and (len(labels) == 1 or len(national) >= DEPTH_MAX):
            label = min(
                labels, key=lambda label: (PRECEDENCE.index(label[1]), label[0] != self._main)
            )
            return [Range(self._code + national, *label)], True
        found: list[Range] = []
        full = True
        for digit in DIGITS:
            after = {
                label: following
                for label, those in states.items()
                if (following := self._automata[label].step(those, digit))
            }
            children, child_full = self._split(national + digit, after)
            found += children
            full &= child_full
        return (_covered(self._code + national, found, full=full) if national else found), full

    def _distinct(self, states: Iterable[Label]) -> set[Label]:
        """Return the labels; of a service that countries share only that of the main country."""
        shared = {
            kind for country, kind in states if country == self._main and kind not in GEOGRAPHIC
        }
        return {label for label in states if label[0] == self._main or label[1] not in shared}


def _covered(prefix: str, found: list[Range], *, full: bool) -> list[Range]:
    """Replace the most frequent label by one range over the others, where that prices no gap
    cheaply.
    """
    outermost = [
        inner
        for inner in found
        if not any(
            inner.prefix != outer.prefix and inner.prefix.startswith(outer.prefix)
            for outer in found
        )
    ]
    counts = Counter(outer[1:] for outer in outermost)
    if len(counts) == 1:
        label = outermost[0][1:]  # What lies between is no number at all.
        return [Range(prefix, *label), *(inner for inner in found if inner not in outermost)]
    allowed = COVERS if full else COVERS[:1]
    label, count = max(
        ((label, count) for label, count in counts.items() if label[1] in allowed),
        key=lambda item: item[1],
        default=(("", ""), 0),
    )
    if count < COVER_MIN or any(inner.country != label[0] for inner in found):
        return found
    return [
        Range(prefix, *label),
        *(inner for inner in found if inner not in outermost or inner[1:] != label),
    ]


def _automata(region: str) -> Iterator[tuple[Label, Automaton]]:
    """Yield what is possible in a country, with its patterns as one automaton a kind."""
    metadata = PhoneMetadata.metadata_for_region(region)
    patterns: dict[str, list[str]] = {}
    for name, kind in KINDS.items():
        pattern = getattr(metadata, name) and getattr(metadata, name).national_number_pattern
        if pattern:
            patterns.setdefault(kind, []).append(pattern)
    if patterns.get("mobile") == patterns.get("landline"):
        patterns["mixed"] = patterns.pop("landline", [])
        patterns.pop("mobile", None)
    for kind, those in patterns.items():
        if those:
            yield (region, kind), Automaton("|".join(f"(?:{pattern})" for pattern in those))


def deck_rows(plan: Iterable[Range]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the sample deck: its prices are invented."""
    for prefix, country, kind in plan:
        destination = f"{_name(country)} {kind.replace('_', ' ')}"
        number_type = kind
        if kind == "premium":
            yield prefix, "out", destination, country, number_type, "deny", ""
            continue
        yield prefix, "out", destination, country, number_type, "rate", _price(country, kind)
        if kind == "toll_free":
            called = f"{destination}, called"
            yield prefix, "in", called, country, number_type, "rate", _price(country, "called")


def _name(country: str) -> str:
    """Return a country's English name; the package says `*xx` where language xx has the same."""
    if country not in LOCALE_DATA:
        return UNNAMED[country]
    name = LOCALE_DATA[country]["en"]
    return LOCALE_DATA[country][name[1:]] if name.startswith("*") else name


def _price(country: str, kind: str) -> str:
    """Return an invented price per minute: the same at every run, mobile always dearer than
    fixed.
    """
    if kind == "satellite":
        return "6.50"
    fixed = 80 + _lot(country) % 120 if country in CHEAP else 400 + _lot(country) % 2_600
    percent = {
        "mobile": 140 + _lot(country + " mobile") % 300,
        "shared_cost": 350,
        "called": 150,
    }.get(kind, 100)
    price = fixed * percent // 100
    return f"{price // 10_000}.{price % 10_000:04}"


def _lot(seed: str) -> int:
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4])


def _write(name: str, header: tuple[str, ...], rows: Iterable[tuple[str | int, ...]]) -> None:
    with (DATA / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main() -> None:
    """Write the four files."""
    plan = ranges()
    columns = "prefix", "direction", "destination", "country", "number_type", "action", "rate"
    _write("numbering.csv", ("prefix", "country", "kind"), sorted([*plan, *impossible()]))
    _write("calling_codes.csv", ("country", "code"), calling_codes())
    _write("sample_deck.csv", columns, deck_rows(plan))
    _write("emergency.csv", ("country", "number"), emergency_numbers())


if __name__ == "__main__":
    main()
