"""A round: calls of known price, and what must come of each, with its exact amounts, within a time.

Rule 1: every round makes a call of a minute and waits for its charge. Where a refill is due, a second one takes the
        balance below the trigger; then the threshold event, the payment command and the credit must come.
Rule 2: each call is sent twice, and must be charged once: of a call that is charged again the next round knows, too.
Rule 3: what is expected is worked out here (`terms`), of what the ledger said last, by none of the rater's rules.
Rule 4: a payment that is not the simulator's is a failure: of a canary nobody's money may move (R32).
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from rater.shell.canary import terms
from rater.shell.canary.terms import Call, Json
from topics.catalog import BALANCE_EVENTS, LEDGER, PAYMENT_COMMANDS, PAYMENT_RESULTS, SUSPENSE

Step = Literal["account", "charge", "threshold", "payment_command", "credit"]
STEPS: tuple[Step, ...] = get_args(Step)

log = logging.getLogger(__name__)


class AmissError(Exception):
    """A round that did not pass: at which step, what was expected, and what was found, if anything was in time."""

    def __init__(self, step: Step, expected: str, found: str | None) -> None:
        super().__init__(f"{step}: expected {expected}, found {found or 'nothing in time'}")
        self.step = step
        self.expected = expected
        self.found = found
        self.cdr_id: str | None = None
        """The call that it is about, if it is about one."""

    @property
    def outcome(self) -> str:
        """How it is counted."""
        return "timed_out" if self.found is None else "failed"


@dataclass(frozen=True, slots=True)
class Seen:
    """A record of the canary's that was seen."""

    topic: str
    record: Json
    at_s: float
    """When, by the same clock as `World.call`."""


Wanted = Callable[[Seen], bool]


class World(Protocol):
    """What a round does and sees; times are seconds of a clock that only runs forward."""

    async def call(self, call: Call) -> float:
        """Send a call, twice; return when. TimeoutError where the broker does not take it."""

    async def first(self, wanted: Wanted) -> Seen:
        """Return the first record of this round that is wanted; TimeoutError where none comes in time."""

    def twice(self) -> str | None:
        """Return a call that was charged twice, if there is one, and forget that."""


