"""Counterparts: for each provider of the registry what stands at the other end, and keeps a record of its own.

A new provider comes with a counterpart here, and passes `test_contract.py`.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple, Protocol

from rater.secret import Secret
from rater.shell.gateway.providers.opening import ProviderSettings
from rater.shell.gateway.providers.registry import PROVIDERS
from tests.stripe_server import StripeServer

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from rater.shell.gateway.providers.provider import Mode, Provider


class Methods(NamedTuple):
    """Payment methods, by what becomes of a payment with them."""

    captured: str
    declined_soft: tuple[str, str]
    """With the code."""
    declined_hard: tuple[str, str]
    pending: str
    unknown: str


class Counterpart(Protocol):
    """The other end of a provider. What it holds is read without the provider's code."""

    methods: Methods
    modes: tuple[Mode, ...]

    def settings(self, mode: Mode) -> ProviderSettings:
        """Return what the provider is opened with."""

    def captures(self) -> Counter[str]:
        """Count captured payments by command."""

    def held(self, command_id: str) -> tuple[int, str]:
        """Return what was captured for a command, in micros, and its currency."""

    def forget_keys(self) -> None:
        """Forget all idempotency keys, as a provider does after a day."""

    def silent_once(self) -> str:
        """Make the next charge be captured or not, but not answered; return the method to use."""

    def in_trouble_once(self) -> str:
        """Answer the next charge that too much is asked; return the method to use."""

    def capture_late(self, command_id: str) -> None:
        """Capture what is pending for a command, if it can be captured still."""

    def refund(self, payment_id: str, amount_micros: int, *, fails: bool = False) -> None:
        """Refund some of a payment; one that fails gives the money back."""

    def close(self) -> None:
        """End."""


MICROS_PER_UNIT = {"USD": 10_000, "EUR": 10_000, "JPY": 1_000_000, "KWD": 1_000}
"""By currency: of the smallest unit, as ISO 4217 says; not read from the code under test."""


class AtStripe:
    """Our stand-in for Stripe, over HTTP."""

    methods = Methods(
        "pm_card_visa",
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        "pm_sepa",
        "pm_gone",
    )
    modes: tuple[Mode, ...] = ("test", "live")

    def __init__(self, _: Path, __: pytest.MonkeyPatch) -> None:
        self._stack = ExitStack()
        server = self._stack.enter_context(StripeServer())
        self._stripe = server.stripe
        self._base = server.base

    def settings(self, mode: Mode) -> ProviderSettings:
        self._stripe.livemode = mode == "live"
        return ProviderSettings(
            options={"stripe_api_base": self._base}, secrets={"stripe_key": Secret(f"sk_{mode}_x")}
        )

    def captures(self) -> Counter[str]:
        return self._stripe.captures()

    def held(self, command_id: str) -> tuple[int, str]:
        (paid,) = [i for i in self._intents(command_id) if i["status"] == "succeeded"]
        currency = str(paid["currency"]).upper()
        return int(str(paid["amount_received"])) * MICROS_PER_UNIT[currency], currency

    def forget_keys(self) -> None:
        self._stripe.forget_keys()

    def silent_once(self) -> str:
        self._stripe.faults = ["hang_after"]
        return self.methods.captured

    def in_trouble_once(self) -> str:
        self._stripe.faults = ["429"]
        return self.methods.captured

    def capture_late(self, command_id: str) -> None:
        (intent,) = self._intents(command_id)
        if intent["status"] == "processing":
            self._stripe.settle(str(intent["id"]), paid=True)

    def refund(self, payment_id: str, amount_micros: int, *, fails: bool = False) -> None:
        unit = MICROS_PER_UNIT[str(self._stripe.intents[payment_id]["currency"]).upper()]
        status = "failed" if fails else "succeeded"
        self._stripe.move("refunds", payment_id, amount_micros // unit, status)

    def close(self) -> None:
        self._stack.close()

    def _intents(self, command_id: str) -> list[dict[str, object]]:
        intents = self._stripe.intents.values()
        return [i for i in intents if i["metadata"].get("command_id") == command_id]


class AtTheSimulator:
    """The simulator's book: an SQLite file, read and written as such."""

    methods = Methods(
        "sim:ok",
        ("sim:insufficient_funds", "insufficient_funds"),
        ("sim:expired_card", "expired_card"),
        "sim:late=60s",
        "pm_gone",
    )
    modes: tuple[Mode, ...] = ("test",)

    def __init__(self, folder: Path, _: pytest.MonkeyPatch) -> None:
        self._path = folder / "book.sqlite"

    def settings(self, mode: Mode) -> ProviderSettings:
        options = {"book": str(self._path)}
        return ProviderSettings(mode=mode, options=options)

    def captures(self) -> Counter[str]:
        sql = "SELECT command_id FROM payments WHERE status = 'captured' AND captured_at_ms <= ?"
        return Counter(str(command_id) for (command_id,) in self._ask(sql, _now_ms()))

    def held(self, command_id: str) -> tuple[int, str]:
        sql = "SELECT amount_micros, currency FROM payments WHERE command_id = ?"
        ((amount_micros, currency),) = self._ask(sql, command_id)
        return int(str(amount_micros)), str(currency)

    def forget_keys(self) -> None:
        self._ask("DELETE FROM keys")

    def silent_once(self) -> str:
        return "sim:timeout,ok"

    def in_trouble_once(self) -> str:
        return "sim:429,ok"

    def capture_late(self, command_id: str) -> None:
        sql = "UPDATE payments SET captured_at_ms = ? WHERE command_id = ? AND status = 'captured'"
        self._ask(sql, _now_ms(), command_id)

    def refund(self, payment_id: str, amount_micros: int, *, fails: bool = False) -> None:
        now, number = _now_ms(), len(self._ask("SELECT reversal_id FROM reversals"))
        row = (f"re_{number}", payment_id, "refund", amount_micros, now, now if fails else None)
        self._ask("INSERT INTO reversals VALUES (?, ?, ?, ?, ?, ?)", *row)
        sql = "INSERT INTO messages (payment_id, kind, due_ms) VALUES (?, 'moved_back', ?)"
        self._ask(sql, payment_id, now)

    def close(self) -> None:
        """Nothing runs."""

    def _ask(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        with sqlite3.connect(self._path) as book:
            return book.execute(sql, values).fetchall()


COUNTERPARTS: dict[str, type[AtStripe | AtTheSimulator]] = {
    "stripe": AtStripe,
    "simulator": AtTheSimulator,
}
"""By the provider's name in the registry."""


async def opened(name: str, counterpart: Counterpart, mode: Mode) -> Provider:
    """Open a provider as the gateway does."""
    return await PROVIDERS[name].open(counterpart.settings(mode))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
