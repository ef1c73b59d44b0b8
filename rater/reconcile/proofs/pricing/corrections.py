"""Corrections: of each CDR one charge stands, that of the highest version; what it replaced is taken back once.

A re-rating takes back the charge that stands, and posts one of the same version.

Where the money went is the fold's business (`folds/returned_money`); here it is held what was taken back, by what.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.causes import has_waited, is_rating_again
from rater.reconcile.inputs import Inputs
from topics import catalog
from topics import records as r

PROOF = "corrections"


@dataclass(slots=True)
class Stands:
    """Of one CDR the charge that stands, as far as the ledger was read."""

    entry_id: str = ""
    """Empty: none does."""
    version: int = 0
    """The highest that was taken."""
    before: str | None = None
    """What was taken back last; where a void found nothing, the void's own entry."""


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for every charge of a later version and for everything that is taken back."""
    charges: dict[str, r.Charge] = {}
    standing: dict[tuple[str, str], Stands] = {}
    is_whole = evidence.books.is_whole(catalog.LEDGER.name)
    later = _later(evidence)
    for offset, entry in evidence.books.ledger.items():
        if entry.kind not in ("charge", "charge_reversed") or _name(entry) not in later:
            continue
        # Where the oldest are gone, nothing is held against what was before the first that is left.
        is_known = is_whole or _name(entry) in standing
        stands = standing.setdefault(_name(entry), Stands())
        complaints = list(_allowed(evidence, entry))
        if entry.kind == "charge_reversed":
            version = entry.by_version
            complaints += _taken_back(entry, charges.pop(entry.reverses, None), is_whole=is_whole)
            # What a correction or a re-rating takes back, its own charge replaces.
            taken = stands.version if entry.by == "correction" else version
            now = Stands("", taken, entry.reverses)
        else:
            version = entry.version
            complaints += _charged(entry, stands, is_known=is_known)
            charges[entry.entry_id] = entry
            void = entry.reason == "voided"
            now = Stands("" if void else entry.entry_id, version, entry.entry_id if void else None)
        if is_rating_again(entry):
            if version != stands.version and is_known:
                complaints.append(Complaint("version", f"{stands.version}, which stands", version))
        elif version <= stands.version:
            wanted = f"above {stands.version}, taken before"
            complaints.append(Complaint("version", wanted, version))
        standing[_name(entry)] = now
        for wrong in complaints:
            yield evidence.differ(PROOF, catalog.LEDGER.name, offset, entry.tenant_id, wrong)


def _charged(entry: r.Charge, stands: Stands, *, is_known: bool) -> Iterator[Complaint]:
    """Hold a charge against what stood before it: nothing, and it names what was taken back, if it is late money."""
    if stands.entry_id:
        yield Complaint("cdr_id, stands", f"{stands.entry_id}, alone", entry.entry_id)
    # A void takes no money, nor does what the timer gives.
    before = None if entry.reason in ("voided", "freecall") else stands.before
    if is_known and entry.reverses != before:
        yield Complaint("reverses", f"{before}, taken back before", entry.reverses)


def _name(entry: Any) -> tuple[str, str]:
    return entry.tenant_id, entry.cdr_id


def _later(evidence: Inputs) -> set[tuple[str, str]]:
    """Return the CDRs of which there is more than a first version."""
    return {
        _name(entry)
        for entry in evidence.books.ledger.values()
        if entry.kind == "charge_reversed"
        or (entry.kind == "charge" and (entry.version > 1 or entry.reason == "voided"))
    }


def _allowed(evidence: Inputs, entry: Any) -> Iterator[Complaint]:
    """Hold an entry against the settings: whether corrections are taken.

    One that waited was taken when it came, and is given for free though they are not taken any more.
    """
    if entry.kind == "charge" and entry.version == 1 and entry.reason != "voided":
        return
    if has_waited(entry) and entry.reason == "freecall":
        takes = any(each.corrections for each in evidence.settings.possible(entry.waited.at_ms))
    else:
        takes = evidence.settings.of(entry).corrections
    if not takes:
        yield Complaint(
            "kind", "nothing of a correction, which the settings do not take", entry.kind
        )


def _taken_back(
    entry: r.ChargeReversed, original: r.Charge | None, *, is_whole: bool
) -> Iterator[Complaint]:
    """Hold what is taken back against its charge, which stood until now."""
    if original is None:
        if is_whole:
            yield Complaint("reverses", "a charge of the CDR that stands", entry.reverses)
        return
    wanted = (*_name(original), original.version, original.charge_micros)
    found = (*_name(entry), entry.version, entry.reversed_micros)
    if found != wanted:
        yield Complaint("cdr_id, version, reversed_micros", wanted, found)
