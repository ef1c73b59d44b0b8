"""Refused credits: who waited for a credit that the account refused is told, once, and nobody is told of any other.

Where the refused payment is that of a tenant's last command, and nothing else has answered for its lot, recharge was
waiting for it: it pauses, and tells so. Where another command is out by then, or another credit was refused before,
it may have told already, or may go on.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from rater.reconcile.difference import Complaint
from rater.reconcile.folds.recharge_books import EVENTS, Notice
from rater.reconcile.inputs import Inputs, is_own_credit
from rater.reconcile.proofs.recharge.transitions import TOPIC, Wrong
from rater.reconcile.recharge_inputs import UNREAD, Capture, Key
from topics import catalog


class _Heard(NamedTuple):
    """An answer to a credit, as recharge heard it; `capture` is the payment that waited."""

    offset: int
    event: Any
    capture: Capture


def prove_refusals(evidence: Inputs) -> Iterator[Wrong]:
    """Hold the notifications of refused credits against the events that recharge has heard."""
    answers = list(_answers(evidence))
    refused = {_lot(each.event): each for each in reversed(answers) if _is_refusal(each)}
    told: set[Key] = set()
    for record, notice in evidence.recharge.books.notices:
        if notice.kind == "recharge_paused" and notice.reason == "credit_refused":
            for wrong in _hold(evidence, notice, refused, told):
                yield record.offset, notice.tenant_id, wrong
            told.add((notice.tenant_id, notice.lot_id))
    part = evidence.books.log.slice(TOPIC)
    for lot, heard in refused.items():
        at_ms = evidence.recharge.books.sources[EVENTS][heard.offset].at_ms
        if lot not in told and part.reaches(at_ms) and _was_waited_for(evidence, heard, answers):
            right = f"recharge_paused, for the credit of {lot[1]} was refused"
            yield None, lot[0], Complaint("notification_id", right, None)


def _hold(
    evidence: Inputs, notice: Notice, refused: dict[Key, _Heard], told: set[Key]
) -> Iterator[Complaint]:
    lot = notice.tenant_id, notice.lot_id
    heard = refused.get(lot)
    if lot in told:
        yield Complaint("lot_id", "told once", notice.lot_id)
    if heard is None:
        if evidence.books.log.slice(EVENTS).reaches(notice.at_ms) and not is_unsure(evidence, lot):
            yield Complaint("lot_id", "a captured payment whose credit was refused", notice.lot_id)
        return
    for name, right, said in (
        ("amount_micros", heard.event.amount_micros, notice.amount_micros),
        ("balance_micros", heard.event.balance_micros, notice.balance_micros),
    ):
        if right != said:
            yield Complaint(name, right, said)
    if notice.at_ms < heard.event.at_ms:
        yield Complaint("at_ms", f"at least {heard.event.at_ms}, the event's", notice.at_ms)


def _answers(evidence: Inputs) -> Iterator[_Heard]:
    """Yield what recharge heard of the lots of its captures, once it had heard of the capture."""
    for offset, event in evidence.books.events:
        if event.kind not in ("funds_credited", "credit_refused"):
            continue
        capture = evidence.recharge.captures.get(_lot(event))
        step = evidence.recharge.step(EVENTS, offset)
        if capture is not None and step != UNREAD and step >= capture.step:
            yield _Heard(offset, event, capture)


def _is_refusal(heard: _Heard) -> bool:
    event = heard.event
    return event.kind == "credit_refused" and is_own_credit(event.cause_id, event)


def _was_waited_for(evidence: Inputs, heard: _Heard, answers: list[_Heard]) -> bool:
    """Say whether recharge was certainly waiting for this credit."""
    recharge, tenant_id = evidence.recharge, heard.event.tenant_id
    command = recharge.sent[tenant_id, heard.capture.result.command_id]
    if any(
        sent.offset > command.offset and sent.command.tenant_id == tenant_id
        for sent in recharge.sent.values()
        if sent.step is None or sent.step <= recharge.step(EVENTS, heard.offset)
    ):
        return False
    return not any(
        other.offset < heard.offset
        and other.event.tenant_id == tenant_id
        and (_is_refusal(other) or _lot(other.event) == _lot(heard.event))
        for other in answers
    )


def is_unsure(evidence: Inputs, lot: Key) -> bool:
    """Say whether the result of a payment may have been deleted by time."""
    return lot not in evidence.recharge.captures and not (
        evidence.books.is_whole(catalog.PAYMENT_RESULTS.name)
        and evidence.books.is_whole(catalog.PAYMENT_COMMANDS.name)
    )


def _lot(event: Any) -> Key:
    return event.tenant_id, event.lot_id
