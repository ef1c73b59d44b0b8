"""Simulated reversals: refunds and disputes that a script promises, and what the book says of them at a time."""

from rater.shell.gateway.providers.provider import MovedBack
from rater.shell.gateway.providers.simulator.capture_book import CaptureBook, Payment, Reversal
from rater.shell.gateway.providers.simulator.script import Step
from rater.shell.process.clock import now_ms

_RETURNED = ("refund_fails", "dispute_won")


def promise_reversal(book: CaptureBook, payment: Payment, step: Step, now: int) -> None:
    """Write what is taken back of a payment, and what comes back, with the times at which each is told."""
    is_dispute = step.what.startswith("dispute")
    prefix, taken_ms = ("dp" if is_dispute else "re"), now + step.ms
    returned_ms = taken_ms + step.ms if step.what in _RETURNED else None
    amount = payment.amount_micros // (2 if step.what == "half_refund" else 1)
    reversal_id = f"{prefix}_{payment.payment_id}"
    kind = "dispute" if is_dispute else "refund"
    book.take_back(
        Reversal(reversal_id, payment.payment_id, kind, amount, taken_ms, returned_ms)  # type: ignore[arg-type]
    )
    for at_ms in (taken_ms, returned_ms):
        if at_ms is not None:
            book.promise(payment.payment_id, "moved_back", at_ms)


def moved_back_now(reversals: list[Reversal], currency: str) -> MovedBack:
    """Return what the book says of a payment's money now; something was taken back, or nothing would be told."""
    now = now_ms()
    taken = [each for each in reversals if each.taken_at_ms <= now]
    returned = [
        each for each in taken if each.returned_at_ms is not None and each.returned_at_ms <= now
    ]
    last = (returned or taken)[-1]
    return MovedBack(
        payment_id=last.payment_id,
        reversal_id=last.reversal_id,
        reversal=last.kind,
        reversed_micros=sum(each.amount_micros for each in taken),
        restored_micros=sum(each.amount_micros for each in returned),
        currency=currency,
        is_restored=bool(returned),
    )
