"""Running sums: what manifests say is held and was moved is what the ledger says, step by step and at the end (A87).

From one manifest to the next each sum changes by what the entries of the batch move; what is held is the opening and
all that came, less what went; the number of the step goes up by one. At the end what is held is what the folded
accounts hold, which proves the opening, too, as far as all of them are known.

Where older manifests are deleted, the first that is left is what the next ones go on from: of its own step only the end
of the ledger is proven.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.books import Manifest
from rater.reconcile.folds.moved import (
    CAME,
    HELD,
    IN_GRACE,
    OPENING,
    SUMS,
    WENT,
    Moved,
    add_moved,
)
from rater.reconcile.inputs import Inputs
from topics import catalog
from topics.records.running_sums import CurrencySums, RunningSums

PROOF = "running sums"
TOPIC = catalog.BATCHES_CHANGELOG.name

_NOTHING = CurrencySums(held_micros=0)


@dataclass(slots=True)
class Before:
    """The last manifest before the log, without its ids; None: it is not known."""

    manifest: Manifest | None = None


class _Batch:
    """What the ledger has of a batch."""

    def __init__(self) -> None:
        self.entries = 0
        self.last_offset = -1
        self.moved: dict[str, Moved] = {}


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for the manifests of all sources together, in the order of the log."""
    manifests = [m for batches in evidence.batches.values() for m in batches.manifests]
    found = _found(evidence)
    kept = evidence.past.of(PROOF, Before)
    before = kept.manifest
    for manifest in sorted(manifests, key=lambda each: each.offset):
        batch = found.get(manifest.offset, _Batch())
        if (sums := manifest.header.sums) is not None:
            held = _add_up(sums), _step(evidence, manifest, before, batch)
            for wrong in chain.from_iterable(held):
                source = manifest.header.source_topic
                yield evidence.differ(PROOF, TOPIC, manifest.offset, source, wrong)
        before = manifest
    kept.manifest = None if before is None else before._replace(ids=b"")
    # Of a log that goes on from another, what was held then was proven, and each step since.
    is_end = not evidence.books.log.is_continued
    if is_end and before is not None and before.header.sums is not None:
        for wrong in _hold_at_the_end(evidence, before.header.sums):
            source = before.header.source_topic
            yield evidence.differ(PROOF, TOPIC, before.offset, source, wrong)


def _found(evidence: Inputs) -> dict[int, _Batch]:
    """Return what the entries of each batch move, by the offset of its manifest."""
    found: dict[int, _Batch] = {}
    for offset, entry in evidence.books.ledger.items():
        batches = evidence.batches.get(entry.source_topic)
        index = None if batches is None else batches.locate(entry.source_offset)
        if batches is None or index is None:
            continue
        batch = found.setdefault(batches.manifests[index].offset, _Batch())
        batch.entries += 1
        batch.last_offset = max(batch.last_offset, offset)
        if not (entry.kind == "command_rejected" or entry.kind == "call_dropped"):  # noqa: PLR1714
            add_moved(batch.moved.setdefault(entry.currency, Counter()), entry)
    return found


def _add_up(sums: RunningSums) -> Iterator[Complaint]:
    """Hold what is held against the opening and what came and went."""
    for currency, each in sums.currencies.items():
        came = sum(getattr(each, name) for name in (OPENING, *CAME))
        held = came - sum(getattr(each, name) for name in WENT)
        if each.held_micros != held:
            yield Complaint(_field(currency, HELD), held, each.held_micros)


def unproven(evidence: Inputs) -> Iterator[str]:
    """Say which steps are not proven, since what they go on from, or what they are of, is deleted."""
    manifests = [m for batches in evidence.batches.values() for m in batches.manifests]
    where = f"{TOPIC}/{evidence.books.partition}: running sums"
    first = min(manifests, key=lambda each: each.offset, default=None)
    if first is not None and _is_without_before(evidence, first, None):
        yield f"{where} are proven from those of offset {first.offset} on, older manifests are deleted"
    if gone := sum(_is_gone(evidence, each) for each in manifests):
        yield f"{where} of {gone:,} batches: their ledger entries are deleted"


def _is_gone(evidence: Inputs, manifest: Manifest) -> bool:
    """Say whether ledger entries of a batch may be deleted."""
    return manifest.offset <= evidence.kept.after[catalog.LEDGER.name]


