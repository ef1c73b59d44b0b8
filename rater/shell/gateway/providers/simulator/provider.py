"""The simulator: a payment provider that does what the payment method's script says, and keeps its own book."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, TypeVar

from rater.shell.gateway.providers.provider import (
    LateOutcome,
    Mode,
    MovedBack,
    Outcome,
    Provider,
    Publish,
    Succeeded,
    TroubleError,
    Unknown,
)
from rater.shell.gateway.providers.simulator.capture_book import (
    CaptureBook,
    MessageKind,
    Payment,
    Terms,
)
from rater.shell.gateway.providers.simulator.declines import DECLINES, declined
from rater.shell.gateway.providers.simulator.reversals import moved_back_now, promise_reversal
from rater.shell.gateway.providers.simulator.script import (
    REVERSALS,
    Step,
    draw,
    is_random,
    read_script,
)
from rater.shell.process.clock import now_ms
from topics.records.payments import PaymentCommand, PaymentOrder

TELL_EVERY_S = 0.05
AFTERWARDS_MS = 50
"""How long after the answer a duplicate or a contradiction is told."""

STALE = "try_again_later"
"""The decline that `out_of_order` and `reversed` claim."""

Answer = TypeVar("Answer")


class _Reply(NamedTuple):
    """What a charge is answered, and after how long."""

    outcome: Outcome
    delay_ms: int = 0


class Simulator:
    """The scripted provider; its truth is the book at `path`."""

    name = "simulator"
    mode: Mode = "test"

    def __init__(self, path: Path, folder: TemporaryDirectory[str] | None = None) -> None:
        """Open the book; `folder` is removed in the end."""
        self._folder = folder
        # One thread: SQLite's lock may make it wait for another process, which the event loop must not.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="capture-book")
        self._book = CaptureBook(path)

    async def look_up(self, order: PaymentOrder) -> Outcome | None:
        """Say what the book says."""
        return await self._in_thread(lambda: self._found(order))

    def _found(self, order: PaymentOrder) -> Outcome | None:
        payments = self._book.payments_of(order.command_id)
        captured = [payment for payment in payments if payment.status == "captured"]
        return outcome_of((captured or payments)[-1]) if payments else None

    async def withdraw(self, order: PaymentOrder, code: str) -> Outcome:
        """Say what the book says; where it says nothing, take the key with a payment that is declined."""
        return await self._in_thread(lambda: self._withdrawn(order, code))

    def _withdrawn(self, order: PaymentOrder, code: str) -> Outcome:
        with self._book.writing():
            found = self._found(order)
            if found is not None:
                return found
            terms = Terms(order.amount_micros, order.currency, code=code)
            return outcome_of(self._book.write(order, terms, now_ms()))

    async def charge(self, command: PaymentCommand) -> Outcome:
        """Play the next step of the command's script, or say again what it was."""
        reply = await self._in_thread(lambda: self._charged(command))
        if isinstance(reply, TroubleError):
            raise reply
        await asyncio.sleep(reply.delay_ms / 1_000)
        return reply.outcome

    def _charged(self, command: PaymentCommand) -> _Reply | TroubleError:
        with self._book.writing():
            if (payment := self._book.replay(command.command_id)) is not None:
                return _Reply(outcome_of(payment))
            return self._play(command, self._step(command))

    def _step(self, command: PaymentCommand) -> Step:
        if is_random(command.method):
            drawn = draw(command.method, command.command_id)
            if drawn.what in ("429", "500") and self._book.next_step(
                command.tenant_id, f"{command.method}/{command.command_id}"
            ):
                return Step("ok")
            return drawn
        steps = read_script(command.method)
        if steps is None:
            return Step("bad_script")
        number = self._book.next_step(command.tenant_id, command.method)
        return steps[min(number, len(steps) - 1)]

    def _play(self, command: PaymentCommand, step: Step) -> _Reply | TroubleError:
        book, now, what = self._book, now_ms(), step.what
        if what in ("429", "500"):
            return TroubleError(what)
        if what == "timeout":
            return _Reply(_NO_ANSWER)
        if what in DECLINES:
            terms = Terms(command.amount_micros, command.currency, code=what)
            return _Reply(outcome_of(book.write(command, terms, now)))
        late_ms = step.ms if what in ("late", "webhook") else 0
        amount_micros = command.amount_micros + (1_000_000 if what == "wrong_amount" else 0)
        currency = _other(command.currency) if what == "wrong_currency" else command.currency
        terms = Terms(amount_micros, currency, captured_at_ms=now + late_ms)
        payment = book.write(command, terms, now)
        if what in REVERSALS:
            promise_reversal(book, payment, step, now)
        if (kind := _MESSAGES.get(what)) is not None:
            book.promise(payment.payment_id, kind, now + late_ms + AFTERWARDS_MS)
        if what in ("late", "webhook"):
            return _Reply(_UNDECIDED if what == "webhook" else _NO_ANSWER)
        if what == "reversed":
            return _Reply(declined(STALE, payment.payment_id))
        return _Reply(outcome_of(payment), step.ms if what == "delay" else 0)

    async def tell_late_outcomes(self, publish: Publish) -> None:
        """Tell what the scripts have promised; a gateway that dies in between has it told again."""
        while True:
            for number, kind, payment in await self._in_thread(
                lambda: self._book.messages_due(now_ms())
            ):
                outcome = await self._in_thread(
                    lambda kind=kind, payment=payment: self._said(kind, payment)  # type: ignore[misc]
                )
                await publish(LateOutcome(payment.command_id, payment.tenant_id, outcome))
                await self._in_thread(lambda number=number: self._book.told(number))  # type: ignore[misc]
            await asyncio.sleep(TELL_EVERY_S)

    def _said(self, kind: MessageKind, payment: Payment) -> Outcome | MovedBack:
        """Return what a message says now."""
        if kind == "moved_back":
            return moved_back_now(self._book.reversals_of(payment.payment_id), payment.currency)
        return (
            declined(STALE, payment.payment_id) if kind == "stale_decline" else outcome_of(payment)
        )

    async def close(self) -> None:
        """Close the book."""
        await self._in_thread(self._book.close)
        self._thread.shutdown()
        if self._folder is not None:
            self._folder.cleanup()

    async def _in_thread(self, work: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


_: type[Provider] = Simulator
_NO_ANSWER = Unknown("the provider did not answer")
_UNDECIDED = Unknown("the provider has not decided yet", is_undecided=True)
_MESSAGES: dict[str, MessageKind] = {
    "webhook": "as_it_is",
    "duplicate": "as_it_is",
    "reversed": "as_it_is",
    "out_of_order": "stale_decline",
}


def outcome_of(payment: Payment) -> Outcome:
    """Return what the book says of a payment now."""
    if payment.captured_at_ms is None:
        return declined(payment.code, payment.payment_id)
    if payment.captured_at_ms > now_ms():
        return _UNDECIDED
    return Succeeded(payment.payment_id, payment.amount_micros, payment.currency, livemode=False)


def _other(currency: str) -> str:
    return "USD" if currency == "EUR" else "EUR"