@dataclass(frozen=True, slots=True)
class Round:
    """One round, to be played once."""

    name: str
    world: World
    took: Callable[[Step, float], object]
    """Hears how many seconds a step took, from the call that caused it."""

    async def play(self, *, refill: bool) -> bool:
        """Play it; return whether the account was refilled. AmissError where something is amiss."""
        small = Call(f"{self.name}-a", 1)
        with _about(small):
            balance, sent_at = await self._charged(small)
        crossing: Call | None = None
        if balance < terms.TRIGGER <= balance + small.micros:
            crossing = small
        elif refill and balance >= terms.TRIGGER:
            crossing = Call(f"{self.name}-b", _minutes(balance))
            with _about(crossing):
                after, sent_at = await self._charged(crossing)
                left = f"a balance of {balance - crossing.micros} after {crossing.cdr_id}"
                _hold("charge", left, f"a balance of {after} after {crossing.cdr_id}")
            balance = after
        if crossing is not None:
            with _about(crossing):
                await self._refilled(crossing, balance, sent_at)
        elif balance < terms.TRIGGER:
            await self._rescued(balance)
        if (again := self.world.twice()) is not None:
            raise AmissError("charge", "each call to be charged once", f"{again} charged twice")
        return balance < terms.TRIGGER

    async def _charged(self, call: Call) -> tuple[int, float]:
        """Make a call; return the balance after its charge, and when it was sent."""
        expected = f"{call.cdr_id} charged {call.micros} micros"
        try:
            sent_at = await self.world.call(call)
            seen = await self.world.first(
                lambda seen: (
                    seen.topic in (LEDGER.name, SUSPENSE.name)
                    and seen.record.get("cdr_id") == call.cdr_id
                )
            )
        except TimeoutError:
            raise AmissError("charge", expected, None) from None
        entry = seen.record
        if seen.topic == SUSPENSE.name:
            found = f"suspended, {entry.get('reason')}: {entry.get('detail')}"
            raise AmissError("charge", expected, found)
        found = f"{entry.get('kind')} of {entry.get('charge_micros')}, change {entry.get('amount_micros')}"
        _hold("charge", f"charge of {call.micros}, change {-call.micros}", found)
        self.took("charge", seen.at_s - sent_at)
        return int(entry["balance_micros"]), sent_at

    async def _refilled(self, crossing: Call, balance: int, sent_at: float) -> None:
        """See the threshold crossed by a call, the payment command, and the credit."""
        crossed = await self._awaited(
            "threshold",
            f"{terms.TRIGGER_ID} crossed by {crossing.cdr_id}",
            lambda seen: (
                seen.topic == BALANCE_EVENTS.name
                and seen.record.get("kind") == "threshold_crossed"
                and seen.record.get("threshold_id") == terms.TRIGGER_ID
                and seen.record.get("cause_id") == crossing.cdr_id
            ),
        )
        event = crossed.record
        found = f"{event.get('threshold_micros')} with a balance of {event.get('balance_micros')}"
        _hold("threshold", f"{terms.TRIGGER} with a balance of {balance}", found)
        self.took("threshold", crossed.at_s - sent_at)
        await self._paid(balance, sent_at)

    async def _paid(self, balance: int, sent_at: float) -> None:
        wanted = f"{terms.REFILL} {terms.CURRENCY} of {terms.METHOD}"
        asked = await self._awaited(
            "payment_command",
            wanted,
            lambda seen: (
                seen.topic == PAYMENT_COMMANDS.name and seen.record.get("type") == "make_payment"
            ),
        )
        order = asked.record
        found = f"{order.get('amount_micros')} {order.get('currency')} of {order.get('method')}"
        _hold("payment_command", wanted, found)
        self.took("payment_command", asked.at_s - sent_at)
        await self._credited(str(order.get("command_id")), balance, sent_at)

    async def _credited(self, command_id: str, balance: int, sent_at: float) -> None:
        """See the credit of a payment; a result that leads to none is told at once."""
        wanted = f"{terms.REFILL} for {command_id}, balance {balance + terms.REFILL}"
        seen = await self._awaited(
            "credit",
            wanted,
            lambda seen: (
                (_is_credit(seen) and seen.record.get("payment_command_id") == command_id)
                or (seen.topic == PAYMENT_RESULTS.name and _is_amiss(seen.record, command_id))
            ),
        )
        if seen.topic == PAYMENT_RESULTS.name:
            raise AmissError("credit", "a payment captured by the simulator", _told(seen.record))
        entry = seen.record
        found = (
            f"{entry.get('amount_micros')} for {command_id}, balance {entry.get('balance_micros')}"
        )
        _hold("credit", wanted, found)
        self.took("credit", seen.at_s - sent_at)

    async def _rescued(self, balance: int) -> None:
        """See any credit of an account that was below its trigger before this round."""
        expected = f"a credit: the balance was below the trigger before, {balance} now"
        await self._awaited("credit", expected, _is_credit)

    async def _awaited(self, step: Step, expected: str, wanted: Wanted) -> Seen:
        try:
            return await self.world.first(wanted)
        except TimeoutError:
            raise AmissError(step, expected, None) from None


@contextmanager
def _about(call: Call) -> Iterator[None]:
    """Have what is amiss say which call it is about."""
    try:
        yield
    except AmissError as amiss:
        amiss.cdr_id = call.cdr_id
        raise


def _hold(step: Step, expected: str, found: str) -> None:
    """Raise where something is not as expected."""
    if found != expected:
        raise AmissError(step, expected, found)


def _minutes(balance: int) -> int:
    if balance > terms.BALANCE_MAX:
        raise AmissError("account", f"a balance of at most {terms.BALANCE_MAX}", str(balance))
    return terms.minutes_to_cross(balance)


def _is_credit(seen: Seen) -> bool:
    return seen.topic == LEDGER.name and seen.record.get("kind") == "funds_added"


def _is_amiss(result: Json, command_id: str) -> bool:
    """Tell whether a result of a command is a decline, or one of real money."""
    if result.get("command_id") != command_id or result.get("outcome") == "unknown":
        return False
    is_play = result.get("provider") == "simulator" and not result.get("livemode")
    return result.get("outcome") != "succeeded" or not is_play


def _told(result: Json) -> str:
    words = (result.get("outcome"), result.get("code"), "by", result.get("provider"))
    return " ".join(str(word) for word in words if word)
