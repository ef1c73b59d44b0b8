"""Chain: the batches of a source follow one another without overlap or gap, and count what they read and wrote (I2).

Source offsets that no record has (transaction markers, compaction) may lie between two batches. What retention has
deleted, of the manifests or of the source, is passed over: the report says from where on the proof holds.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.books import CDRS, ORDERS, SOURCES, UNNUMBERED, Manifest
from rater.reconcile.folds.threshold_events import REFUSED
from rater.reconcile.inputs import Inputs
from topics import catalog

PROOF = "batches"
TOPIC = catalog.BATCHES_CHANGELOG.name

_UNSEEN = {
    CDRS: ("duplicate", "skipped", "superseded", "voided"),
    **dict.fromkeys(ORDERS, ("duplicate", "skipped", "accepted")),
}
"""Outcomes that may leave no record behind; `remembered` counts those accepted, `versions` what later ones replace."""


@dataclass(slots=True)
class ReadTo:
    """Where the batches before ended, by source, and the time of the stream by then; None: it is not known."""

    ends: dict[str, int] = field(default_factory=dict)
    latest_ms: int | None = None


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for every source topic."""
    for source in SOURCES:
        yield from _prove_source(evidence, source)
    yield from _prove_times(evidence)


def _prove_source(evidence: Inputs, source: str) -> Iterator[Difference]:
    manifests = evidence.batches[source].manifests
    offsets = sorted(evidence.books.sources[source])
    counted = _count(evidence, source)
    written = _written(evidence, source)
    ends = _read_to(evidence).ends
    end = ends.get(source, 0 if evidence.books.is_whole(TOPIC) else None)
    unknown = _unknown_events(evidence, source)
    for index, manifest in enumerate(manifests):
        complaints = [
            *follow(manifest, end, offsets),
            *_add_up(evidence, manifest, offsets, counted[index]),
            *_hold_written(evidence, manifest, written[index], unknown),
        ]
        end = max(end or 0, manifest.header.next_offset)
        for wrong in complaints:
            yield evidence.differ(PROOF, TOPIC, manifest.offset, source, wrong)
    if end is not None:
        ends[source] = end


def _read_to(evidence: Inputs) -> ReadTo:
    return evidence.past.of(PROOF, ReadTo)


def between(offsets: Sequence[int], first: int, end: int) -> Sequence[int]:
    """Return the source records from `first` up to but not including `end`."""
    return offsets[bisect_left(offsets, first) : bisect_left(offsets, end)]


def follow(manifest: Manifest, end: int | None, offsets: Sequence[int]) -> Iterator[Complaint]:
    """Hold a batch against the end of the one before; None: it is the first that is known."""
    header = manifest.header
    if header.next_offset <= header.first_offset:
        yield Complaint("next_offset", f"above {header.first_offset}", header.next_offset)
    if end is None:
        return
    if header.first_offset < end:
        yield Complaint(
            "first_offset", f"at least {end}, where the last batch ended", header.first_offset
        )
    elif left_out := between(offsets, end, header.first_offset):
        gap = f"no record between {end} and {header.first_offset}"
        yield Complaint("first_offset", gap, f"{len(left_out)}, the first at {left_out[0]}")


def _add_up(
    evidence: Inputs, manifest: Manifest, offsets: Sequence[int], counted: Counter[str]
) -> Iterator[Complaint]:
    """Hold the counts of a batch against the records read and the outcomes found."""
    header = manifest.header
    total = sum(header.outcomes.values())
    if total != header.records:
        yield Complaint("outcomes", f"{header.records} in all, as many as records", total)
    source = header.source_topic
    if header.first_offset >= evidence.books.start(source):
        read = len(between(offsets, header.first_offset, header.next_offset))
        if read != header.records:
            yield Complaint(
                "records", f"{read}, as many as the source has in the range", header.records
            )
    gone = _may_be_gone(evidence, manifest)
    unseen = _UNSEEN[source]
    for name in sorted(header.outcomes.keys() | counted.keys()):
        if name in unseen or name.startswith(gone):
            continue
        if header.outcomes.get(name, 0) != counted[name]:
            found = header.outcomes.get(name, 0)
            yield Complaint(f"outcomes.{name}", f"{counted[name]}, as many as were written", found)


