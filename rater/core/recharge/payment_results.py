"""Results: what became of a payment. Late, twice or out of order: money that was captured is credited once."""

from zlib import crc32

from rater.core.recharge.journal import RechargeJournal
from rater.core.recharge.machine import IN_FLIGHT, Signal, State
from rater.core.recharge.moves import (
    attempt_of,
    await_credit,
    is_at_work,
    judge,
    method_of,
    move,
    request_next,
    review,
    usable,
)
from rater.core.recharge.notifying import tell_failed, tell_paused
from rater.core.recharge.payment_reversals import take_moved_back
from rater.core.recharge.payments import EXPIRED, Quarantine
from rater.core.recharge.state import (
    ANSWER_MS,
    JITTER_MS,
    RETRY_AFTER_MS,
    Attempt,
    Awaited,
    Recharge,
    Started,
    find_started,
)
from topics.records import PaymentDeclined, PaymentResult, PaymentSucceeded
from topics.records.notifications import PauseReason
from topics.records.payments import ReversalResult


def take_result(
    recharge: Recharge, result: PaymentResult, now_ms: int, journal: RechargeJournal
) -> str | Quarantine:
    """Take a payment result; return the outcome, or why it must not be credited.

    `now_ms` is the record's time: the gateway's own clock is not trusted to move ours.
    """
    recharge.now_ms = max(recharge.now_ms, now_ms)
    found = find_started(recharge, result.command_id)
    if found is None:
        return Quarantine("unknown_command", f"command_id: {result.command_id} was never sent")
    started, number = found
    if isinstance(result, ReversalResult):
        return take_moved_back(recharge, started, number, result, journal)
    if isinstance(result, PaymentSucceeded):
        return capture(recharge, started, number, result, journal)
    if not is_at_work(recharge, started, number):
        return "stale"
    if isinstance(result, PaymentDeclined):
        decline(recharge, result, journal)
        return "declined"
    if move(recharge, Signal.UNCLEAR):
        attempt_of(recharge).due_ms = recharge.now_ms + ANSWER_MS
    return "unclear"


def capture(
    recharge: Recharge,
    started: Started,
    number: int,
    captured: PaymentSucceeded,
    journal: RechargeJournal,
) -> str | Quarantine:
    """Take money that was captured: credited once, in any state; what is not as it was asked for is not touched."""
    at_work = is_at_work(recharge, started, number)
    doubt = _doubt(recharge, started, number, captured)
    if doubt is not None:
        if at_work:
            label = attempt_of(recharge).label
            move(recharge, Signal.QUARANTINED)
            tell_paused(recharge, "result_quarantined", None, label, journal)
        return doubt
    if number in started.captures:
        return "duplicate"
    label = attempt_of(recharge).label if at_work else None
    started.captures = {**started.captures, number: captured.payment_id}
    recharge.recharge_seq += 1
    awaited = Awaited(
        captured.payment_id,
        captured.command_id,
        captured.amount_micros,
        # The gateway's clock may be wrong by years, and a lot's life begins here.
        min(max(captured.at_ms, started.started_ms), recharge.now_ms),
        recharge.recharge_seq,
        label,
    )
    recharge.awaited = [*recharge.awaited, awaited]
    journal.credit(recharge, awaited)
    if at_work or recharge.state not in IN_FLIGHT:
        await_credit(recharge)
    return "captured" if at_work else "captured_late"


def _doubt(
    recharge: Recharge, started: Started, number: int, captured: PaymentSucceeded
) -> Quarantine | None:
    if captured.livemode != (captured.mode == "live"):
        kind = "live" if captured.livemode else "test"
        detail = f"livemode: a {kind} payment of a gateway in {captured.mode} mode"
        return Quarantine("mode_mismatch", detail)
    if captured.currency != recharge.currency:
        detail = f"currency: {captured.currency}, the account's is {recharge.currency}"
        return Quarantine("currency_mismatch", detail)
    if captured.amount_micros != started.amount_micros:
        detail = f"amount_micros: {captured.amount_micros}, asked for was {started.amount_micros}"
        return Quarantine("amount_mismatch", detail)
    return _doubt_twice(recharge, started, number, captured)


def _doubt_twice(
    recharge: Recharge, started: Started, number: int, captured: PaymentSucceeded
) -> Quarantine | None:
    before = started.captures.get(number)
    if before == captured.payment_id:
        return None
    if before is not None:
        detail = f"payment_id: {captured.payment_id}, captured before as {before}"
        return Quarantine("second_capture", detail)
    if any(captured.payment_id in each.captures.values() for each in recharge.started):
        detail = f"payment_id: {captured.payment_id} was that of another command"
        return Quarantine("second_capture", detail)
    return None


def decline(recharge: Recharge, declined: PaymentDeclined, journal: RechargeJournal) -> None:
    """Take a decline of the attempt at work: the next method, a later try, or none."""
    attempt, is_hard = attempt_of(recharge), declined.decline_class == "hard"
    method = method_of(recharge, attempt.method)
    if is_hard and method is not None:
        method.is_out = True
    if recharge.state is State.CANCELLING:
        # What was taken back has not failed: nothing is told, and the balance decides what is next.
        move(recharge, Signal.ABANDONED)
        review(recharge, journal)
        return
    is_out = method is None or method.is_out
    asked = judge(recharge, held=journal.holds(recharge))
    signal = _after_decline(recharge, attempt, declined, asked, is_out=is_out)
    if signal is Signal.TOO_LATE:
        attempt.soft_declines += 1
        move(recharge, signal)
        request_next(recharge, attempt, journal)
        return
    if signal is Signal.RETRY_LATER:
        attempt.soft_declines += 1
        wait = (
            RETRY_AFTER_MS[attempt.soft_declines] + crc32(declined.command_id.encode()) % JITTER_MS
        )
        attempt.due_ms = max(attempt.method_since_ms + wait, recharge.now_ms)
    if signal is not Signal.EXHAUSTED and asked is not Signal.PAYMENTS_HELD:
        # While payments are held nothing has failed: what is needed is asked for anew when that ends.
        next_try_ms = attempt.due_ms if signal is Signal.RETRY_LATER else None
        tell_failed(recharge, declined, next_try_ms, journal)
    move(recharge, signal)
    if signal is Signal.NEXT_METHOD:
        request_next(recharge, attempt, journal)
    elif signal is Signal.EXHAUSTED:
        reason: PauseReason = "methods_spent" if is_hard else "retries_spent"
        tell_paused(recharge, reason, declined.code, attempt.label, journal)
    else:
        review(recharge, journal)


def _after_decline(
    recharge: Recharge, attempt: Attempt, declined: PaymentDeclined, asked: Signal, *, is_out: bool
) -> Signal:
    """Say what comes next; `asked` is what the balance asks for now."""
    if asked not in (Signal.BELOW_TRIGGER, Signal.NO_METHOD):
        return Signal.ABANDONED
    if is_out:
        return Signal.EXHAUSTED if usable(recharge) is None else Signal.NEXT_METHOD
    if declined.code == EXPIRED and attempt.soft_declines == 0:
        return Signal.TOO_LATE
    is_last = attempt.soft_declines + 1 >= len(RETRY_AFTER_MS)
    return Signal.EXHAUSTED if is_last else Signal.RETRY_LATER
