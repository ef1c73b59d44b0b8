"""Payment commands for tests, and a provider that does as it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from rater.shell.gateway.providers.provider import TroubleError
from rater.shell.process.clock import now_ms
from topics.records.payments import PaymentCancel, PaymentCommand, PaymentOrder

if TYPE_CHECKING:
    from rater.shell.gateway.providers.provider import Mode, Outcome, Publish


def command(
    command_id: str = "acme/r1/1", method: str = "sim:ok", **changes: Any
) -> PaymentCommand:
    """Return a command to charge 200 USD, requested now."""
    now = now_ms()
    fields = {
        "command_id": command_id, "tenant_id": "acme", "recharge_id": "acme/r1", "attempt": 1,
        "amount_micros": 200_000_000, "currency": "USD", "method": method, "customer": "cus_acme",
        "requested_ms": now, "answer_by_ms": now + 900_000,
    }  # fmt: skip
    return msgspec.convert({"type": "make_payment", **fields, **changes}, PaymentCommand)


def cancel_of(command: PaymentCommand) -> PaymentCancel:
    """Return what takes a command back."""
    words = msgspec.to_builtins(command)
    del words["answer_by_ms"]
    cancel = {**words, "type": "cancel_payment", "reason": "disabled"}
    return msgspec.convert(cancel, PaymentCancel)


class Obedient:
    """A provider whose answers are given; `asked` is what it was asked, in order."""

    name = "obedient"
    mode: Mode = "test"

    def __init__(
        self,
        look_ups: list[Outcome | TroubleError | None],
        charges: list[Outcome | TroubleError],
        withdrawals: list[Outcome | TroubleError] | None = None,
    ) -> None:
        self.asked: list[str] = []
        self._look_ups = look_ups
        self._charges = charges
        self._withdrawals = withdrawals or []

    async def look_up(self, order: PaymentOrder) -> Outcome | None:
        self.asked.append("look_up")
        answer = self._look_ups.pop(0)
        if isinstance(answer, TroubleError):
            raise answer
        return answer

    async def withdraw(self, order: PaymentOrder, code: str) -> Outcome:
        self.asked.append(f"withdraw {code}")
        answer = self._withdrawals.pop(0)
        if isinstance(answer, TroubleError):
            raise answer
        return answer

    async def charge(self, command: PaymentCommand) -> Outcome:
        self.asked.append("charge")
        answer = self._charges.pop(0)
        if isinstance(answer, TroubleError):
            raise answer
        return answer

    async def tell_late_outcomes(self, publish: Publish) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        """Hold nothing."""
