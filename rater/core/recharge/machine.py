"""Recharge: the state machine of one tenant's automatic refill. Start reading here; `agent` drives it.

Rule 1: every change of state is in TRANSITIONS; a signal that a state does not list changes nothing.
Rule 2: at most one payment command is in flight: only `requested`, `unknown` and `cancelling` have one, and no way
leads from them to `requested` but a decline of it.
Rule 3: an outcome that is not known stays not known: the same command is sent again, never a new one; after its time it
is not charged any more, only looked up.
Rule 4: money that was captured is credited, whatever the state; a balance is looked at again only when it has arrived.
Rule 5: this module knows no payment provider and no e-mail; it only knows what is heard.
"""

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """What a tenant's recharge is doing."""

    IDLE = "idle"
    """Nothing is needed, or auto-recharge is off."""
    REQUESTED = "requested"
    """A payment command is out, its result is awaited."""
    UNKNOWN = "unknown"
    """The result did not come in time, or says that nobody knows: the same command is sent again."""
    CANCELLING = "cancelling"
    """Consent was withdrawn while a command was out: it is taken back, and what became of it is awaited."""
    BACKING_OFF = "backing_off"
    """Declined for now: the next attempt has its time."""
    CREDITING = "crediting"
    """Captured: the credit of the lot is awaited, for the balance heard of before is stale."""
    PAUSED = "paused"
    """No method is left, all retries are used up, or money is where it should not be: an administrator must act."""
    CAPPED = "capped"
    """A recharge is needed, and a cap holds it back until its window moves on."""
    ON_HOLD = "on_hold"
    """A recharge is needed, and suspected fraud holds it back until an administrator resumes it."""
    PAYMENTS_HELD = "payments_held"
    """A recharge is needed, and waits for the end of a maintenance stop: the charging settings hold payments."""


class Signal(StrEnum):
    """What is heard, or what a look at the balance says."""

    BELOW_TRIGGER = "below_trigger"
    """Below the trigger; nothing stands against a recharge."""
    SUFFICIENT = "sufficient"
    """At or above the trigger."""
    DISABLED = "disabled"
    """Auto-recharge is off, or the account is closed."""
    METHOD_GONE = "method_gone"
    """The payment method of the command that is out was removed."""
    SUSPECTED = "suspected"
    """Below the trigger, but fraud is suspected."""
    REVERSED = "reversed"
    """The provider took money of a payment back, and no administrator has resumed since."""
    NO_METHOD = "no_method"
    """Below the trigger, but there is no payment method that has not been refused for good."""
    PAYMENTS_HELD = "payments_held"
    """Below the trigger; nothing stands against a recharge but that the charging settings hold payments."""
    OVER_CAP = "over_cap"
    """Below the trigger, but one more would pass a cap."""
    CAPTURED = "captured"
    """A payment succeeded; of a recharge in flight, or late of an earlier one."""
    NEXT_METHOD = "next_method"
    """Declined for good, and there is another method."""
    TOO_LATE = "too_late"
    """The command came too late to be charged: no card has refused it, and another goes out at once."""
    RETRY_LATER = "retry_later"
    """Declined for now, and there is another try."""
    EXHAUSTED = "exhausted"
    """Declined, and there is no other method or try."""
    ABANDONED = "abandoned"
    """Declined, and the balance needs no other attempt, or may not have one."""
    QUARANTINED = "quarantined"
    """A result came that must not be credited: it is in quarantine."""
    TIMED_OUT = "timed_out"
    """The time for an answer is over."""
    UNCLEAR = "unclear"
    """The gateway says that it could not find out."""
    RETRY_DUE = "retry_due"
    """The time of the next attempt has come."""
    RETRY_HELD = "retry_held"
    """It has come, and payments are held: it is not made, and counts for nothing."""
    CREDITED = "credited"
    """All lots that were captured are on the account."""
    REFUSED = "refused"
    """The account will not take the lot of a captured payment."""
    RESET = "reset"
    """Payment methods were replaced, or an administrator resumed."""


_S, _G = State, Signal

_ANSWERED: Final[dict[Signal, State]] = {
    _G.CAPTURED: _S.CREDITING,
    _G.NEXT_METHOD: _S.REQUESTED,
    _G.RETRY_LATER: _S.BACKING_OFF,
    _G.EXHAUSTED: _S.PAUSED,
    _G.ABANDONED: _S.IDLE,
    _G.QUARANTINED: _S.PAUSED,
    _G.TIMED_OUT: _S.UNKNOWN,
    _G.UNCLEAR: _S.UNKNOWN,
    _G.TOO_LATE: _S.REQUESTED,
    _G.DISABLED: _S.CANCELLING,
    _G.METHOD_GONE: _S.CANCELLING,
}
"""The ways from a command in flight; that an answer is late makes no difference to it."""

