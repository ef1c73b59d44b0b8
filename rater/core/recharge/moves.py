"""Moves: what the balance asks for, the way that the table gives it, and what a state does on being entered."""

from collections.abc import Callable

from rater.core.limits import NEVER_MS
from rater.core.recharge.caps import find_cap, is_low, size
from rater.core.recharge.journal import RechargeJournal
from rater.core.recharge.machine import IN_FLIGHT, Signal, State, next_state
from rater.core.recharge.notifying import tell_capped, tell_why_paused
from rater.core.recharge.state import (
    ANSWER_MS,
    KEPT_MS,
    STARTED_MAX,
    Attempt,
    Method,
    Recharge,
    Started,
)


def judge(recharge: Recharge, *, held: bool = False) -> Signal:
    """Say what the balance, as last heard of, asks for, and what stands against it; `held`: payments are."""
    if recharge.is_closed or not recharge.settings.enabled:
        return Signal.DISABLED
    if recharge.is_reversed:
        return Signal.REVERSED
    if not is_low(recharge) or size(recharge) == 0:
        return Signal.SUFFICIENT
    if recharge.is_held:
        return Signal.SUSPECTED
    if usable(recharge) is None:
        return Signal.NO_METHOD
    free = Signal.PAYMENTS_HELD if held else Signal.BELOW_TRIGGER
    return free if find_cap(recharge) is None else Signal.OVER_CAP


def review(recharge: Recharge, journal: RechargeJournal) -> None:
    """Look at the balance; where the state has a way for what that says, go it.

    Not while captured money is on its way: the balance is stale, and its credit is waited for.
    """
    if recharge.awaited and recharge.state is State.IDLE:
        await_credit(recharge)
    elif move(recharge, _seen(recharge, held=journal.holds(recharge))):
        entered = _ENTERED.get(recharge.state)
        if entered is not None:
            entered(recharge, journal)
    elif recharge.state is State.CAPPED:
        cap = find_cap(recharge)
        assert cap is not None, recharge
        recharge.wait_ms = cap.until_ms


def _seen(recharge: Recharge, *, held: bool) -> Signal:
    """Return what the balance asks for, or that what is in flight has lost its consent."""
    signal = judge(recharge, held=held)
    if signal is Signal.DISABLED or recharge.state not in IN_FLIGHT:
        return signal
    is_gone = method_of(recharge, attempt_of(recharge).method) is None
    return Signal.METHOD_GONE if is_gone else signal


def move(recharge: Recharge, signal: Signal) -> bool:
    """Go the way of a signal, if there is one; what the new state does not need is dropped."""
    target = next_state(recharge.state, signal)
    if target is None:
        return False
    recharge.state = target
    if target not in IN_FLIGHT and target is not State.BACKING_OFF:
        recharge.attempt = None
    recharge.wait_ms = NEVER_MS
    return True


def await_credit(recharge: Recharge) -> None:
    """Wait for the credit of what was captured, where the state has a way to."""
    if move(recharge, Signal.CAPTURED):
        recharge.wait_ms = recharge.now_ms + ANSWER_MS


def attempt_of(recharge: Recharge) -> Attempt:
    """Return the attempt at work; without one the state is a broken invariant."""
    assert recharge.attempt is not None, recharge.state
    return recharge.attempt


def resumed(recharge: Recharge) -> None:
    """Forget what is held or refused for good; the balance is yet to be looked at."""
    recharge.is_held = recharge.is_reversed = False
    recharge.methods = [Method(each.given) for each in recharge.methods]
    move(recharge, Signal.RESET)


def is_at_work(recharge: Recharge, started: Started, number: int) -> bool:
    """Tell whether a payment command is the one in flight."""
    return (
        recharge.state in IN_FLIGHT
        and started is recharge.started[-1]
        and attempt_of(recharge).number == number
    )


def usable(recharge: Recharge) -> Method | None:
    """Return the first method that has not been refused for good."""
    return next((method for method in recharge.methods if not method.is_out), None)


def begin(recharge: Recharge, journal: RechargeJournal) -> None:
    """Begin a recharge: its id names the tenant, its number and its time, so that it can never come again."""
    now = recharge.now_ms
    recharge.generation += 1
    recharge_id = f"{recharge.tenant_id}/recharge/{recharge.generation}/{now}"
    kept = [each for each in recharge.started if each.started_ms > now - KEPT_MS]
    recharge.started = [
        *kept[-STARTED_MAX + 1 :],
        Started(recharge_id, now, size(recharge), 0, {}),
    ]
    request_next(recharge, None, journal)


def request_next(recharge: Recharge, before: Attempt | None, journal: RechargeJournal) -> None:
    """Make the next attempt: with the method before, if it may be tried again, else with the first usable."""
    now, started = recharge.now_ms, recharge.started[-1]
    again = None
    if before is not None:
        again = method_of(recharge, before.method)
    method = again if again is not None and not again.is_out else usable(recharge)
    assert method is not None, recharge
    is_again = before is not None and method is again
    started.attempts += 1
    recharge.attempt = Attempt(
        number=started.attempts,
        method=method.given.reference,
        customer=method.given.customer,
        label=method.given.label,
        requested_ms=now,
        answer_by_ms=now + ANSWER_MS,
        method_since_ms=before.method_since_ms if before is not None and is_again else now,
        soft_declines=before.soft_declines if before is not None and is_again else 0,
        due_ms=now + ANSWER_MS,
    )
    journal.request(recharge)


def cancel(recharge: Recharge, journal: RechargeJournal) -> None:
    """Take back the command in flight; what became of it is awaited as before."""
    attempt = attempt_of(recharge)
    if recharge.is_closed:
        attempt.cancelled_for = "account_closed"
    else:
        attempt.cancelled_for = "method_removed" if recharge.settings.enabled else "disabled"
    attempt.silences = 0
    attempt.due_ms = recharge.now_ms + ANSWER_MS
    journal.cancel(recharge)


def ask_again(recharge: Recharge, journal: RechargeJournal) -> None:
    """Send what is in flight once more, word for word: the command, or that it is taken back."""
    if recharge.state is State.CANCELLING:
        journal.cancel(recharge)
    else:
        journal.request(recharge)


def method_of(recharge: Recharge, reference: str) -> Method | None:
    """Return a method by its reference; None where it has been replaced since."""
    return next((each for each in recharge.methods if each.given.reference == reference), None)


_ENTERED: dict[State, Callable[[Recharge, RechargeJournal], None]] = {
    State.REQUESTED: begin,
    State.CANCELLING: cancel,
    State.PAUSED: tell_why_paused,
    State.CAPPED: tell_capped,
}
