"""Versions: what came after a later version of its CDR is counted so: `voided`, where a void stood, else `superseded`.

Such a record leaves nothing behind but that count. A second copy of what was taken is a duplicate; where the window may
have forgotten the first copy, it may be either.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.books import CDRS
from rater.reconcile.folds.causes import cdr_offset_of, is_rerated
from rater.reconcile.inputs import Inputs, is_forgotten
from rater.reconcile.reading.sources import DAY_MS, SourceCdr
from topics import catalog
from topics.records import Charge, ChargeReversed

PROOF = "versions"
TOPIC = catalog.BATCHES_CHANGELOG.name

_Turn = tuple[int, int]
"""When something was taken: where the manifest of its batch lies, and in the batch the offset of its record."""


class _Said(NamedTuple):
    """A version of a CDR that was taken: when, the offset of its CDR, the version, and whether it is a void."""

    turn: _Turn
    place: int
    version: int
    is_void: bool


_Taken = dict[tuple[str, str], list[_Said]]


@dataclass(slots=True)
class _Counts:
    """What a batch of CDRs must count."""

    least: Counter[str] = field(default_factory=Counter)
    either: int = 0
    """Records beside those which may be duplicates, or came after a later version."""


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for every batch of CDRs of which all that was written is there."""
    manifests = evidence.batches[CDRS].manifests
    for manifest, wanted in zip(manifests, _counts(evidence), strict=True):
        if _may_be_gone(evidence, manifest.offset, manifest.header.at_ms):
            continue
        for name in ("superseded", "voided"):
            found, least = manifest.header.outcomes.get(name, 0), wanted.least[name]
            if not least <= found <= least + wanted.either:
                expected = f"{least}, as many as came after a later version"
                wrong = Complaint(f"outcomes.{name}", expected, found)
                yield evidence.differ(PROOF, TOPIC, manifest.offset, CDRS, wrong)


def _counts(evidence: Inputs) -> list[_Counts]:
    """Return what every batch must count."""
    books, batches = evidence.books, evidence.batches[CDRS]
    counts = [_Counts() for _ in batches.manifests]
    for entry in books.ledger.values():
        if entry.kind == "charge_reversed" and entry.by == "void":
            index = batches.locate(entry.source_offset)
            if index is not None:
                counts[index].least["voided"] += 1
    taken, waits = _taken(evidence), _waits(evidence)
    for offset, cdr in books.cdrs.items():
        index = batches.locate(offset)
        if index is None or offset in evidence.outcomes[CDRS]:
            continue
        turn = batches.manifests[index].offset, offset
        before = [each for each in taken.get((cdr.tenant_id, cdr.cdr_id), ()) if each.turn < turn]
        if before and max(before).version >= cdr.version:
            since_ms = _came_ms(evidence, (before, waits), cdr, offset)
            if since_ms is None:
                counts[index].least["voided" if max(before).is_void else "superseded"] += 1
            elif books.sources[CDRS][offset].at_ms >= since_ms + DAY_MS:
                counts[index].either += 1
    return counts


def _may_be_gone(evidence: Inputs, offset: int, at_ms: int) -> bool:
    """Say whether something that counts for a batch, or that it repeats, may be deleted or of an earlier window."""
    kept = evidence.kept.after
    is_gone = any(offset <= kept[topic.name] for topic in (catalog.LEDGER, catalog.SUSPENSE))
    is_later = evidence.books.log.is_continued or not evidence.books.is_whole(CDRS)
    return is_gone or is_later or evidence.may_be_repeated(at_ms)


def _came_ms(
    evidence: Inputs,
    known: tuple[list[_Said], dict[tuple[str, str, int], int]],
    cdr: SourceCdr,
    offset: int,
) -> int | None:
    """Return when a first copy of a CDR ended, or came, if there is one before it; None: there is none."""
    before, waits = known
    places = [each.place for each in before if each.version == cdr.version]
    waited = waits.get((cdr.tenant_id, cdr.cdr_id, cdr.version))
    if waited is not None and waited < offset:
        places.append(waited)
    return min((evidence.books.cdrs[place].ended_ms for place in places), default=None)


def _taken(evidence: Inputs) -> _Taken:
    """Return what was charged or void of every CDR with a later version."""
    taken: _Taken = {}
    for entry in evidence.books.ledger.values():
        if is_rerated(entry):
            continue
        if entry.kind == "charge":
            place, version, is_void = cdr_offset_of(entry), entry.version, entry.reason == "voided"
        elif entry.kind == "charge_reversed" and entry.by == "void":
            place, version, is_void = entry.source_offset, entry.by_version, True
        else:
            continue
        said = _Said(_turn(evidence, entry), place, version, is_void)
        taken.setdefault((entry.tenant_id, entry.cdr_id), []).append(said)
    return {name: each for name, each in taken.items() if any(said.version > 1 for said in each)}


def _turn(evidence: Inputs, entry: Charge | ChargeReversed) -> _Turn:
    """Return when an entry was written: of a call that had waited, when the command was obeyed."""
    batches = evidence.batches[entry.source_topic]
    index = batches.locate(entry.source_offset)
    return (-1 if index is None else batches.manifests[index].offset), entry.source_offset


def _waits(evidence: Inputs) -> dict[tuple[str, str, int], int]:
    """Return where the CDR lies of which each version came to wait first."""
    waits: dict[tuple[str, str, int], int] = {}
    for _, each in evidence.books.suspense:
        if not is_forgotten(each):
            name = (each.tenant_id, each.cdr_id, each.version)
            waits[name] = min(waits.get(name, each.source_offset), each.source_offset)
    return waits
