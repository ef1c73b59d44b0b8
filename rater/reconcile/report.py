"""Report: all proofs over all partitions, what they covered, and what they could not."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.books import CDRS, ORDERS, SOURCES
from rater.reconcile.folds.plan_strays import strays
from rater.reconcile.folds.pool_excess import excesses
from rater.reconcile.folds.published import Published
from rater.reconcile.folds.recharge_books import HEARD
from rater.reconcile.folds.replays import Replays
from rater.reconcile.inputs import Inputs, gather
from rater.reconcile.proofs.account import (
    accounts,
    bounds,
    events,
    lot_ids,
    open_suspense,
    statuses,
    user_counts,
    users,
)
from rater.reconcile.proofs.account import commands as orders
from rater.reconcile.proofs.pricing import charges, corrections, deck_warnings, paid, reratings
from rater.reconcile.proofs.recharge import (
    caps,
    consent,
    in_flight,
    maintenance,
    payments,
    quarantine,
    reversals,
)
from rater.reconcile.proofs.recharge import chain as recharge_chain
from rater.reconcile.proofs.recharge import notifications as notices
from rater.reconcile.proofs.recharge.sums import Sums, count_recharge, sum_recharge, waiting_offsets
from rater.reconcile.proofs.stream import (
    chain,
    completeness,
    letters_ended,
    remembered,
    running_sums,
    versions,
)
from rater.reconcile.proofs.stream import dead_letters as letters
from rater.reconcile.proofs.stream import maintenance as held_charging
from rater.reconcile.reading.log import Log
from rater.reconcile.wording import listed, money, noted, shown
from topics import catalog

Proof = Callable[[Inputs], Iterator[Difference]]

OF_CHARGING: tuple[Proof, ...] = (
    charges.prove,
    corrections.prove,
    reratings.prove,
    statuses.prove,
    accounts.prove,
    bounds.prove,
    chain.prove,
    completeness.prove,
    held_charging.prove,
    versions.prove,
    running_sums.prove,
    deck_warnings.prove,
    orders.prove,
    remembered.prove,
    lot_ids.prove,
    users.prove,
    open_suspense.prove,
    user_counts.prove,
    letters.prove,
    events.prove,
)
OF_RECHARGE: tuple[Proof, ...] = (
    payments.prove,
    reversals.prove,
    quarantine.prove,
    in_flight.prove,
    consent.prove,
    maintenance.prove,
    caps.prove,
    recharge_chain.prove,
    notices.prove,
)
PROOFS = (*OF_CHARGING, *OF_RECHARGE, letters_ended.prove)
"""Beside these, reading the books and folding the ledger prove something: records, keys, ledger, decks."""


@dataclass(slots=True)
class Report:
    """What was proven, counted over all partitions."""

    counts: Counter[str] = field(default_factory=Counter)
    sums: Sums = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    """Of source records, by the names that batch manifests use."""
    heard: Counter[str] = field(default_factory=Counter)
    """Of what recharge read, likewise."""
    waiting: Counter[str] = field(default_factory=Counter)
    """Source records that no batch has read yet, by topic."""
    unproven: list[str] = field(default_factory=list)
    excesses: list[str] = field(default_factory=list)
    """Pools that have paid more than their licences come to now: no difference, but to be known."""
    strays: list[str] = field(default_factory=list)
    """Plans that are held and that the latest catalog does not have: likewise."""
    differences: list[Difference] = field(default_factory=list)
    replays: Replays = field(default_factory=Replays)
    """What ends of dead letters say of other partitions: held against them in `conclude`."""

    @property
    def is_clean(self) -> bool:
        """Say whether nothing differs."""
        return not self.differences

    def as_dict(self) -> dict[str, Any]:
        """Return the verdict as one JSON object."""
        return {
            "verdict": "clean" if self.is_clean else "different",
            "counts": dict(sorted(self.counts.items())),
            "sums": [
                {"what": what, "currency": currency, "micros": micros}
                for (what, currency), micros in sorted(self.sums.items())
            ],
            "outcomes": dict(sorted(self.outcomes.items())),
            "heard": dict(sorted(self.heard.items())),
            "waiting": dict(sorted(self.waiting.items())),
            "unproven": self.unproven,
            "excesses": self.excesses,
            "strays": self.strays,
            "differences": [difference._asdict() for difference in self.differences],
        }

    def lines(self) -> Iterator[str]:
        """Yield the verdict as text."""
        names = [*self.counts, *(what for what, _ in self.sums)]
        width = max(map(len, names), default=0)
        for name, count in sorted(self.counts.items()):
            yield f"{name:<{width}}  {count:>12,}"
        for (what, currency), micros in sorted(self.sums.items()):
            yield f"{what:<{width}}  {money(micros):>12} {currency}"
        yield "what became of the source records: " + (listed(self.outcomes) or "nothing yet")
        if self.heard:
            yield "what became of what recharge read: " + listed(self.heard)
        for name, count in sorted(self.waiting.items()):
            yield f"not yet processed: {count:,} records of {name}"
        for note in self.unproven:
            yield f"not proven: {note}"
        yield from noted("paid beyond licences", self.excesses, "pools")
        yield from noted("held, but in no catalog", self.strays, "plans")
        yield from shown(self.differences)
        total = len(self.differences)
        yield "clean: no difference" if self.is_clean else f"{total:,} differences"


def begin(published: Published, replays: Replays | None = None) -> Report:
    """Return a verdict on decks, settings and plans alone; `replays` has been given all ends of dead letters."""
    verdict = Report(replays=replays or Replays())
    hold_published(verdict, published)
    return verdict


def hold_published(verdict: Report, published: Published) -> None:
    """Add to a verdict what differs in decks, settings and plans and is not in it yet, and how many there are."""
    shelf, settings, plans = published
    faults = [*shelf.faults, *settings.faults, *plans.faults]
    verdict.differences += [each for each in faults if each not in verdict.differences]
    verdict.counts["deck versions"] = len(shelf.versions)
    verdict.counts["settings versions"] = len(settings.versions)
    verdict.counts["plan versions"] = len(plans.versions)


def prove(
    verdict: Report,
    log: Log,
    published: Published,
    *,
    complete: bool = False,
) -> None:
    """Add a partition to a verdict; `complete`: records that no batch has read are a difference."""
    evidence = gather(log, published)
    verdict.differences += evidence.books.faults
    verdict.differences += evidence.ledger.faults
    verdict.differences += evidence.recharge.books.faults
    for proof in PROOFS:
        verdict.differences += proof(evidence)
    verdict.replays.look(log)
    verdict.replays.claim(letters_ended.claims(evidence))
    verdict.replays.unproven += letters_ended.unproven(evidence)
    _count(verdict, evidence)
    verdict.unproven += _unproven(evidence)
    verdict.excesses += _excesses(evidence, published)
    for tenant, account in evidence.ledger.accounts.items():
        verdict.strays += strays(tenant, account.contract, published.plans)
    unread = [(source, chain.PROOF, _waiting(evidence, source)) for source in SOURCES]
    unread += [(s, recharge_chain.PROOF, waiting_offsets(evidence, s)) for s in HEARD]
    for source, name, waiting in unread:
        if not waiting:
            continue
        verdict.waiting[source] += len(waiting)
        if complete:
            wrong = Complaint("processed", "every record", f"{len(waiting)} not yet")
            verdict.differences.append(evidence.differ(name, source, waiting[0], None, wrong))


def conclude(verdict: Report) -> None:
    """Add what is known when all partitions were proven."""
    verdict.differences += verdict.replays.settle()
    for what, count in sorted(verdict.replays.unproven.items()):
        verdict.unproven.append(f"{catalog.DEAD_ENDED.name}: {count:,} ends: {what}")


def _count(verdict: Report, evidence: Inputs) -> None:
    books = evidence.books
    verdict.counts.update(
        {
            "partitions": 1,
            "tenants": len(evidence.ledger.accounts),
            "ledger entries": len(books.ledger),
            "charges": sum(entry.kind == "charge" for entry in books.ledger.values()),
            paid.POOL_SECONDS: paid.count_pool_seconds(books.ledger.values()),
            "statuses": len(books.statuses),
            "balance events": len(books.events),
            "stored accounts": len(books.accounts),
            "batches": sum(map(len, books.manifests.values())),
            "source CDRs": len(books.sources[CDRS]),
            "source commands": sum(len(books.sources[name]) for name in ORDERS),
            "suspense records": len(books.suspense),
            "dead letters": len(books.dead),
        }
    )
    for manifests in books.manifests.values():
        for manifest in manifests:
            verdict.outcomes.update(manifest.header.outcomes)
    verdict.counts.update(count_recharge(evidence))
    verdict.counts.update(letters_ended.count_letters(evidence))
    verdict.sums.update(paid.sum_charges(books.ledger.values()))
    verdict.sums.update(sum_recharge(evidence))
    for manifest in evidence.recharge.books.steps:
        verdict.heard.update(manifest.header.outcomes)


def _waiting(evidence: Inputs, source: str) -> list[int]:
    """Return the source offsets beyond the last batch; where no batch is known any more, none."""
    batches = evidence.batches[source]
    if evidence.proven_from(source) is None:
        return []
    return [offset for offset in evidence.books.sources[source] if offset >= batches.next_offset]


def _unproven(evidence: Inputs) -> Iterator[str]:
    """Say what time has deleted, and what a difference found has made uncertain."""
    partition = evidence.books.partition
    for topic in catalog.CATALOG:
        if start := evidence.books.start(topic.name):
            yield f"{topic.name}/{partition}: proven from offset {start}, older records are deleted"
    for source, batches in evidence.batches.items():
        if not evidence.books.is_whole(catalog.BATCHES_CHANGELOG.name):
            first = batches.first_offset
            since = "not at all" if first is None else f"from offset {first}"
            yield f"{source}/{partition}: batches are proven {since}, older manifests are deleted"
    yield from running_sums.unproven(evidence)
    known = evidence.ledger.accounts
    if unbegun := [tenant for tenant in evidence.books.accounts if tenant not in known]:
        what = f"{len(unbegun):,} accounts: none of their months is left on the ledger"
        if not evidence.ledger.is_whole:
            yield f"{catalog.LEDGER.name}/{partition}: {what}"
    for tenant, account in evidence.ledger.accounts.items():
        if account.has_gaps or not account.purse.is_certain:
            yield f"{tenant}: lots and events after its first difference in the ledger"


def _excesses(evidence: Inputs, published: Published) -> Iterator[str]:
    for tenant, account in evidence.ledger.accounts.items():
        clocks = account.contract.clocks
        if clocks is not None and not account.has_gaps:
            yield from excesses(tenant, account.contract, clocks, published.plans)
