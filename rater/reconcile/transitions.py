"""Transitions: the notifications of recharge's own changes of state, which it numbers."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple

from rater.reconcile.difference import Complaint
from rater.reconcile.evidence import Evidence
from rater.reconcile.recharge_books import PAYMENTS, Notice
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

Wrong = tuple[int, str, Complaint]
"""The offset of a notification, its tenant, and what is wrong with it."""


class Recharge(NamedTuple):
    """A recharge as its commands and results tell of it."""

    started_ms: int
    amount_micros: int
    declined_ms: int | None


def is_transition(notice: Notice) -> bool:
    """Say whether a notification is of recharge itself, by its kind and id."""
    found = _NAME.fullmatch(notice.notification_id)
    return found is not None and _KINDS[found[1]] == notice.kind


def prove_transitions(evidence: Evidence) -> Iterator[Wrong]:
    """Prove that they are numbered without a gap, and that each failure is that of a recharge."""
    counted: dict[str, int] = {}
    is_whole = evidence.books.is_whole(TOPIC)
    failed: dict[str, list[tuple[int, Notice]]] = defaultdict(list)
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
        if notice.kind == "recharge_failed":
            failed[tenant_id].append((record.offset, notice))
    if failed and evidence.books.is_whole(PAYMENTS):
        yield from _prove_failures(evidence, failed)


def _prove_failures(
    evidence: Evidence, failed: dict[str, list[tuple[int, Notice]]]
) -> Iterator[Wrong]:
    """Find for each failure a recharge of that time and amount that was declined, and that no other is of."""
    recharges = _recharges(evidence)
    for tenant_id, notices in failed.items():
        begun = recharges.get(tenant_id, [])
        ends = [later.started_ms for later in begun[1:]] + [1 << 63]
        left = list(zip(begun, ends, strict=True))
        for offset, notice in notices:
            found = next((each for each in left if _fits(notice, *each)), None)
            if found is None:
                right = "of a recharge that was declined, once"
                wrong = Complaint("recharge_failed", right, notice.notification_id)
                yield offset, tenant_id, wrong
            else:
                left.remove(found)


def _fits(notice: Notice, recharge: Recharge, end_ms: int) -> bool:
    declined_ms = recharge.declined_ms
    return (
        declined_ms is not None
        and declined_ms <= notice.at_ms
        and recharge.started_ms <= notice.at_ms <= end_ms
        and recharge.amount_micros == notice.amount_micros
    )


def _recharges(evidence: Evidence) -> dict[str, list[Recharge]]:
    """Return every tenant's recharges in their order, with the time of the first decline of each."""
    declined: dict[str, int] = {}
    books = evidence.recharge.books
    first: dict[str, r.PaymentCommand] = {}
    for (tenant_id, command_id), sent in evidence.recharge.sent.items():
        first.setdefault(sent.command.recharge_id, sent.command)
        final = evidence.recharge.finals.get((tenant_id, command_id))
        if final is not None and books.results[final].outcome == "declined":
            at_ms = books.sources[catalog.PAYMENT_RESULTS.name][final].at_ms
            declined.setdefault(sent.command.recharge_id, at_ms)
    found: dict[str, list[Recharge]] = defaultdict(list)
    for recharge_id, command in first.items():
        recharge = Recharge(command.requested_ms, command.amount_micros, declined.get(recharge_id))
        found[command.tenant_id].append(recharge)
    return found
