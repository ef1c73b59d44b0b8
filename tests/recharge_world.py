"""A world for one tenant's recharge: an account, a provider with its own record, and the rules that must hold of them.

The account is a number; the provider keeps what it captured, by command, and says the same of a command for ever (but
for a late success). After every step `check` holds I8 to I10: one command in flight, nothing credited that was not
captured, each capture once, no cap passed, the same command word for word when sent again.
"""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from rater.core.recharge import agent
from rater.core.recharge.caps import money_cap
from rater.core.recharge.journal import RechargeJournal
from rater.core.recharge.machine import State
from rater.core.recharge.payments import Quarantine
from rater.core.recharge.state import (
    COUNT_CAP,
    COUNT_WINDOW_MS,
    MONEY_WINDOW_MS,
    AutoRecharge,
    Recharge,
    due_ms,
    find_started,
)
from rater.wire.recharge.state import decode_recharge, encode_recharge
from tests.units import NOW, UNIT
from topics.records import (
    AddFunds,
    MovedBack,
    PaymentCancel,
    PaymentCommand,
    PaymentDeclined,
    PaymentMethod,
    PaymentReversed,
    PaymentSucceeded,
    PaymentUnknown,
    RestorePayment,
)
from topics.records import balance as v

TRIGGER, AMOUNT = 100 * UNIT, 50 * UNIT


