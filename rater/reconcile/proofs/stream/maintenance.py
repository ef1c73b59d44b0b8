"""Maintenance: no CDR was charged while the charging settings held charging of all tenants.

Proven of each entry that a CDR brought about, by the time at which Kafka has it: the worker's own clock, by which it
holds CDRs back. A step that was at work when the stop began may end in it; that takes a minute at most. What waited is
charged afterwards, by the CDRs' own times, as the other proofs say.

Where a version was dated back it is believed either way until all know it.
"""

from collections.abc import Iterator
from typing import Final

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.books import CDRS
from rater.reconcile.inputs import Inputs
from topics import catalog

PROOF = "charging held"
LEDGER: Final = catalog.LEDGER.name
AT_WORK_MS: Final = 60_000
"""So long a step may take that had begun."""


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for every entry of a CDR that is left."""
    if not any(version.charging_held for version in evidence.settings.versions):
        return
    ledger = evidence.books.ledger
    for record in evidence.books.log.slice(LEDGER).records:
        entry = ledger.get(record.offset)
        if entry is None or entry.source_topic != CDRS:
            continue
        if was_held(evidence, record.at_ms):
            wrong = Complaint("time of the record", "not while charging is held", record.at_ms)
            yield evidence.differ(PROOF, LEDGER, record.offset, record.key, wrong)


def was_held(evidence: Inputs, at_ms: int) -> bool:
    """Say whether charging was held at an instant and for all of the minute before, whichever version a worker knew."""
    settings = evidence.settings
    begins_ms = at_ms - AT_WORK_MS
    turns = (each.valid_from_ms for each in settings.versions)
    instants = [at_ms, begins_ms, *(turn for turn in turns if begins_ms < turn < at_ms)]
    return all(v.charging_held for instant in instants for v in settings.possible(instant))
