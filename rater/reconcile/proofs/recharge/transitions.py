"""Transitions: the notifications of recharge's own changes of state, which it numbers."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from rater.reconcile.difference import Complaint
from rater.reconcile.folds.recharge_books import PAYMENTS, RESULTS, Notice
from rater.reconcile.inputs import Inputs
from rater.reconcile.proofs.recharge.maintenance import may_be_held
from topics import catalog
from topics import records as r

TOPIC = catalog.NOTIFICATIONS.name

_KINDS: Final = {
    "failed": "recharge_failed",
    "paused": "recharge_paused",
    "capped": "recharge_capped",
    "suspected": "fraud_suspected",
}
_NAME = re.compile(r"[^/]+/(failed|paused|capped|suspected)/([0-9]{1,18})/([0-9]{1,18})")

LONGEST_MS: Final = 30 * 86_400_000
"""No recharge goes on for longer."""

Wrong = tuple[int | None, str, Complaint]
"""The offset of a notification (None: it is missing), its tenant, and what is wrong with it."""


class Recharge(NamedTuple):
    """A recharge as its commands and results tell of it."""

    started_ms: int
    amount_micros: int
    declined_ms: int | None
    """When the first decline was written."""
    is_unsure: bool
    """Results of it may have been deleted by time, or heard of while payments were held."""


def is_transition(notice: Notice) -> bool:
    """Say whether a notification is of recharge itself, by its kind and id."""
    found = _NAME.fullmatch(notice.notification_id)
    return found is not None and _KINDS[found[1]] == notice.kind


def prove_transitions(evidence: Inputs) -> Iterator[Wrong]:
    """Prove that they are numbered without a gap, and that each failure is that of a recharge."""
    counted: dict[str, int] = {}
    is_whole = evidence.books.is_whole(TOPIC)
    told: dict[str, list[tuple[int, Notice]]] = defaultdict(list)
    seen: set[str] = set()
    for record, notice in evidence.recharge.books.notices:
        tenant_id = notice.tenant_id
        if not is_transition(notice) or notice.notification_id in seen:
            continue
        seen.add(notice.notification_id)
        _, _, at_ms, number = notice.notification_id.rsplit("/", 3)
        before = counted.get(tenant_id, 0 if is_whole else None)
        if before is not None and int(number) != before + 1:
            yield record.offset, tenant_id, Complaint("number", before + 1, number)
        if int(at_ms) != notice.at_ms:
            yield record.offset, tenant_id, Complaint("at_ms", at_ms, notice.at_ms)
        counted[tenant_id] = int(number)
        told[tenant_id].append((record.offset, notice))
    recharges = _recharges(evidence)
    for tenant_id in recharges.keys() | told.keys():
        begun, notices = recharges.get(tenant_id, []), told.get(tenant_id, [])
        yield from _prove_failures(evidence, tenant_id, begun, notices)


def _prove_failures(
    evidence: Inputs,
    tenant_id: str,
    begun: list[Recharge],
    notices: list[tuple[int, Notice]],
) -> Iterator[Wrong]:
    """Find for each failure a recharge of that time and amount that was declined, and that no other is of.

    A recharge that was declined and is not told to have failed is told to be paused: there was no other method or try.
    """
    payments = evidence.books.log.slice(PAYMENTS)
    ends = [later.started_ms for later in begun[1:]] + [1 << 63]
    left = list(zip(begun, ends, strict=False))
    for offset, notice in notices:
        if notice.kind != "recharge_failed":
            continue
        found = next((each for each in left if _fits(notice, *each)), None)
        if found is None and payments.reaches(notice.at_ms - LONGEST_MS):
            right = "of a recharge that was declined, once"
            yield offset, tenant_id, Complaint("recharge_failed", right, notice.notification_id)
        elif found is not None:
            left.remove(found)
    paused = [notice.at_ms for _, notice in notices if notice.kind == "recharge_paused"]
    part = evidence.books.log.slice(TOPIC)
    for recharge, end_ms in left:
        declined_ms = recharge.declined_ms
        if recharge.is_unsure or declined_ms is None or not part.reaches(declined_ms):
            continue
        if not any(declined_ms <= at_ms <= end_ms for at_ms in paused):
            right = f"that the recharge of {recharge.started_ms} has failed, or is paused"
            yield None, tenant_id, Complaint("recharge_failed", right, None)


def _fits(notice: Notice, recharge: Recharge, end_ms: int) -> bool:
    declined_ms = recharge.declined_ms
    is_declined = declined_ms is not None and declined_ms <= notice.at_ms
    return (
        (is_declined or recharge.is_unsure)
        and recharge.started_ms <= notice.at_ms <= end_ms
        and recharge.amount_micros == notice.amount_micros
    )


def _is_owed(evidence: Inputs, command: r.PaymentCommand, result: Any, at_ms: int) -> bool:
    """Say whether a result is a decline that must be told.

    What was taken back has not failed; nor has the first command by a method that came too late to be charged, where
    another by the same method follows at once; nor what is declined while payments are held.
    """
    if result.outcome != "declined":
        return False
    recharge, tenant_id = evidence.recharge, command.tenant_id
    if all(each.holds_payments(tenant_id) for each in evidence.settings.possible(at_ms)):
        return False
    if (tenant_id, command.command_id) in recharge.cancels:
        return False
    around = [
        recharge.sent.get((tenant_id, f"{command.recharge_id}/{command.attempt + step}"))
        for step in (-1, 1)
    ]
    before, after = (None if each is None else each.command.method for each in around)
    return not (result.code == "expired" and before != command.method and after == command.method)


def _recharges(evidence: Inputs) -> dict[str, list[Recharge]]:
    """Return every tenant's recharges in their order, with the time of the first decline of each."""
    declined: dict[str, int] = {}
    unsure: set[str] = set()
    books = evidence.recharge.books
    results = evidence.books.log.slice(RESULTS)
    first: dict[str, r.PaymentCommand] = {}
    for (tenant_id, command_id), sent in evidence.recharge.sent.items():
        first.setdefault(sent.command.recharge_id, sent.command)
        final = evidence.recharge.finals.get((tenant_id, command_id))
        if final is None:
            continue
        at_ms = books.sources[RESULTS][final].at_ms
        if may_be_held(evidence, tenant_id, at_ms):
            unsure.add(sent.command.recharge_id)
        if _is_owed(evidence, sent.command, books.results[final], at_ms):
            declined.setdefault(sent.command.recharge_id, at_ms)
    found: dict[str, list[Recharge]] = defaultdict(list)
    for recharge_id, command in first.items():
        begun_ms = command.requested_ms
        is_unsure = recharge_id in unsure or not results.reaches(begun_ms)
        declined_ms = declined.get(recharge_id)
        recharge = Recharge(begun_ms, command.amount_micros, declined_ms, is_unsure)
        found[command.tenant_id].append(recharge)
    return found