TRANSITIONS: Final[dict[State, dict[Signal, State]]] = {
    State.IDLE: {
        _G.BELOW_TRIGGER: _S.REQUESTED,
        _G.PAYMENTS_HELD: _S.PAYMENTS_HELD,
        _G.OVER_CAP: _S.CAPPED,
        _G.SUSPECTED: _S.ON_HOLD,
        _G.REVERSED: _S.PAUSED,
        _G.NO_METHOD: _S.PAUSED,
        _G.CAPTURED: _S.CREDITING,
    },
    State.REQUESTED: _ANSWERED,
    State.UNKNOWN: _ANSWERED,
    State.CANCELLING: {
        _G.CAPTURED: _S.CREDITING,
        _G.ABANDONED: _S.IDLE,
        _G.QUARANTINED: _S.PAUSED,
        _G.TIMED_OUT: _S.CANCELLING,
        _G.UNCLEAR: _S.CANCELLING,
    },
    State.BACKING_OFF: {
        _G.RETRY_DUE: _S.REQUESTED,
        _G.RETRY_HELD: _S.PAYMENTS_HELD,
        _G.CAPTURED: _S.CREDITING,
        _G.SUFFICIENT: _S.IDLE,
        _G.DISABLED: _S.IDLE,
        _G.RESET: _S.IDLE,
        _G.SUSPECTED: _S.ON_HOLD,
        _G.REVERSED: _S.PAUSED,
        _G.OVER_CAP: _S.CAPPED,
    },
    State.CREDITING: {
        _G.CREDITED: _S.IDLE,
        _G.REFUSED: _S.PAUSED,
        _G.CAPTURED: _S.CREDITING,
        _G.TIMED_OUT: _S.CREDITING,
    },
    State.PAUSED: {
        _G.RESET: _S.IDLE,
        _G.DISABLED: _S.IDLE,
        _G.CAPTURED: _S.CREDITING,
    },
    State.CAPPED: {
        _G.BELOW_TRIGGER: _S.REQUESTED,
        _G.PAYMENTS_HELD: _S.PAYMENTS_HELD,
        _G.SUFFICIENT: _S.IDLE,
        _G.DISABLED: _S.IDLE,
        _G.SUSPECTED: _S.ON_HOLD,
        _G.REVERSED: _S.PAUSED,
        _G.NO_METHOD: _S.PAUSED,
        _G.CAPTURED: _S.CREDITING,
    },
    State.ON_HOLD: {
        _G.BELOW_TRIGGER: _S.REQUESTED,
        _G.PAYMENTS_HELD: _S.PAYMENTS_HELD,
        _G.OVER_CAP: _S.CAPPED,
        _G.REVERSED: _S.PAUSED,
        _G.NO_METHOD: _S.PAUSED,
        _G.SUFFICIENT: _S.IDLE,
        _G.DISABLED: _S.IDLE,
        _G.CAPTURED: _S.CREDITING,
    },
    State.PAYMENTS_HELD: {
        _G.BELOW_TRIGGER: _S.REQUESTED,
        _G.SUFFICIENT: _S.IDLE,
        _G.DISABLED: _S.IDLE,
        _G.SUSPECTED: _S.ON_HOLD,
        _G.REVERSED: _S.PAUSED,
        _G.NO_METHOD: _S.PAUSED,
        _G.OVER_CAP: _S.CAPPED,
        _G.CAPTURED: _S.CREDITING,
    },
}

IN_FLIGHT: Final = frozenset((State.REQUESTED, State.UNKNOWN, State.CANCELLING))
"""The states in which a payment command has no result yet."""
assert TRANSITIONS.keys() == set(State)


def next_state(state: State, signal: Signal) -> State | None:
    """Return the state that a signal leads to; None where it changes nothing."""
    return TRANSITIONS[state].get(signal)


def diagram() -> str:
    """Return the table as a Mermaid state diagram, one arrow for all signals between two states."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.IDLE}"]
    for state, ways in TRANSITIONS.items():
        targets: dict[State, list[str]] = {}
        for signal, target in ways.items():
            targets.setdefault(target, []).append(signal)
        lines += [
            f"    {state} --> {target}: {', '.join(names)}" for target, names in targets.items()
        ]
    return "\n".join(lines)