def _may_be_gone(evidence: Inputs, manifest: Manifest) -> tuple[str, ...]:
    """Return the beginnings of outcomes whose records retention may have deleted."""
    return tuple(
        beginning
        for beginning, topic in (
            ("rated", catalog.LEDGER),
            ("free", catalog.LEDGER),
            ("rejected.", catalog.LEDGER),
            ("suspended.", catalog.SUSPENSE),
            ("dead.", catalog.DEAD),
        )
        if manifest.offset <= evidence.kept.after[topic.name]
    )


def _count(evidence: Inputs, source: str) -> list[Counter[str]]:
    """Count the outcomes found, batch by batch."""
    batches = evidence.batches[source]
    counts: list[Counter[str]] = [Counter() for _ in batches.manifests]
    for offset, outcomes in evidence.outcomes[source].items():
        index = batches.locate(offset)
        if index is not None:
            counts[index].update(outcome.name for outcome in outcomes)
    return counts


def _written(evidence: Inputs, source: str) -> list[Counter[str]]:
    """Count the entries found and the events that they imply, batch by batch."""
    batches = evidence.batches[source]
    counts: list[Counter[str]] = [Counter() for _ in batches.manifests]
    place: dict[tuple[str, int], int] = {}
    for entry in evidence.books.ledger.values():
        if entry.source_topic != source:
            continue
        index = batches.locate(entry.source_offset)
        if index is not None:
            counts[index]["ledger"] += 1
            if entry.kind not in UNNUMBERED:
                place[entry.tenant_id, entry.seq] = index
    for edge in evidence.ledger.edges:
        index = place.get((edge.tenant_id, edge.seq)) if edge.kind != REFUSED else None
        if index is not None:
            counts[index]["events"] += 1
    for refusal in evidence.ledger.refused_credits:
        index = batches.locate(refusal.source_offset) if refusal.source_topic == source else None
        if index is not None:
            counts[index]["events"] += 1
    return counts


def _unknown_events(evidence: Inputs, source: str) -> set[int]:
    """Return the manifests of a source of which it is not known what events they imply."""
    batches = evidence.batches[source]
    manifests = batches.manifests
    if any(account.has_gaps for account in evidence.ledger.accounts.values()):
        return {manifest.offset for manifest in manifests}
    unknown = set()
    for offset in evidence.ledger.passed_over:
        entry = evidence.books.ledger[offset]
        index = batches.locate(entry.source_offset) if entry.source_topic == source else None
        if index is not None:
            unknown.add(manifests[index].offset)
    return unknown


def _hold_written(
    evidence: Inputs, manifest: Manifest, written: Counter[str], unknown: set[int]
) -> Iterator[Complaint]:
    header = manifest.header
    if manifest.offset <= evidence.kept.after[catalog.LEDGER.name]:
        return
    if header.ledger != written["ledger"]:
        yield Complaint("ledger", f"{written['ledger']} entries found", header.ledger)
    if manifest.offset not in unknown and header.events != written["events"]:
        yield Complaint("events", f"{written['events']} events implied", header.events)


def _prove_times(evidence: Inputs) -> Iterator[Difference]:
    """Hold each batch's stream time against the records read so far, of all sources together."""
    manifests = [m for batches in evidence.batches.values() for m in batches.manifests]
    before = _read_to(evidence)
    latest = 0 if evidence.books.is_whole(TOPIC) else before.latest_ms
    for manifest in sorted(manifests, key=lambda m: m.offset):
        header = manifest.header
        if header.first_offset < evidence.books.start(header.source_topic):
            latest = None
        read = _latest(evidence, manifest)
        if latest is not None and header.at_ms != max(latest, read):
            wrong = Complaint("at_ms", max(latest, read), header.at_ms)
            yield evidence.differ(PROOF, TOPIC, manifest.offset, header.source_topic, wrong)
        latest = max(header.at_ms, read)
    before.latest_ms = latest


def _latest(evidence: Inputs, manifest: Manifest) -> int:
    """Return the highest time of a batch's records; unreadable CDRs do not count."""
    header = manifest.header
    source, outcomes = evidence.books.sources[header.source_topic], evidence.outcomes
    latest = 0
    for offset in range(header.first_offset, header.next_offset):
        record = source.get(offset)
        if record is None or record.at_ms <= latest:
            continue
        if header.source_topic == CDRS and any(
            outcome.topic == catalog.DEAD.name for outcome in outcomes[CDRS].get(offset, ())
        ):
            continue
        latest = record.at_ms
    return latest
