"""Recharge sums: what the verdict says of recharge: how many records, and the money captured, credited and waiting."""

from collections import Counter

from rater.reconcile.folds.recharge_books import HEARD, MANIFESTS
from rater.reconcile.inputs import Inputs
from rater.reconcile.proofs.recharge.payments import waiting
from rater.reconcile.proofs.recharge.reversals import sums_of

Sums = Counter[tuple[str, str]]
"""Micros, by what became of the money and its currency."""


def count_recharge(evidence: Inputs) -> Counter[str]:
    """Return how many records of each kind one partition has; none where recharge has never run."""
    recharge = evidence.recharge
    books = recharge.books
    counts: Counter[str] = Counter()
    if not books.is_running:
        return counts
    counts["payment commands"] = len(recharge.sent)
    counts["payment commands sent again"] = sum(
        order.type == "make_payment" for _, order in books.payments
    ) - len(recharge.sent)
    counts["payment commands taken back"] = len(recharge.cancels)
    counts["payment results"] = len(books.results)
    counts["results in quarantine"] = len(books.quarantine)
    counts["notifications"] = len(books.notices)
    counts["recharge batches"] = len(books.steps)
    counts["captures"] = len(recharge.captures)
    counts["credits by recharge"] = sum(map(len, evidence.credits.values()))
    return counts


def sum_recharge(evidence: Inputs) -> Sums:
    """Return the money of one partition; nothing where recharge has never run."""
    recharge = evidence.recharge
    sums: Sums = Counter()
    if not recharge.books.is_running:
        return sums
    for capture in recharge.captures.values():
        sums["captured", capture.result.currency] += capture.result.amount_micros
    for entries in evidence.credits.values():
        for _, entry in entries:
            sums["credited by recharge", entry.currency] += entry.amount_micros
    sums.update(_moved(evidence))
    for capture in waiting(evidence):
        currency = capture.result.currency
        sums["captured and not credited yet", currency] += capture.result.amount_micros
    for result in recharge.unheard:
        sums["in results not read yet", result.currency] += result.amount_micros
    return sums


def _moved(evidence: Inputs) -> Sums:
    """Sum what the provider took back and gave back, and what of it is on the ledger."""
    sums: Sums = Counter()
    for told in evidence.recharge.moved.values():
        found, currency = sums_of(told), told[-1][1].currency
        sums["taken back by the provider", currency] += found.reversed_micros
        sums["given back by the provider", currency] += found.restored_micros
    for entry in evidence.books.ledger.values():
        if entry.kind == "payment_reversed":
            sums["of payments reversed", entry.currency] += entry.moved_micros
        elif entry.kind == "payment_restored":
            sums["of payments restored", entry.currency] += entry.moved_micros
    return sums


def waiting_offsets(evidence: Inputs, source: str) -> list[int]:
    """Return the offsets of one of HEARD that no step has read yet; where recharge has never run, none."""
    assert source in HEARD, source
    recharge = evidence.recharge
    end, first = recharge.batches[source].next_offset, recharge.batches[source].first_offset
    if first is None and not evidence.books.is_whole(MANIFESTS):
        return []
    return [offset for offset in recharge.books.sources[source] if offset >= end]