@dataclass
class World:
    """One tenant; amounts in micros, times in ms."""

    balance: int = 150 * UNIT
    now: int = NOW
    seq: int = 0
    recharge: Recharge = field(default_factory=lambda: Recharge("acme", "USD"))
    sent: dict[str, PaymentCommand] = field(default_factory=dict)
    """Every payment command, by its id."""
    cancels: dict[str, PaymentCancel] = field(default_factory=dict)
    """What was taken back, by its command's id."""
    times_sent: dict[str, int] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    """Commands of which a result has been told that ends them."""
    captured: dict[str, str] = field(default_factory=dict)
    """The provider's own record: command id to payment id."""
    credited: dict[str, AddFunds] = field(default_factory=dict)
    """What was asked of the account, by lot id."""
    arrived: set[str] = field(default_factory=set)
    """Lots that are on the account."""
    refused: set[str] = field(default_factory=set)
    """Lots that the account will not take."""
    sums: dict[str, tuple[int, int]] = field(default_factory=dict)
    """The provider's own record of reversals: by command, all that was taken back, and all that came back."""
    told_sums: dict[str, tuple[int, int]] = field(default_factory=dict)
    """The greatest of each that was told."""
    taken: dict[str, int] = field(default_factory=dict)
    """What the account was asked to take back, by payment."""
    moves: list[MovedBack] = field(default_factory=list)
    """What the account was asked to take or give back, and has not yet done."""
    asked_back: set[str] = field(default_factory=set)
    """The ids of those commands."""
    held: bool = False
    """Payments are held for maintenance."""
    must_rest: bool = False
    """Money was taken back, and nobody has resumed since."""
    notices: list[Any] = field(default_factory=list)
    quarantined: list[Quarantine] = field(default_factory=list)
    doubted: bool = False

    def event(self, kind: type[v.Event], *fields: Any, cause_id: str | None = None) -> None:
        """Tell recharge what the account says."""
        self.seq += 1
        event = kind(
            f"acme/{self.seq}/x", "acme", self.seq, self.now, "USD", self.balance, "charge",
            cause_id or f"c{self.seq}", None, *fields,
        )  # fmt: skip
        self._step(lambda recharge, journal: agent.hear(recharge, event, journal))

    def settle(self, *, enabled: bool = True, trigger: int | None = TRIGGER, **more: Any) -> None:
        """Set auto-recharge."""
        terms = {"mode": "fixed", "amount_micros": AMOUNT, **more}
        names = ("mode", "amount_micros", "target_micros", "count_cap", "money_cap_micros")
        hours = more.get("trigger_h")
        values = [terms.get(name) for name in names]
        self.event(v.AutoRechargeChanged, enabled, values[0], trigger, hours, *values[1:])

    def methods(self, *references: str) -> None:
        """Replace the payment methods."""
        made = [PaymentMethod(name, None, f"card {name}") for name in references]
        self.event(v.PaymentMethodsChanged, tuple(made))

    def close(self) -> None:
        """Close the account."""
        self.event(v.AccountClosedEvent)

    def expire(self, command_id: str) -> str:
        """Let the gateway say that the command came too late to be charged."""
        return self.decline(command_id, hard=False, code="expired")

    def spend(self, amount: int) -> None:
        """Charge the account; only a crossing is told, as charging does."""
        before = self.balance
        self.balance -= amount
        trigger = self.recharge.settings.trigger_micros
        if trigger is not None and self.balance < trigger <= before:
            self.event(v.ThresholdCrossed, "auto_recharge", trigger, None)
        if self.balance <= 0 < before:
            self.event(v.BalanceExhausted)

    def top_up(self, amount: int, lot_id: str) -> None:
        """Put money on the account."""
        self.balance += amount
        self.event(v.FundsCredited, lot_id, amount)

    def arrive(self) -> None:
        """Let the account carry out the oldest credit asked for."""
        if waiting := self.waiting:
            self.arrived.add(waiting[0])
            self.top_up(self.credited[waiting[0]].amount_micros, waiting[0])

    def move_back(self) -> None:
        """Let the account take or give back what it was asked for first; crossings are told before."""
        if not self.moves:
            return
        order = self.moves.pop(0)
        if isinstance(order, RestorePayment):
            self.balance += order.amount_micros
            kind: type[v.Event] = v.PaymentRestoredEvent
        else:
            self.spend(order.amount_micros)
            kind = v.PaymentReversedEvent
        moved = (order.payment_id, order.amount_micros, order.reversal, order.reversal_id)
        self.event(kind, *moved, cause_id=order.command_id)

    def refuse(self, reason: str = "lot_exists") -> None:
        """Let the account refuse the oldest credit asked for."""
        if waiting := self.waiting:
            credit = self.credited[waiting[0]]
            self.refused.add(credit.lot_id)
            captured = (credit.lot_id, credit.amount_micros, reason, credit.payment_command_id)
            self.event(v.CreditRefused, *captured, cause_id=credit.command_id)

    def succeed(self, command_id: str, **changes: Any) -> str:
        """Let the provider capture (once, whatever is asked) and tell it."""
        command = self.sent[command_id]
        payment_id = self.captured.setdefault(command_id, f"pay-{command_id}")
        self.answered.add(command_id)
        told = {
            "payment_id": payment_id,
            "amount_micros": command.amount_micros,
            "currency": "USD",
            "mode": "test",
            "livemode": False,
            **changes,
        }
        return self._result(PaymentSucceeded(command_id, "acme", self.now, "sim", **told))

    def decline(
        self,
        command_id: str,
        *,
        hard: bool,
        code: str = "insufficient_funds",
        out_of_order: bool = False,
    ) -> str:
        """Let the provider decline; has it captured, it says so, unless this comes out of order."""
        if command_id in self.captured and not out_of_order:
            return self.succeed(command_id)
        self.answered.add(command_id)
        return self._result(
            PaymentDeclined(
                command_id, "acme", self.now, "sim", "test", "hard" if hard else "soft", code
            )
        )

    def unclear(self, command_id: str) -> str:
        """Let the gateway say that it could not find out."""
        return self._result(PaymentUnknown(command_id, "acme", self.now, "sim", "test"))

    def take_back(self, command_id: str, amount: int) -> None:
        """Let the provider take money back, of a payment that it captured; nothing is told yet."""
        taken, given = self.sums.get(command_id, (0, 0))
        self.sums[command_id] = taken + amount, given

    def give_back(self, command_id: str, amount: int) -> None:
        """Let some of it come back; nothing is told yet."""
        taken, given = self.sums.get(command_id, (0, 0))
        self.sums[command_id] = taken, min(given + amount, taken)

    def tell_sums(self, command_id: str, sums: tuple[int, int]) -> str:
        """Tell sums of a payment, those of now or of before."""
        taken, given = sums
        assert taken, "nothing was ever taken back"
        if find_started(self.recharge, command_id) is not None:  # Else it is long forgotten.
            before = self.told_sums.get(command_id, (0, 0))
            self.told_sums[command_id] = max(taken, before[0]), max(given, before[1])
            self.must_rest |= taken > before[0]
        head = (command_id, "acme", self.now, "sim")
        payment = f"pay-{command_id}"
        told = PaymentReversed(*head, "test", payment, "re_1", "refund", taken, "USD", given)
        return self._result(told)

    def wait(self, millis: int) -> None:
        """Let time pass; what falls due by then is told when it is."""
        end = self.now + millis
        while (due := due_ms(self.recharge)) <= end:
            self.now = max(self.now, due)
            outcome = self._step(lambda r, j: agent.fall_due(r, self.now, j))
            assert outcome == "due", due
        self.now = end

    def hold(self) -> None:
        """Hold payments; recharge is not told."""
        self.held = True

    def lift(self) -> None:
        """End the stop; the timer tells recharge, where it waits for that."""
        self.held = False
        if self.recharge.state is State.PAYMENTS_HELD:
            assert self._step(lambda r, j: agent.fall_due(r, self.now, j)) == "due"

    def resume(self) -> None:
        """Let an administrator resume."""
        self.must_rest = False
        self._step(lambda r, j: agent.resume(r, self.now, j))

    @property
    def waiting(self) -> list[str]:
        """The lots that are asked for and not answered, oldest first."""
        return [lot for lot in self.credited if lot not in self.arrived | self.refused]

    @property
    def first(self) -> str:
        """The id of the first command."""
        return next(iter(self.sent))

    @property
    def last(self) -> str:
        """The id of the last command that was new."""
        return list(self.sent)[-1]

    @property
    def state(self) -> str:
        """What the recharge is doing."""
        return self.recharge.state.value

    def told(self) -> list[str]:
        """Return the kinds of the notices so far."""
        return [notice.__struct_config__.tag for notice in self.notices]

    def _result(self, result: Any) -> str:
        outcome: str | Quarantine = self._step(
            lambda r, j: agent.take_result(r, result, self.now, j)
        )
        if isinstance(outcome, Quarantine):
            self.quarantined.append(outcome)
            self.doubted = True
            return f"quarantined.{outcome.reason}"
        return outcome

    def _step(self, act: Any) -> Any:
        # As in a batch: a working copy from bytes, and bytes again.
        recharge = decode_recharge(encode_recharge(self.recharge))
        journal = RechargeJournal(lambda *_: self.held)
        before = list(self.sent)
        outcome = act(recharge, journal)
        self.recharge = recharge
        for payment in journal.payments:
            if isinstance(payment, PaymentCancel):
                self._note_cancel(payment)
            else:
                self._note_payment(payment, before)
        for order in journal.orders:
            if isinstance(order, AddFunds):
                assert self.credited.setdefault(order.lot_id, order) == order
            else:
                self._note_reversal(order)
        self.notices += journal.notices
        self.check()
        return outcome

    def _note_cancel(self, cancel: PaymentCancel) -> None:
        """R10: taken back is what is in flight, in its own words, and again means the same."""
        known = self.cancels.setdefault(cancel.command_id, cancel)
        assert known == cancel, "the cancel's words have changed"
        assert cancel.command_id not in self.answered, "taken back though it was answered"
        words = msgspec.to_builtins(self.sent[cancel.command_id])
        said = msgspec.to_builtins(cancel)
        assert said.pop("reason") in ("disabled", "account_closed", "method_removed")
        assert said | {"type": "make_payment", "answer_by_ms": words["answer_by_ms"]} == words

    def _note_payment(self, command: PaymentCommand, before: list[str]) -> None:
        """I8, I10, I11: nothing else is in flight, no cap is passed, and again means the same."""
        assert command.command_id not in self.cancels, "sent again though it was taken back"
        assert self.recharge.settings.enabled
        assert not self.recharge.is_closed
        assert command.method in [m.given.reference for m in self.recharge.methods]
        known = self.sent.setdefault(command.command_id, command)
        assert known == command, "the command's words have changed"
        self.times_sent[command.command_id] = self.times_sent.get(command.command_id, 0) + 1
        if command.command_id in before:
            assert command.command_id not in self.answered, "sent again though it was answered"
            return
        open_ones = [each for each in before if each not in self.answered]
        assert not self.held, "asked for money while payments are held"
        assert not self.must_rest, "asked for money after some was taken back"
        assert not open_ones, f"{open_ones} in flight beside {command.command_id}"
        if command.attempt == 1:
            self._hold_caps(command)

    def _note_reversal(self, order: MovedBack) -> None:
        """R11: asked once, of money that is on the account, and the sum stays between nothing and the capture."""
        assert order.command_id not in self.asked_back, "asked for twice"
        self.asked_back.add(order.command_id)
        assert order.payment_id in self.arrived, "taken back before it was there"
        change = -order.amount_micros if isinstance(order, RestorePayment) else order.amount_micros
        taken = self.taken.get(order.payment_id, 0) + change
        assert 0 <= taken <= self.credited[order.payment_id].amount_micros
        assert taken == order.reversed_micros
        self.taken[order.payment_id] = taken
        self.moves.append(order)

    def _hold_caps(self, command: PaymentCommand) -> None:
        settings: AutoRecharge = self.recharge.settings
        told = [self.sent[c] for c in self.captured if f"pay-{c}" in self.credited]
        recent = {c.recharge_id for c in told if _begun(c) > command.requested_ms - COUNT_WINDOW_MS}
        assert len(recent) < (settings.count_cap or COUNT_CAP)
        month = [
            c.amount_micros for c in told if _begun(c) > command.requested_ms - MONEY_WINDOW_MS
        ]
        assert sum(month) + command.amount_micros <= money_cap(settings)

    def check(self) -> None:
        """I9: what is credited was captured, each once, to the micro."""
        payments = {payment: command for command, payment in self.captured.items()}
        for lot_id, credit in self.credited.items():
            command = self.sent[payments[lot_id]]
            assert (credit.amount_micros, credit.currency) == (command.amount_micros, "USD")
        for command_id, (taken, given) in self.told_sums.items():
            payment = f"pay-{command_id}"
            if payment in self.arrived and self.captured.get(command_id) == payment:
                amount = self.credited[payment].amount_micros
                assert self.taken.get(payment, 0) == min(max(taken - given, 0), amount)
        numbers = [credit.recharge_seq for credit in self.credited.values()]
        assert numbers == list(range(1, len(numbers) + 1))


def _begun(command: PaymentCommand) -> int:
    return int(command.recharge_id.rpartition("/")[2])


def low(**more: Any) -> World:
    """Return a world that is set up and has just crossed its trigger: the first command is out."""
    world = World(balance=TRIGGER + UNIT // 10)
    world.methods("pm_1")
    world.settle(**more)
    world.spend(UNIT // 2)
    return world
