"""Reversals, as recharge hears of them: what was captured and credited is taken back, and given back, to the micro.

A result carries two sums of a payment, all that was ever taken back and all that ever came back; neither falls. The
greatest of each is remembered beside the capture, as long as that is (400 days), so that results may come in any order,
late, twice and in part. What the account is asked for is the difference to what it was asked for before: the sum of all
is what the provider does not have any more, and always between nothing and the capture.

A reversal that comes before its credit is held in the same place until the account says that it has the money; where
the account has refused the credit, there is nothing to take back.
"""

from rater.core.recharge.journal import RechargeJournal
from rater.core.recharge.machine import Signal
from rater.core.recharge.moves import judge, move
from rater.core.recharge.payments import Quarantine
from rater.core.recharge.state import TAKEN_BACK_MAX, Recharge, Started, TakenBack
from topics.records import RestorePayment, ReversePayment
from topics.records.payments import ReversalResult


def take_moved_back(
    recharge: Recharge,
    started: Started,
    number: int,
    moved: ReversalResult,
    journal: RechargeJournal,
) -> str | Quarantine:
    """Take what the provider says of a payment; whatever is taken back pauses recharge, until it is resumed."""
    doubt = _doubt(recharge, started, number, moved)
    if doubt is not None:
        return doubt
    before = started.taken_back.get(moved.payment_id)
    known = before or TakenBack(number, moved.reversal_id, moved.reversal)
    if (
        moved.reversed_micros <= known.reversed_micros
        and moved.restored_micros <= known.restored_micros
    ):
        return "duplicate"
    if moved.reversed_micros > known.reversed_micros:
        recharge.is_reversed = True
        if judge(recharge) is Signal.REVERSED:
            move(recharge, Signal.REVERSED)
    known.reversed_micros = max(known.reversed_micros, moved.reversed_micros)
    known.restored_micros = max(known.restored_micros, moved.restored_micros)
    known.reversal_id, known.reversal = moved.reversal_id, moved.reversal
    started.taken_back = {**started.taken_back, moved.payment_id: known}
    return _post(recharge, started, moved.payment_id, journal)


def release(recharge: Recharge, payment_id: str, journal: RechargeJournal) -> None:
    """Ask for what was held of a payment whose credit has arrived."""
    for started in recharge.started:
        if payment_id in started.taken_back:
            _post(recharge, started, payment_id, journal)


def note_refused(recharge: Recharge, payment_id: str) -> None:
    """Note that the account will not have a payment: nothing can be taken back of it."""
    for started in recharge.started:
        for number, captured in started.captures.items():
            if captured == payment_id:
                started.refused = (*started.refused, number)


def _doubt(
    recharge: Recharge, started: Started, number: int, moved: ReversalResult
) -> Quarantine | None:
    if moved.currency != recharge.currency:
        detail = f"currency: {moved.currency}, the account's is {recharge.currency}"
        return Quarantine("currency_mismatch", detail)
    captured = started.captures.get(number)
    if captured is not None and captured != moved.payment_id:
        detail = f"payment_id: {moved.payment_id}, what was credited is {captured}"
        return Quarantine("unknown_payment", detail)
    known = started.taken_back.get(moved.payment_id)
    if known is None and len(started.taken_back) >= TAKEN_BACK_MAX:
        detail = f"payment_id: {moved.payment_id}, of {TAKEN_BACK_MAX} others of this recharge it is known"
        return Quarantine("unknown_payment", detail)
    if known is not None and known.attempt != number:
        detail = f"payment_id: {moved.payment_id}, heard of as that of attempt {known.attempt}"
        return Quarantine("unknown_payment", detail)
    return None


def _post(recharge: Recharge, started: Started, payment_id: str, journal: RechargeJournal) -> str:
    """Ask the account for the difference, where the money is on it; return the outcome."""
    known = started.taken_back[payment_id]
    if started.captures.get(known.attempt) != payment_id or any(
        awaited.lot_id == payment_id for awaited in recharge.awaited
    ):
        return "reversal_held"
    if known.attempt in started.refused:
        return "reversal_of_refused"
    kept = known.reversed_micros - known.restored_micros
    right = min(max(kept, 0), started.amount_micros)
    change = right - known.posted_micros
    if not change:
        return "reversal_settled"
    known.posted_micros = right
    known.asked += 1
    kind = ReversePayment if change > 0 else RestorePayment
    journal.orders.append(
        kind(
            f"reversal/{started.recharge_id}/{known.attempt}/{known.asked}",
            recharge.tenant_id,
            payment_id,
            abs(change),
            right,
            recharge.currency,
            known.reversal_id,
            known.reversal,
        )
    )
    return "reversed" if change > 0 else "restored"
