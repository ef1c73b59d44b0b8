"""Recharge sums: what the verdict says of recharge: how many records, and the money captured, credited and waiting."""

from collections import Counter

from rater.reconcile.folds.recharge_books import HEARD, MANIFESTS
from rater.reconcile.inputs import Inputs
from rater.reconcile.proofs.recharge.payments import waiting
from rater.reconcile.proofs.recharge.reversals import sums_of


def count_recharge(evidence: Inputs) -> Counter[str]:
    """Return the numbers of one partition; none where recharge has never run. Sums are in micros, by currency."""
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
    for capture in recharge.captures.values():
        counts[f"micros captured, {capture.result.currency}"] += capture.result.amount_micros
    for entries in evidence.credits.values():
        for _, entry in entries:
            counts[f"micros credited by recharge, {entry.currency}"] += entry.amount_micros
    counts.update(_moved(evidence))
    for capture in waiting(evidence):
        name = f"micros captured and not credited yet, {capture.result.currency}"
        counts[name] += capture.result.amount_micros
    for result in recharge.unheard:
        counts[f"micros in results not read yet, {result.currency}"] += result.amount_micros
    return counts


def _moved(evidence: Inputs) -> Counter[str]:
    """Count what the provider took back and gave back, and what of it is on the ledger."""
    counts: Counter[str] = Counter()
    for told in evidence.recharge.moved.values():
        sums, currency = sums_of(told), told[-1][1].currency
        counts[f"micros taken back by the provider, {currency}"] += sums.reversed_micros
        counts[f"micros given back by the provider, {currency}"] += sums.restored_micros
    for entry in evidence.books.ledger.values():
        if entry.kind == "payment_reversed":
            counts[f"micros of payments reversed, {entry.currency}"] += entry.moved_micros
        elif entry.kind == "payment_restored":
            counts[f"micros of payments restored, {entry.currency}"] += entry.moved_micros
    return counts


def waiting_offsets(evidence: Inputs, source: str) -> list[int]:
    """Return the offsets of one of HEARD that no step has read yet; where recharge has never run, none."""
    assert source in HEARD, source
    recharge = evidence.recharge
    end, first = recharge.batches[source].next_offset, recharge.batches[source].first_offset
    if first is None and not evidence.books.is_whole(MANIFESTS):
        return []
    return [offset for offset in recharge.books.sources[source] if offset >= end]
