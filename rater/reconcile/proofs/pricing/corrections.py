"""Corrections: of each CDR one charge stands, that of the highest version; what it replaced is taken back once.

Where the money went is the fold's business (`folds/returned_money`); here it is held what was taken back, by what.
"""

from collections.abc import Iterator
from typing import Any

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.books import is_freed
from rater.reconcile.inputs import Inputs
from topics import catalog
from topics import records as r

PROOF = "corrections"


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for every charge of a later version and for everything that is taken back."""
    charges: dict[str, r.Charge] = {}
    standing: dict[tuple[str, str], tuple[str, int]] = {}
    """Of each CDR the entry of the charge that stands, and the highest version that was taken."""
    is_whole = evidence.books.is_whole(catalog.LEDGER.name)
    later = _later(evidence)
    for offset, entry in evidence.books.ledger.items():
        if entry.kind not in ("charge", "charge_reversed") or _name(entry) not in later:
            continue
        stands, highest = standing.get(_name(entry), ("", 0))
        complaints = list(_allowed(evidence, entry))
        if entry.kind == "charge_reversed":
            version, taken = entry.by_version, entry.by_version if entry.by == "void" else highest
            complaints += _taken_back(entry, charges.pop(entry.reverses, None), is_whole=is_whole)
            standing[_name(entry)] = ("", taken)
        else:
            version = entry.version
            if stands:
                complaints.append(Complaint("cdr_id, stands", f"{stands}, alone", entry.entry_id))
            charges[entry.entry_id] = entry
            standing[_name(entry)] = (entry.entry_id, version)
        if version <= highest:
            complaints.append(Complaint("version", f"above {highest}, taken before", version))
        for wrong in complaints:
            yield evidence.differ(PROOF, catalog.LEDGER.name, offset, entry.tenant_id, wrong)


def _name(entry: Any) -> tuple[str, str]:
    return entry.tenant_id, entry.cdr_id


def _later(evidence: Inputs) -> set[tuple[str, str]]:
    """Return the CDRs of which there is more than a first version."""
    return {
        _name(entry)
        for entry in evidence.books.ledger.values()
        if entry.kind == "charge_reversed" or (entry.kind == "charge" and entry.version > 1)
    }


def _allowed(evidence: Inputs, entry: Any) -> Iterator[Complaint]:
    """Hold an entry against the settings: whether corrections are taken.

    One that waited was taken when it came, and is given for free though they are not taken any more.
    """
    if entry.kind == "charge" and entry.version == 1:
        return
    if is_freed(entry):
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
