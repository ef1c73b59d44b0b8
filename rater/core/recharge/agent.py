"""The recharge agent: what is heard goes in, payment commands, credits and notices come out. The table decides the way.

`hear` takes balance events, `take_result` payment results, `fall_due` the timer's word that time has come, `resume` an
administrator's. Each changes the working copy and writes to the journal; none raises for what a message can contain.
Time is the latest that was heard of: a late record does not turn it back.
"""

from rater.core.recharge.balance_events import hear
from rater.core.recharge.journal import RechargeJournal
from rater.core.recharge.machine import IN_FLIGHT, Signal, State
from rater.core.recharge.moves import (
    ask_again,
    attempt_of,
    move,
    request_next,
    resumed,
    review,
)
from rater.core.recharge.payment_results import take_result
from rater.core.recharge.state import ANSWER_MS, SILENCES_MAX, Recharge, due_ms

__all__ = ["fall_due", "hear", "resume", "take_result"]


def fall_due(recharge: Recharge, now_ms: int, journal: RechargeJournal) -> str:
    """Go on with what waited for this time, or for the end of a stop; return the outcome, `early` where nothing did."""
    recharge.now_ms = max(recharge.now_ms, now_ms)
    if recharge.state is State.PAYMENTS_HELD:
        review(recharge, journal)
        return "early" if recharge.state is State.PAYMENTS_HELD else "due"
    if recharge.now_ms < due_ms(recharge):
        return "early"
    if recharge.state in IN_FLIGHT:
        move(recharge, Signal.TIMED_OUT)
        attempt = attempt_of(recharge)
        attempt.silences += 1
        attempt.due_ms = recharge.now_ms + (ANSWER_MS << min(attempt.silences - 1, SILENCES_MAX))
        ask_again(recharge, journal)
    elif recharge.state is State.CREDITING:
        move(recharge, Signal.TIMED_OUT)
        recharge.wait_ms = recharge.now_ms + ANSWER_MS
        for awaited in recharge.awaited:
            journal.credit(recharge, awaited)
    else:
        review(recharge, journal)
        if recharge.state is State.BACKING_OFF and journal.holds(recharge):
            move(recharge, Signal.RETRY_HELD)
        elif recharge.state is State.BACKING_OFF:
            move(recharge, Signal.RETRY_DUE)
            request_next(recharge, attempt_of(recharge), journal)
    return "due"


def resume(recharge: Recharge, now_ms: int, journal: RechargeJournal) -> str:
    """Forget what is held or refused, and look at the balance again; return the outcome."""
    recharge.now_ms = max(recharge.now_ms, now_ms)
    resumed(recharge)
    review(recharge, journal)
    return "resumed"
