"""Recharge journal: what one batch of recharge says, in order."""

from collections.abc import Callable
from typing import Any, final

from rater.core.recharge.state import Attempt, Awaited, Recharge
from rater.core.times import from_millis
from topics.records import AddFunds, MovedBack, PaymentCancel, PaymentCommand
from topics.records.notifications import Notification

Head = dict[str, Any]
IsHeld = Callable[[str, int], bool]
"""Says whether payments of a tenant are held at an instant."""


def nothing_held(tenant_id: str, at_ms: int) -> bool:
    """Say so of nobody."""
    return False


@final
class RechargeJournal:
    """Payment commands, orders to accounts and notices of one batch of one partition."""

    __slots__ = ("_held", "heard_ms", "notices", "orders", "payments")

    def __init__(self, held: IsHeld = nothing_held) -> None:
        """Begin with nothing said; `held` says of whom no new payment may be asked for."""
        self._held = held
        self.heard_ms = 0
        """When the record was written that is being heard."""
        self.payments: list[PaymentCommand | PaymentCancel] = []
        self.orders: list[AddFunds | MovedBack] = []
        """What is asked of accounts: credits and reversals, in the order decided."""
        self.notices: list[Notification] = []

    def holds(self, recharge: Recharge) -> bool:
        """Tell whether payments are held, for what recharge knows, or for what it hears.

        The two times differ where charging is late: what a call of before the stop crosses is heard of in it.
        """
        return self._held(recharge.tenant_id, recharge.now_ms) or self._held(
            recharge.tenant_id, self.heard_ms
        )

    def request(self, recharge: Recharge) -> None:
        """Ask for the attempt at work; a second time it is the same command, word for word."""
        attempt = _attempt_of(recharge)
        words = _words(recharge, attempt)
        self.payments.append(PaymentCommand(**words, answer_by_ms=attempt.answer_by_ms))

    def cancel(self, recharge: Recharge) -> None:
        """Take back the attempt at work, in its own words; a second time it is the same."""
        attempt = _attempt_of(recharge)
        assert attempt.cancelled_for is not None, recharge.state
        words = _words(recharge, attempt)
        self.payments.append(PaymentCancel(**words, reason=attempt.cancelled_for))

    def credit(self, recharge: Recharge, awaited: Awaited) -> None:
        """Ask for a captured payment to be credited; a second time it is the same command."""
        self.orders.append(
            AddFunds(
                credit_id(awaited),
                recharge.tenant_id,
                awaited.lot_id,
                awaited.amount_micros,
                recharge.currency,
                from_millis(awaited.captured_ms),
                awaited.recharge_seq,
                awaited.payment_command_id,
            )
        )


def credit_id(awaited: Awaited) -> str:
    """Return the id of the account command that credits a captured payment."""
    return f"credit/{awaited.payment_command_id}"


def head(recharge: Recharge, what: str) -> Head:
    """Return what every notice says, by field; its id names the tenant and the transition."""
    return {
        "notification_id": f"{recharge.tenant_id}/{what}",
        "tenant_id": recharge.tenant_id,
        "at_ms": recharge.now_ms,
        "currency": recharge.currency,
        "balance_micros": recharge.balance,
        "emails": recharge.emails,
        "language": recharge.language,
        "webhook": recharge.webhook,
    }


def transition_head(recharge: Recharge, what: str) -> Head:
    """Return what every notice says, of a transition, which has no id of its own: it is counted."""
    recharge.transitions_told += 1
    return head(recharge, f"{what}/{recharge.now_ms}/{recharge.transitions_told}")


def _attempt_of(recharge: Recharge) -> Attempt:
    assert recharge.attempt is not None, recharge.state
    return recharge.attempt


def _words(recharge: Recharge, attempt: Attempt) -> dict[str, Any]:
    """Return what a command and its cancel say alike."""
    started = recharge.started[-1]
    return {
        "command_id": f"{started.recharge_id}/{attempt.number}",
        "tenant_id": recharge.tenant_id,
        "recharge_id": started.recharge_id,
        "attempt": attempt.number,
        "amount_micros": started.amount_micros,
        "currency": recharge.currency,
        "method": attempt.method,
        "customer": attempt.customer,
        "requested_ms": attempt.requested_ms,
    }
