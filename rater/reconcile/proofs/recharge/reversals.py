"""Reversals: what the provider took of a captured payment is what the account has less of it, to the micro (R11).

A result says two sums of a payment, all that was taken back and all that came back; the greatest of each that recharge
has read is what holds. Captured less reversed is then credited less reversed: the entries `payment_reversed` less
`payment_restored` of a payment add up to the difference of the two, never below nothing, never above the capture, and
what each entry says of the sum is the sum. Each sum on the ledger is one that the results gave rise to. An entry stands
after its credit; for a payment that was not credited there is none. It may wait: while recharge has not heard of the
credit, or charging has not read the command.

After money was taken back no payment is asked for until an administrator has resumed.

Not proven: that the provider moved what a result says; and the order within one step.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.books import COMMANDS
from rater.reconcile.folds.recharge_books import EVENTS, PAYMENTS, RECHARGE_COMMANDS, RESULTS, Moved
from rater.reconcile.inputs import Inputs
from rater.reconcile.recharge_inputs import UNREAD, Key
from topics import catalog

PROOF = "reversals"
LEDGER = catalog.LEDGER.name
_SIGN = {"payment_reversed": 1, "payment_restored": -1, "reverse_payment": 1, "restore_payment": -1}


class Sums(NamedTuple):
    """All that was taken back of a payment, and all that came back, in micros."""

    reversed_micros: int
    restored_micros: int

    def kept_of(self, captured_micros: int) -> int:
        """Return what of the capture the provider does not have any more."""
        return sorted((0, self.reversed_micros - self.restored_micros, captured_micros))[1]


def sums_of(told: list[tuple[int, Moved]]) -> Sums:
    """Return the greatest of each sum that was told."""
    taken = [moved.reversed_micros for _, moved in told]
    return Sums(max(taken), max(moved.restored_micros for _, moved in told))


def is_returned(evidence: Inputs, paid: Key) -> bool:
    """Say whether a capture that the account refused is settled: all of it went back, and no lot has its name."""
    told = evidence.recharge.moved.get(paid)
    if told is None or paid not in evidence.refusals:
        return False
    amount = evidence.recharge.captures[paid].result.amount_micros
    return sums_of(told).kept_of(amount) == amount and not any(
        entry.kind == "funds_added" and (entry.tenant_id, entry.lot.lot_id) == paid
        for entry in evidence.books.ledger.values()
    )


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it where recharge has ever run."""
    if not evidence.recharge.books.is_running:
        return
    posted: dict[Key, list[tuple[int, Any]]] = defaultdict(list)
    for offset, entry in evidence.books.ledger.items():
        if entry.kind == "payment_reversed" or entry.kind == "payment_restored":  # noqa: PLR1714
            posted[entry.tenant_id, entry.payment_id].append((offset, entry))
    for paid in posted.keys() | evidence.recharge.moved.keys():
        for place, wrong in _hold(evidence, paid, posted.get(paid, [])):
            yield evidence.differ(PROOF, LEDGER, place, paid[0], wrong)
    yield from _prove_pauses(evidence)


def _hold(
    evidence: Inputs, paid: Key, entries: list[tuple[int, Any]]
) -> Iterator[tuple[int | None, Complaint]]:
    """Hold a payment's entries against what the provider says of it."""
    told = evidence.recharge.moved.get(paid, [])
    capture = evidence.recharge.captures.get(paid)
    if capture is None or not told:
        results = evidence.books.log.slice(RESULTS)
        for offset, _ in entries:
            if results.start == 0 or (told and capture is None):
                right = "a payment that was captured, and of which money was taken back"
                yield offset, Complaint("payment_id", right, paid[1])
        return
    captured = capture.result.amount_micros
    yield from _hold_sums(evidence, paid, entries, set(_implied(told, captured)))
    total = sum(_SIGN[entry.kind] * entry.moved_micros for _, entry in entries)
    asked = total + _waiting(evidence, paid)
    kept = sums_of(told).kept_of(captured) if _is_heard_of(evidence, paid) else 0
    if asked != kept and evidence.books.is_whole(LEDGER):
        last = entries[-1][0] if entries else None
        shown = f"{kept}, as much as the provider has taken back of {paid[1]}"
        yield last, Complaint("reversed_micros", shown, asked)


