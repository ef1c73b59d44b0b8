"""Late money: the charge of a correction names what it replaces, taken back just before, or earlier by a void.

It counts for no limit of spending and no runway, so which charge names what decides about more than words.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from rater.reconcile.difference import Complaint
from rater.reconcile.folds.books import BalanceEntry
from rater.reconcile.folds.folded import Folded

Voids = dict[str, tuple[str, int, int]]
"""By what a void took back, or by its own entry where it found nothing: CDR, version and number of the void."""


def voids_of(entries: Iterable[Any]) -> Voids:
    """Return the voids among entries of a ledger."""
    voids: Voids = {}
    for entry in entries:
        if entry.kind == "charge" and entry.reason == "voided":
            voids[entry.entry_id] = (entry.cdr_id, entry.version, entry.seq)
        elif entry.kind == "charge_reversed" and entry.by == "void":
            voids[entry.reverses] = (entry.cdr_id, entry.by_version, entry.seq)
    return voids


def hold_correction(
    voids: Voids, account: Folded, entry: BalanceEntry, *, is_gone: bool
) -> Iterator[Complaint]:
    """Hold an entry against what was taken back; `is_gone`: what a charge names lies before all that is known."""
    if account.has_gaps:
        return
    found = (entry.reverses, entry.cdr_id, entry.version) if entry.kind == "charge" else None
    if account.halfway is not None:
        back = account.halfway[0]
        wanted = (back.reverses, back.cdr_id, back.by_version)
        where = (back.seq + 1, back.source_offset)
        if (found, entry.seq, entry.source_offset) != (wanted, *where):
            yield Complaint("kind", f"the charge of the correction before: {wanted}", found)
    elif entry.kind == "charge" and entry.reverses is not None and not is_gone:
        cdr_id, version, seq = voids.get(entry.reverses, ("", 0, 0))
        if not (cdr_id == entry.cdr_id and version < entry.version and seq < entry.seq):
            taken = "what was taken back just before, or by a void"
            yield Complaint("reverses", taken, entry.reverses)