def _is_without_before(evidence: Inputs, manifest: Manifest, before: Manifest | None) -> bool:
    """Say whether the manifest that a step goes on from is deleted: sums that say that they begin have none."""
    sums = manifest.header.sums
    is_deleted = before is None and not evidence.books.is_whole(TOPIC)
    return is_deleted and sums is not None and sums.step != 1


def _step(
    evidence: Inputs, manifest: Manifest, before: Manifest | None, batch: _Batch
) -> Iterator[Complaint]:
    """Hold a step against the one before it, and against the entries of its batch, where all of them are there."""
    has_all = not _is_gone(evidence, manifest) and batch.entries == manifest.header.ledger
    sums, known = manifest.header.sums, None if before is None else before.header.sums
    if sums is None:
        return
    if _is_without_before(evidence, manifest, before):
        if has_all and batch.entries:
            yield from _hold_end(sums, batch.last_offset + 1)
        return
    yield from _number(sums, known)
    if has_all:
        yield from _hold(sums, known, batch)


def _number(sums: RunningSums, known: RunningSums | None) -> Iterator[Complaint]:
    expected = 1 if known is None else known.step + 1
    if sums.step != expected:
        yield Complaint("sums.step", expected, sums.step)


def _hold_end(sums: RunningSums, end: int | None) -> Iterator[Complaint]:
    if sums.ledger_next_offset != end:
        yield Complaint("sums.ledger_next_offset", end, sums.ledger_next_offset)


def _hold(sums: RunningSums, known: RunningSums | None, batch: _Batch) -> Iterator[Complaint]:
    """Hold the change from the sums before against the entries of the batch."""
    is_opening = known is None
    if known is None:
        # They begin here: what was there before is the opening, which the end proves.
        opening = {
            currency: CurrencySums(each.opening_micros, opening_micros=each.opening_micros)
            for currency, each in sums.currencies.items()
        }
        known = RunningSums(0, opening)
    yield from _hold_end(
        sums, known.ledger_next_offset if batch.last_offset < 0 else batch.last_offset + 1
    )
    for currency in sorted(known.currencies.keys() | sums.currencies.keys() | batch.moved.keys()):
        moved = batch.moved.get(currency, Counter())
        yield from _hold_currency(currency, known.currencies, sums.currencies, moved, is_opening)


def _hold_currency(
    currency: str,
    known: Mapping[str, CurrencySums],
    sums: Mapping[str, CurrencySums],
    moved: Moved,
    is_opening: bool,  # noqa: FBT001
) -> Iterator[Complaint]:
    first, last = known.get(currency, _NOTHING), sums.get(currency, _NOTHING)
    for name in SUMS:
        if is_opening and name == IN_GRACE:
            # What was in grace before is not said apart.
            continue
        expected = getattr(first, name) + moved[name]
        if getattr(last, name) != expected:
            yield Complaint(_field(currency, name), expected, getattr(last, name))
    if first.opening_micros != last.opening_micros:
        yield Complaint(_field(currency, OPENING), first.opening_micros, last.opening_micros)


def _hold_at_the_end(evidence: Inputs, sums: RunningSums) -> Iterator[Complaint]:
    """Hold the last sums against the accounts as the ledger leads to them, where all are known."""
    folded, end = evidence.ledger.accounts, sums.ledger_next_offset
    if any(offset >= (end or 0) for offset in evidence.books.ledger):
        # Of a batch that was still at work when its manifest was asked for; `batches` says so where it is no such.
        return
    if any(tenant not in folded for tenant in evidence.books.accounts):
        return
    if any(each.has_gaps or not each.purse.is_certain for each in folded.values()):
        return
    held: Counter[str] = Counter()
    in_grace: Counter[str] = Counter()
    for account in folded.values():
        currency = account.credits.currency or ""
        part = account.purse.in_grace
        held[currency] += account.purse.balance + part
        in_grace[currency] += part
    for currency in sorted(held.keys() | sums.currencies.keys()):
        each = sums.currencies.get(currency, _NOTHING)
        expected = (held[currency], in_grace[currency])
        found = (each.held_micros, each.in_grace_micros)
        if expected != found:
            yield Complaint(_field(currency, "held_micros, in_grace_micros"), expected, found)


def _field(currency: str, name: str) -> str:
    return f"sums.currencies.{currency}.{name}"