def _implied(told: list[tuple[int, Moved]], captured: int) -> Iterator[int]:
    """Yield the sums that the account could be asked for, result after result."""
    yield 0
    for end in range(1, len(told) + 1):
        yield sums_of(told[:end]).kept_of(captured)


def _hold_sums(
    evidence: Inputs, paid: Key, entries: list[tuple[int, Any]], implied: set[int]
) -> Iterator[tuple[int, Complaint]]:
    """Hold every entry against the sum so far, and against its credit."""
    total = 0
    credited = [offset for offset, _ in evidence.credits.get(paid, [])]
    by_hand = [
        offset
        for offset, entry in evidence.books.ledger.items()
        if entry.kind == "funds_added" and (entry.tenant_id, entry.lot.lot_id) == paid
    ]
    first = min(credited + by_hand, default=None)
    is_whole = evidence.books.is_whole(LEDGER)
    for offset, entry in entries:
        total += _SIGN[entry.kind] * entry.moved_micros
        if not is_whole:
            total = entry.reversed_micros
        if entry.reversed_micros != total:
            yield offset, Complaint("reversed_micros", total, entry.reversed_micros)
        if entry.reversed_micros not in implied:
            right = f"one of {sorted(implied)}, as the results say"
            yield offset, Complaint("reversed_micros", right, entry.reversed_micros)
        if is_whole and (first is None or offset < first):
            yield offset, Complaint("payment_id", "after the credit of the payment", paid[1])


def _waiting(evidence: Inputs, paid: Key) -> int:
    """Return what is asked of the account, and not read by charging yet."""
    read = evidence.batches[COMMANDS].next_offset
    return sum(
        _SIGN[command.type] * (command.amount_micros or 0)
        for offset, command in evidence.books.commands[COMMANDS].items()
        if offset >= read
        and command.type in _SIGN
        and (command.tenant_id, command.payment_id) == paid
    )


def _is_heard_of(evidence: Inputs, paid: Key) -> bool:
    """Say whether recharge has heard that the payment is on the account; of events long deleted it has."""
    capture = evidence.recharge.captures[paid]
    for offset, event in evidence.books.events:
        if event.kind == "funds_credited" and (event.tenant_id, event.lot_id) == paid:
            step = evidence.recharge.step(EVENTS, offset)
            if step != UNREAD and step >= capture.step:
                return True
    return paid in evidence.credits and not evidence.books.log.slice(EVENTS).reaches(capture.at_ms)


def _prove_pauses(evidence: Inputs) -> Iterator[Difference]:
    """Prove that no new payment went out between money that was taken back and an administrator's word."""
    recharge = evidence.recharge
    taken: dict[str, list[int]] = defaultdict(list)
    for (tenant_id, _), told in recharge.moved.items():
        before = 0
        for offset, moved in told:
            if moved.reversed_micros > before:
                before = moved.reversed_micros
                taken[tenant_id].append(recharge.step(RESULTS, offset))
    resumed = _resumed(evidence)
    for (tenant_id, command_id), sent in recharge.sent.items():
        if sent.step is None:
            continue
        last = max((step for step in taken.get(tenant_id, ()) if step < sent.step), default=None)
        if last is None or any(last <= step <= sent.step for step in resumed[tenant_id]):
            continue
        right = "none, for money was taken back and nobody has resumed since"
        wrong = Complaint("command_id", right, command_id)
        yield evidence.differ(PROOF, PAYMENTS, sent.offset, tenant_id, wrong)


def _resumed(evidence: Inputs) -> dict[str, list[int]]:
    """Return the steps in which recharge heard of an administrator's word, by tenant."""
    steps: dict[str, list[int]] = defaultdict(list)
    for offset, event in evidence.books.events:
        if event.kind == "recharge_resumed":
            steps[event.tenant_id].append(evidence.recharge.step(EVENTS, offset))
    for offset, command in evidence.recharge.books.commands.items():
        step = evidence.recharge.step(RECHARGE_COMMANDS, offset)
        steps[command.tenant_id].append(step)
    return steps
