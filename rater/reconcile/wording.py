"""Wording: amounts, counts, notes and differences of a verdict as lines of text."""

from collections import Counter
from collections.abc import Iterator

from rater.reconcile.difference import Difference

_UNIT_MICROS = 1_000_000
SHOWN_MAX = 20
"""Differences of one proof that the text shows; `--json` has them all."""


def money(micros: int) -> str:
    """Write an amount as a decimal number, with two places or as many as it has."""
    units, rest = divmod(abs(micros), _UNIT_MICROS)
    places = f"{rest:06d}".rstrip("0")
    return f"{'-' if micros < 0 else ''}{units:,}.{places:0<2}"


def listed(counts: Counter[str]) -> str:
    """Return counts by name, on one line."""
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))


def noted(what: str, notes: list[str], things: str) -> Iterator[str]:
    """Yield the first of what is no difference but to be known, and how many are left out."""
    for note in notes[:SHOWN_MAX]:
        yield f"{what}: {note}"
    if (more := len(notes) - SHOWN_MAX) > 0:
        yield f"{what}: {more:,} more {things}, see --json"


def shown(differences: list[Difference]) -> Iterator[str]:
    """Yield the first differences of each proof, and how many are left out."""
    by_proof = Counter(difference.proof for difference in differences)
    shown: Counter[str] = Counter()
    for difference in differences:
        shown[difference.proof] += 1
        if shown[difference.proof] <= SHOWN_MAX:
            yield f"DIFFERENCE {difference}"
    for proof, total in by_proof.items():
        if total > SHOWN_MAX:
            yield f"{proof}: {total - SHOWN_MAX:,} more differences, see --json"
