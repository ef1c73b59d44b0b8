"""Recharge chain: the steps of recharge follow one another without overlap or gap, and count what they read and wrote.

For each of the three topics that recharge reads: every record up to the end of what was applied is in one step; its
outcomes add up to its records; its dead and quarantined are as many as lie on `recharge.dead.v1` and
`payment.quarantine.v1` of its range; the payment commands of all steps are as many as lie on `payment.commands.v1`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.batches import Batches
from rater.reconcile.folds.recharge_books import HEARD, MANIFESTS, PAYMENTS, RESULTS
from rater.reconcile.inputs import Inputs
from rater.reconcile.proofs.stream.chain import between, follow
from topics import catalog
from topics import records as r

PROOF = "recharge batches"


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it from the first manifest that is left on."""
    if not evidence.recharge.books.is_running:
        return
    for source in HEARD:
        yield from _prove_source(evidence, source)
    if evidence.recharge.payment_steps is None:
        books = evidence.recharge.books
        told = sum(manifest.header.events for manifest in books.steps)
        wrong = Complaint(
            "events", f"{told} payment commands, as the steps say", len(books.payments)
        )
        yield evidence.differ(PROOF, PAYMENTS, None, None, wrong)


def _prove_source(evidence: Inputs, source: str) -> Iterator[Difference]:
    records = evidence.recharge.books.sources[source]
    batches = evidence.recharge.batches[source]
    offsets = sorted(records)
    counted = _count(evidence, source, batches)
    end = 0 if evidence.books.is_whole(MANIFESTS) else None
    for index, manifest in enumerate(batches.manifests):
        header = manifest.header
        complaints = [
            *follow(manifest, end, offsets),
            *_add_up(evidence, header, offsets),
            *_hold_counts(evidence, header, counted[index]),
        ]
        end = max(end or 0, header.next_offset)
        for wrong in complaints:
            yield evidence.differ(PROOF, MANIFESTS, manifest.offset, source, wrong)


def _add_up(
    evidence: Inputs, header: r.BatchManifest, offsets: Sequence[int]
) -> Iterator[Complaint]:
    """Hold the numbers of a step against the records that it read."""
    total = sum(header.outcomes.values())
    if total != header.records:
        yield Complaint("outcomes", f"{header.records} in all, as many as records", total)
    source = header.source_topic
    if header.first_offset < evidence.books.start(source):
        return
    read = between(offsets, header.first_offset, header.next_offset)
    if len(read) != header.records:
        right = f"{len(read)}, as many as the source has in the range"
        yield Complaint("records", right, header.records)
    records = evidence.recharge.books.sources[source]
    latest = max((0, *(records[at].at_ms for at in read)))
    if latest != header.at_ms:
        yield Complaint("at_ms", latest, header.at_ms)


def _count(evidence: Inputs, source: str, batches: Batches) -> list[Counter[str]]:
    """Count what lies in quarantine and among the dead letters, step by step."""
    counts: list[Counter[str]] = [Counter() for _ in batches.manifests]
    books = evidence.recharge.books
    places = [(d.source_topic, d.source_offset, f"dead.{d.reason}") for _, d in books.dead]
    places += [
        (each.source_topic, each.source_offset, f"quarantined.{each.reason}")
        for _, each in books.quarantine
    ]
    for topic, offset, name in places:
        index = batches.locate(offset) if topic == source else None
        if index is not None:
            counts[index][name] += 1
    return counts


def _hold_counts(
    evidence: Inputs, header: r.BatchManifest, counted: Counter[str]
) -> Iterator[Complaint]:
    gone = tuple(
        beginning
        for beginning, topic in (
            ("dead.", catalog.RECHARGE_DEAD),
            ("quarantined.", catalog.PAYMENT_QUARANTINE),
        )
        if not evidence.books.is_whole(topic.name)
    )
    told = {n for n in header.outcomes if n.startswith(("dead.", "quarantined."))}
    for name in sorted(told | counted.keys()):
        found = header.outcomes.get(name, 0)
        if not name.startswith(gone or ("-",)) and found != counted[name]:
            yield Complaint(f"outcomes.{name}", f"{counted[name]}, as many as were written", found)
    if header.source_topic == RESULTS and header.first_offset >= evidence.books.start(RESULTS):
        yield from _hold_captures(evidence, header)


def _hold_captures(evidence: Inputs, header: r.BatchManifest) -> Iterator[Complaint]:
    """Hold the number of captures of a step against the results that it read."""
    fates = evidence.recharge.fates
    span = range(header.first_offset, header.next_offset)
    found = [fates[offset].name for offset in span if offset in fates]
    told = header.outcomes.get("captured", 0) + header.outcomes.get("captured_late", 0)
    if "unsure" not in found and found.count("captured") != told:
        right = f"{found.count('captured')}, as many as were captured"
        yield Complaint("outcomes.captured", right, told)
