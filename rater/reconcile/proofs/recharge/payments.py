"""Payments: what was captured is credited once, and nothing else is (I9); what must not be credited is in quarantine.

For every success on `payment.results.v1` that a step of recharge has read, and whose amount and currency are its
command's, the ledger has one `funds_added` entry: the payment is the lot. Every `funds_added` entry with a
`recharge_seq` is of such a success, so that the sums are equal; a tenant's `recharge_seq` are 1, 2, 3 and so on, in
the order in which the successes were heard. A capture that the account refused is a difference: money was taken, and
a human must see to it; the difference says why, and ends when all of it went back. A capture may wait: while charging
has not read its credit. The same payment told again is no second capture; where it then says another amount or
currency, that telling is in quarantine.

Not proven: that the provider captured what a result says; that is between the gateway and the provider.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.books import COMMANDS
from rater.reconcile.folds.recharge_books import PAYMENTS, RESULTS
from rater.reconcile.inputs import Inputs
from rater.reconcile.proofs.recharge.reversals import is_returned
from rater.reconcile.recharge_inputs import Capture, Fate, Key
from topics import catalog

PROOF = "payments"
UNSURE = Fate("unsure")
LEDGER = catalog.LEDGER.name


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it where recharge has ever run."""
    if not evidence.recharge.books.is_running:
        return
    yield from _prove_captures(evidence)
    yield from _prove_credits(evidence)
    yield from _prove_numbers(evidence)


def waiting(evidence: Inputs) -> Iterator[Capture]:
    """Yield the captures whose credit is asked for and not read by charging yet."""
    uncredited = [key for key in evidence.recharge.captures if key not in evidence.credits]
    if not uncredited:
        return
    asked = {
        (command.tenant_id, command.lot_id): offset
        for offset, command in evidence.books.commands[COMMANDS].items()
        if command.payment_command_id is not None
    }
    read = evidence.batches[COMMANDS].next_offset
    for key in uncredited:
        if asked.get(key, -1) >= read:
            yield evidence.recharge.captures[key]


def _prove_captures(evidence: Inputs) -> Iterator[Difference]:
    late = {capture.offset for capture in waiting(evidence)}
    ledger = evidence.books.log.slice(LEDGER)
    for key, capture in evidence.recharge.captures.items():
        entries = evidence.credits.get(key, [])
        tenant_id, lot_id = key
        if not entries and is_returned(evidence, key):
            continue
        if not entries and capture.offset not in late and ledger.reaches(capture.at_ms):
            offset, why = _refusal(evidence, key)
            wrong = Complaint("lot_id", f"{lot_id} credited, {_shown(capture)}", why)
            yield evidence.differ(PROOF, LEDGER, offset, tenant_id, wrong)
        for offset, _ in entries[1:]:
            wrong = Complaint("lot_id", f"credited once, at offset {entries[0][0]}", lot_id)
            yield evidence.differ(PROOF, LEDGER, offset, tenant_id, wrong)
        for offset, entry in entries:
            for wrong in _hold_credit(evidence, capture, entry):
                yield evidence.differ(PROOF, LEDGER, offset, tenant_id, wrong)


def _refusal(evidence: Inputs, key: Key) -> tuple[int | None, str | None]:
    """Return where the ledger says that a credit was refused, and why; None: it says nothing."""
    if key not in evidence.refusals:
        return None, None
    offset, entry = evidence.refusals[key]
    return offset, f"the account refused the credit: {entry.reason}, {entry.detail}"


def _hold_credit(evidence: Inputs, capture: Capture, entry: Any) -> Iterator[Complaint]:
    """Hold an entry against its capture."""
    captured = capture.result
    for name, right, found in (
        ("amount_micros", captured.amount_micros, entry.amount_micros),
        ("granted_micros", captured.amount_micros, entry.lot.granted_micros),
        ("currency", captured.currency, entry.currency),
        ("payment_command_id", captured.command_id, entry.payment_command_id),
    ):
        if right != found:
            yield Complaint(name, f"{right!r}, as captured", found)
    is_counted = evidence.books.is_whole(RESULTS) and evidence.books.is_whole(PAYMENTS)
    if is_counted and entry.recharge_seq != capture.number:
        yield Complaint(
            "recharge_seq", f"{capture.number}, its place among the captures", entry.recharge_seq
        )


def _prove_credits(evidence: Inputs) -> Iterator[Difference]:
    """Prove that what was credited was captured."""
    results = evidence.books.log.slice(RESULTS)
    recharge = evidence.recharge
    unsure = {
        (result.tenant_id, result.payment_id)
        for offset, result in recharge.books.results.items()
        if result.outcome == "succeeded" and recharge.fates.get(offset) == UNSURE
    }
    for key, entries in evidence.credits.items():
        if key in recharge.captures or key in unsure:
            continue
        tenant_id, lot_id = key
        for offset, entry in entries:
            if results.reaches(entry.lot.purchased_ms):
                wrong = Complaint(
                    "lot_id", "a payment that was captured and may be credited", lot_id
                )
                yield evidence.differ(PROOF, LEDGER, offset, tenant_id, wrong)


def _prove_numbers(evidence: Inputs) -> Iterator[Difference]:
    """Prove that the credits of a tenant are numbered without a gap, but for those that were refused."""
    by_tenant: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for (tenant_id, _), entries in evidence.credits.items():
        by_tenant[tenant_id] += [(offset, entry.recharge_seq) for offset, entry in entries]
    refused = evidence.refusals.keys() - evidence.credits.keys()
    captures = evidence.recharge.captures
    taken = {(key[0], captures[key].number) for key in refused if key in captures}
    is_counted = evidence.books.is_whole(RESULTS) and evidence.books.is_whole(PAYMENTS)
    uncounted = set() if is_counted else {tenant_id for tenant_id, _ in refused}
    is_whole = evidence.books.is_whole(LEDGER)
    for tenant_id, numbered in by_tenant.items():
        if tenant_id in uncounted:
            continue
        before = 0 if is_whole else None
        for offset, number in sorted(numbered):
            while before is not None and (tenant_id, before + 1) in taken:
                before += 1
            if before is not None and number != before + 1:
                wrong = Complaint("recharge_seq", before + 1, number)
                yield evidence.differ(PROOF, LEDGER, offset, tenant_id, wrong)
            before = number


def _shown(capture: Capture) -> str:
    result = capture.result
    return f"{result.amount_micros} {result.currency} captured by {result.command_id}"
