"""Notifications: what must be told is told once, to whom it concerns, and nothing else is.

Every balance event that people must hear of (TOLD; of thresholds those that are not recharge's own) and every credit of
recharge's money has one notification, once recharge has heard the event: its id is the event's, or the lot's; it says
what the event says, to the recipients of the last `recipients_changed` before it. Recharge's own transitions (failed,
paused, capped, suspected) are numbered per tenant, 1, 2, 3 and so on: none is missing and none is there twice; a
recharge has failed once at most, for its own amount.

Not proven: that a transition that should have been told was numbered at all; and nothing of what has been deleted.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.recharge_books import EVENTS, Notice
from rater.reconcile.inputs import Inputs, is_own_credit
from rater.reconcile.proofs.recharge.refused_credits import is_unsure, prove_refusals
from rater.reconcile.proofs.recharge.transitions import is_transition, prove_transitions
from rater.reconcile.recharge_inputs import UNREAD, Key
from topics import catalog

PROOF = "notifications"
TOPIC = catalog.NOTIFICATIONS.name

TOLD: Final = {
    "threshold_crossed": "balance_low",
    "balance_exhausted": "balance_exhausted",
    "funds_expiring": "funds_expiring",
    "funds_expired": "funds_expired",
    "fraud_suspected": "fraud_suspected",
    "payment_reversed": "payment_reversed",
    "payment_restored": "payment_restored",
    "pool_used": "pool_used",
    "credit_limit_reached": "credit_limit_reached",
    "month_ended": "statement_ready",
}
"""The kind of notification of each kind of event that must be told."""
TRIGGERS: Final = ("auto_recharge", "auto_recharge_hours")
"""Thresholds of recharge itself: what comes of them is told, not that they were crossed."""
_OWN: Final = ("kind", "at_ms", "hours_remaining")
"""Fields that a notification need not have in common with its event."""


class Due(NamedTuple):
    """A notification that must be there: its kind, the event that it is of, and who is told."""

    kind: str
    event: Any
    recipients: Any


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for the events that recharge has heard."""
    if not evidence.recharge.books.is_running:
        return
    due = dict(_due(evidence))
    seen: dict[str, int] = {}
    for record, notice in evidence.recharge.books.notices:
        name = notice.notification_id
        if name in seen:
            wrong = Complaint("notification_id", f"once, at offset {seen[name]}", name)
            yield evidence.differ(PROOF, TOPIC, record.offset, record.key, wrong)
            continue
        seen[name] = record.offset
        for wrong in _hold(evidence, notice, record.at_ms, due.get(name)):
            yield evidence.differ(PROOF, TOPIC, record.offset, record.key, wrong)
    yield from _missing(evidence, due, seen)
    for prove_more in (prove_transitions, prove_refusals):
        for offset, tenant_id, wrong in prove_more(evidence):
            yield evidence.differ(PROOF, TOPIC, offset, tenant_id, wrong)


def _due(evidence: Inputs) -> Iterator[tuple[str, Due]]:
    """Yield what must have been told, by the id of its notification."""
    recipients: dict[str, Any] = {}
    answered: set[Key] = set()
    for offset, event in evidence.books.events:
        tenant_id = event.tenant_id
        if event.kind == "recipients_changed":
            recipients[tenant_id] = event
        if evidence.recharge.step(EVENTS, offset) == UNREAD:
            continue
        kind = TOLD.get(event.kind)
        if event.kind == "threshold_crossed" and event.threshold_id in TRIGGERS:
            kind = None
        if event.kind == "month_ended" and not _asks_for_statements(recipients.get(tenant_id)):
            kind = None
        if kind is not None:
            named = event.event_id.removeprefix(f"{tenant_id}/")
            yield f"{tenant_id}/{named}", Due(kind, event, recipients.get(tenant_id))
        if event.kind == "credit_refused" and is_own_credit(event.cause_id, event):
            answered.add((tenant_id, event.lot_id))
        if event.kind == "funds_credited" and _is_awaited(evidence, offset, event, answered):
            answered.add((tenant_id, event.lot_id))
            due = Due("funds_added", event, recipients.get(tenant_id))
            yield f"{tenant_id}/funds_added/{event.lot_id}", due


def _asks_for_statements(recipients: Any) -> bool:
    return recipients is not None and bool(recipients.statements)


def _is_awaited(evidence: Inputs, offset: int, event: Any, answered: set[Key]) -> bool:
    """Say whether recharge waited for a credit: its own, or one by hand for a payment that it had heard of."""
    lot = event.tenant_id, event.lot_id
    capture = evidence.recharge.captures.get(lot)
    if lot in answered:
        return False
    if capture is None:
        return lot in evidence.credits
    return capture.step <= evidence.recharge.step(EVENTS, offset)


def _hold(evidence: Inputs, notice: Notice, at_ms: int, due: Due | None) -> Iterator[Complaint]:
    """Hold a notification against what it is of."""
    if due is None:
        if notice.kind == "funds_added" and is_unsure(evidence, (notice.tenant_id, notice.lot_id)):
            return
        if not is_transition(notice) and evidence.books.log.slice(EVENTS).reaches(at_ms):
            asked = "that of an event or a transition"
            yield Complaint("notification_id", asked, notice.notification_id)
        return
    if notice.kind != due.kind:
        yield Complaint("kind", due.kind, notice.kind)
        return
    names = [n for n in notice.__struct_fields__ if n in due.event.__struct_fields__]
    for name in names:
        right, said = getattr(due.event, name), getattr(notice, name)
        if name not in _OWN and right != said:
            yield Complaint(name, right, said)
    if notice.at_ms < due.event.at_ms:
        yield Complaint("at_ms", f"at least {due.event.at_ms}, the event's", notice.at_ms)
    yield from _hold_recipients(evidence, notice, due.recipients)


def _hold_recipients(evidence: Inputs, notice: Notice, recipients: Any) -> Iterator[Complaint]:
    if recipients is None and not evidence.books.is_whole(EVENTS):
        return
    right = (
        ([], "en", None)
        if recipients is None
        else (list(recipients.emails), recipients.language, recipients.webhook)
    )
    said = (list(notice.emails), notice.language, notice.webhook)
    if right != said:
        yield Complaint("emails, language, webhook", right, said)


def _missing(evidence: Inputs, due: dict[str, Due], seen: dict[str, int]) -> Iterator[Difference]:
    part = evidence.books.log.slice(TOPIC)
    records = evidence.recharge.books.sources[EVENTS]
    offsets = {event.event_id: offset for offset, event in evidence.books.events}
    for name, (kind, event, _) in due.items():
        heard = records[offsets[event.event_id]]
        if name not in seen and part.reaches(heard.at_ms):
            wrong = Complaint("notification_id", f"{name}, {kind}", None)
            yield evidence.differ(PROOF, TOPIC, None, event.tenant_id, wrong)
