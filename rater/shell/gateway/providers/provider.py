"""Provider: what the gateway asks of a payment provider, and what it may hear.

Rule 1: a decline is a statement that nothing was captured and nothing of this command will be.
Rule 2: whatever is not known is `Unknown` or a `TroubleError`, never a decline.
Rule 3: a withdrawal holds against a gateway that is about to charge at this moment, somewhere else.
Rule 4: no text of the provider reaches an outcome or an exception: it may hold a card's number or a key.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from topics.records.payments import (
    DeclineClass,
    PaymentCommand,
    PaymentMode,
    PaymentOrder,
    ReversalKind,
)

Mode = PaymentMode
"""Whether a gateway moves real money or plays: said when it starts, and checked against every payment."""


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The provider has the money: as much, and in the currency, as it says itself."""

    payment_id: str
    amount_micros: int
    currency: str
    livemode: bool
    """What the payment says of itself; False: no money moved."""


@dataclass(frozen=True, slots=True)
class Declined:
    """Nothing was captured. Hard: this method will not do; soft: it may do later."""

    decline_class: DeclineClass
    code: str
    detail: str
    payment_id: str | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody knows, or it is still going on: only the same command may be tried again."""

    detail: str
    is_undecided: bool = False
    """The provider knows of the payment and has answered: it goes on there, and will be told, or found."""


Outcome = Succeeded | Declined | Unknown


@dataclass(frozen=True, slots=True)
class MovedBack:
    """Money of a captured payment was taken back, or came back: all of either so far, two sums that only grow."""

    payment_id: str
    reversal_id: str
    reversal: ReversalKind
    reversed_micros: int
    restored_micros: int
    currency: str
    is_restored: bool
    """Whether the last change was that money came back."""


@dataclass(frozen=True, slots=True)
class LateOutcome:
    """What a provider tells of its own accord, of a payment that was commanded once."""

    command_id: str
    tenant_id: str
    outcome: Outcome | MovedBack


Publish = Callable[[LateOutcome], Awaitable[None]]
"""Writes a late outcome to the results; returns when the broker has it."""


class TroubleError(Exception):
    """The provider could not be asked, or its answer did not come: to be tried again with the same key.

    `status` is short and one of few, for metrics: an HTTP status or `connection`. `retry_after_s` is what
    the provider asked for, 0 if nothing.
    """

    def __init__(self, status: str, retry_after_s: float = 0.0) -> None:
        super().__init__(f"no answer from the provider ({status})")
        self.status = status
        self.retry_after_s = retry_after_s


class Payments(Protocol):
    """What is asked of a provider for one command. Each question raises `TroubleError` for what may pass by itself."""

    async def look_up(self, order: PaymentOrder) -> Outcome | None:
        """Say what has become of this command at the provider, by its metadata; None: never heard of it.

        Must be exact for everything that the provider's idempotency keys no longer cover.
        """

    async def charge(self, command: PaymentCommand) -> Outcome:
        """Charge, with the command's id as the idempotency key."""

    async def withdraw(self, order: PaymentOrder, code: str) -> Outcome:
        """See to it that the command cannot be captured any more, and say what has become of it.

        `Succeeded` where it was before; else declined with this code, once nobody can charge under its key.
        """


class Provider(Payments, Protocol):
    """A payment provider."""

    @property
    def name(self) -> str:
        """The provider's name in results."""

    @property
    def mode(self) -> Mode:
        """Whether it moves real money; what a payment says of itself (`livemode`) must agree with it."""

    async def tell_late_outcomes(self, publish: Publish) -> None:
        """Publish what the provider tells of its own accord, until cancelled."""

    async def close(self) -> None:
        """Let go of connections and files."""
