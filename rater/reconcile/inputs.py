"""Inputs: what the proofs of one partition share: the books, the folded ledger, the batches and their outcomes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rater.reconcile.difference import Complaint, Difference, difference
from rater.reconcile.folds.batches import Batches
from rater.reconcile.folds.books import (
    CDRS,
    SOURCES,
    UNASKED,
    Books,
    read_books,
)
from rater.reconcile.folds.causes import is_by_command
from rater.reconcile.folds.deck_versions import DeckVersions
from rater.reconcile.folds.kept import Kept
from rater.reconcile.folds.ledger import Ledger, fold
from rater.reconcile.folds.past import Past
from rater.reconcile.folds.plan_versions import PlanVersions
from rater.reconcile.folds.published import Published
from rater.reconcile.folds.settings_versions import SettingsVersions
from rater.reconcile.reading.log import Log
from rater.reconcile.reading.sources import DAY_MS
from rater.reconcile.recharge_inputs import RechargeInputs, gather_recharge
from topics import catalog
from topics import records as r


class Outcome(NamedTuple):
    """What a source record came to: its name as manifests count it, and the record that says so."""

    name: str
    topic: str
    offset: int


FORGOTTEN = frozenset(("too_old", "in_future", "conflict"))
"""Reasons of suspense whose id is not remembered: another copy of the CDR is no duplicate, and may be charged."""

LETTERS = (catalog.DEAD.name, catalog.RECHARGE_DEAD.name)
"""Where dead letters lie."""
Outcomes = dict[int, list[Outcome]]
"""By source offset; a record that was a duplicate, or a timer's command with nothing to do, has none."""


def is_forgotten(suspended: r.Suspended) -> bool:
    """Say whether the id of a record in suspense is not remembered.

    Of what only its key leads astray it is not, either: written again it comes to the same partition.
    """
    is_here = suspended.belongs_to_partition == suspended.source_partition
    return suspended.reason in FORGOTTEN or (suspended.reason == "misrouted" and is_here)


@dataclass(slots=True)
class Inputs:
    """All that is known of one partition."""

    books: Books
    ledger: Ledger
    shelf: DeckVersions
    settings: SettingsVersions
    plans: PlanVersions
    batches: dict[str, Batches]
    kept: Kept
    outcomes: dict[str, Outcomes]
    recharge: RechargeInputs
    past: Past
    entries_from: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    """Offsets of the ledger entries that a source record caused."""
    credits: dict[tuple[str, str], list[tuple[int, Any]]] = field(default_factory=dict)
    """The ledger entries of recharge's money by tenant and lot, with their offsets."""
    refusals: dict[tuple[str, str], tuple[int, r.CommandRejected]] = field(default_factory=dict)
    """The first refusal of recharge's own credit, likewise."""
    letters: dict[tuple[str, int], r.Dead] = field(default_factory=dict)
    """The dead letters of all services by topic and offset."""

    def proven_from(self, source: str) -> int | None:
        """Return the source offset from which on batches must cover every outcome; None: nowhere."""
        if self.books.is_whole(catalog.BATCHES_CHANGELOG.name) or self.books.log.is_continued:
            return 0
        return self.batches[source].first_offset

    def is_before_beginning(self, tenant_id: str, seq: int) -> bool:
        """Say whether a number of an account lies before its beginning, the entries of that time being deleted."""
        account = self.ledger.accounts.get(tenant_id)
        first = None if account is None else account.first
        return not self.ledger.is_whole and (first is None or seq < first)

    def may_be_repeated(self, at_ms: int) -> bool:
        """Say whether a record may be the copy of one, or older than one, of which all that is said is deleted."""
        window_ms = max(each.window_days for each in self.settings.possible(at_ms)) * DAY_MS
        topics = (catalog.LEDGER.name, catalog.SUSPENSE.name)
        return not all(self.kept.has_since(topic, at_ms - window_ms) for topic in topics)

    def differ(
        self, proof: str, topic: str, offset: int | None, key: bytes | str | None, wrong: Complaint
    ) -> Difference:
        """Make a difference in this partition."""
        return difference(proof, (topic, self.books.partition, offset), key, wrong)


def gather(log: Log, published: Published, past: Past | None = None) -> Inputs:
    """Decode and fold a log; `past`: what the logs came to which it continues."""
    books = read_books(log)
    past = Past() if past is None else past
    batches = {source: Batches(books.manifests.get(source, [])) for source in SOURCES}
    evidence = Inputs(
        books,
        fold(books, published, past),
        published.shelf,
        published.settings,
        published.plans,
        batches,
        Kept(books, batches),
        {source: {} for source in SOURCES},
        gather_recharge(log),
        past,
    )
    for topic, letters in zip(LETTERS, (books.dead, evidence.recharge.books.letters), strict=True):
        evidence.letters.update({(topic, record.offset): dead for record, dead in letters})
    for source, offset, outcome in _outcomes(books):
        evidence.outcomes.setdefault(source, {}).setdefault(offset, []).append(outcome)
    for offset, entry in books.ledger.items():
        caused = (entry.source_topic, entry.source_offset)
        evidence.entries_from.setdefault(caused, []).append(offset)
        if entry.kind == "funds_added" and entry.recharge_seq is not None:
            lot = (entry.tenant_id, entry.lot.lot_id)
            evidence.credits.setdefault(lot, []).append((offset, entry))
        if entry.kind == "command_rejected" and is_own_credit(entry.command_id, entry):
            lot = (entry.tenant_id, entry.lot_id or "")
            evidence.refusals.setdefault(lot, (offset, entry))
    return evidence


def is_own_credit(command_id: str, refused: Any) -> bool:
    """Say whether what was refused is the credit that recharge itself asked for; others may name its lot."""
    payment = refused.payment_command_id
    return payment is not None and command_id == f"credit/{payment}"


def _outcomes(books: Books) -> Iterator[tuple[str, int, Outcome]]:
    """Yield source topic, source offset and outcome of everything that was written."""
    ledger = catalog.LEDGER.name
    for offset, entry in books.ledger.items():
        if is_by_command(entry):
            # Of its CDR the suspense record is what came, or its first charge.
            yield entry.source_topic, entry.source_offset, Outcome("accepted", ledger, offset)
        elif entry.kind == "charge":
            yield CDRS, entry.source_offset, Outcome(entry.outcome, ledger, offset)
        elif entry.kind == "charge_reversed":
            # Taken back by a correction or a re-rating, it comes with that one's charge.
            if entry.by == "void":
                yield CDRS, entry.source_offset, Outcome("voided", ledger, offset)
        elif entry.kind == "command_rejected":
            yield (
                entry.source_topic,
                entry.source_offset,
                Outcome(f"rejected.{entry.reason}", ledger, offset),
            )
        elif entry.kind not in UNASKED:
            yield entry.source_topic, entry.source_offset, Outcome("accepted", ledger, offset)
    for record, suspended in books.suspense:
        name = f"suspended.{suspended.reason}"
        place = suspended.source_offset
        yield suspended.source_topic, place, Outcome(name, catalog.SUSPENSE.name, record.offset)
    for record, dead in books.dead:
        name = f"dead.{dead.reason}"
        yield dead.source_topic, dead.source_offset, Outcome(name, catalog.DEAD.name, record.offset)
