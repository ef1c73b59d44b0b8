"""Recharge inputs: the order of what recharge heard and sent, and what each payment result must come to.

Topics have no common order, but recharge's steps have one: a manifest on `rater-recharge-batches` names the source
records that its step read, and how many payment commands it sent. So of every source record and of every command it is
known in which step it was, and what came before what; of two in one step it is not.
"""

import re
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from rater.reconcile.folds.batches import Batches
from rater.reconcile.folds.recharge_books import (
    HEARD,
    MANIFESTS,
    PAYMENTS,
    RESULTS,
    Moved,
    RechargeBooks,
    read_recharge_books,
)
from rater.reconcile.reading.log import Log
from topics import records as r
from topics.partitioner import partition_of

BEFORE: Final = -1
"""A step that is older than the manifests that are left."""
UNREAD: Final = 1 << 63
"""Of what no step has read yet."""
PAYMENTS_MAX: Final = 8
"""Payments of one recharge of which reversals are known; of more, each is for a human."""
FORGOTTEN_MS: Final = 399 * 86_400_000
FORGOTTEN_RECHARGES: Final = 3_999
"""A recharge so old, or so many recharges ago, need not be remembered: its results may be of an unknown command."""
_NAME = re.compile(
    r"(?P<tenant>[^/]+)/recharge/(?P<generation>[0-9]{1,18})"
    r"/(?P<started>[0-9]{1,18})/(?P<attempt>[0-9]{1,4})"
)


class Named(NamedTuple):
    """What the id of a payment command says."""

    generation: int
    started_ms: int
    attempt: int


class Sent(NamedTuple):
    """A payment command as it was first sent; `step` None: it is not known."""

    offset: int
    value: bytes | None
    step: int | None
    command: r.PaymentCommand


class TakenBack(NamedTuple):
    """Where a payment command was first taken back; `step` None: it is not known."""

    offset: int
    value: bytes | None
    step: int | None


class Capture(NamedTuple):
    """A payment whose money must be on the account, once. `number` counts a tenant's from 1."""

    offset: int
    at_ms: int
    step: int
    number: int
    result: r.PaymentSucceeded
    command: r.PaymentCommand


class Fate(NamedTuple):
    """What a readable result must come to: `quarantined` for a reason, `captured`, `repeated`, `moved`, `heard`.

    `unsure`: its command, or an earlier result of it, may have been deleted by time; it may have been captured.
    """

    name: str
    reason: str = ""


Key = tuple[str, str]
"""A tenant, and a command's or a payment's id."""


@dataclass(slots=True)
class RechargeInputs:
    """All that is known of recharge in one partition."""

    books: RechargeBooks
    batches: dict[str, Batches]
    payment_steps: list[int] | None
    """The step of every payment command; None: manifests and commands do not add up."""
    sent: dict[Key, Sent] = field(default_factory=dict)
    cancels: dict[Key, TakenBack] = field(default_factory=dict)
    fates: dict[int, Fate] = field(default_factory=dict)
    captures: dict[Key, Capture] = field(default_factory=dict)
    """By payment id, in the order in which they were heard."""
    finals: dict[Key, int] = field(default_factory=dict)
    """The offset of the first result that ends a command's flight, by command id."""
    moved: dict[Key, list[tuple[int, Moved]]] = field(default_factory=dict)
    """By payment id, what recharge heard of money taken back or given back, with its offsets."""
    unheard: list[r.PaymentSucceeded] = field(default_factory=list)
    """Successes that no step has read yet."""

    def step(self, source: str, offset: int) -> int:
        """Return the step that read a source record: its manifest's offset, or BEFORE, or UNREAD."""
        batches = self.batches[source]
        index = batches.locate(offset)
        if index is not None:
            return batches.manifests[index].offset
        written = self.books.log.slice(MANIFESTS)
        if written.start == 0:
            return UNREAD
        if batches.first_offset is not None:
            return BEFORE if offset < batches.first_offset else UNREAD
        record = self.books.sources[source].get(offset)
        return UNREAD if record is None or written.reaches(record.at_ms) else BEFORE


def gather_recharge(log: Log) -> RechargeInputs:
    """Decode a log, put its steps in order, and fold the payment results."""
    books = read_recharge_books(log)
    batches = {
        source: Batches([m for m in books.steps if m.header.source_topic == source])
        for source in HEARD
    }
    evidence = RechargeInputs(books, batches, _payment_steps(books))
    for index, (record, order) in enumerate(books.payments):
        step = None if evidence.payment_steps is None else evidence.payment_steps[index]
        key = order.tenant_id, order.command_id
        if order.type == "cancel_payment":
            evidence.cancels.setdefault(key, TakenBack(record.offset, record.value, step))
        else:
            evidence.sent.setdefault(key, Sent(record.offset, record.value, step, order))
    _Fold(evidence).take_all()
    return evidence


def _payment_steps(books: RechargeBooks) -> list[int] | None:
    """Deal the payment commands out to the steps, by the numbers that these say, from the last one back."""
    steps = [manifest.offset for manifest in books.steps for _ in range(manifest.header.events)]
    surplus = len(steps) - len(books.payments)
    if surplus == 0:
        return steps
    if surplus > 0:
        return steps[surplus:] if books.log.slice(PAYMENTS).start else None
    return [BEFORE] * -surplus + steps if books.log.slice(MANIFESTS).start else None


class _Fold:
    """Takes the results in their order, which is that in which recharge took them."""

    def __init__(self, evidence: RechargeInputs) -> None:
        self.evidence = evidence
        self.captured: dict[Key, str] = {}
        self.numbers: dict[str, int] = {}
        self.payments: dict[str, dict[str, str]] = {}
        """By recharge, the payments of which money was moved, with their commands."""
        self.latest: dict[str, int] = {}
        for tenant_id, command_id in evidence.sent:
            named = read_name(tenant_id, command_id)
            self.latest[tenant_id] = named.generation if named else 0
        self.quarantined = {
            each.source_offset: each.reason
            for _, each in evidence.books.quarantine
            if each.source_topic == RESULTS
        }

    def take_all(self) -> None:
        evidence = self.evidence
        for offset, result in evidence.books.results.items():
            if evidence.step(RESULTS, offset) == UNREAD:
                evidence.unheard += [result] if result.outcome == "succeeded" else []
            else:
                evidence.fates[offset] = self.take(offset, result)

    def take(self, offset: int, result: Any) -> Fate:
        evidence, books = self.evidence, self.evidence.books
        record = books.sources[RESULTS][offset]
        tenant = result.tenant_id.encode()
        if (
            record.key != tenant
            or partition_of(tenant, books.log.partitions) != books.log.partition
        ):
            return Fate("quarantined", "misrouted")
        key = result.tenant_id, result.command_id
        sent = evidence.sent.get(key)
        if sent is None and self._may_be_gone(key):
            return Fate("unsure")
        if sent is None or not self._is_known(offset, record.at_ms, sent):
            return Fate("quarantined", "unknown_command")
        if result.outcome in ("reversed", "restored"):
            return self._take_moved(offset, result, sent)
        if result.outcome != "unknown":
            evidence.finals.setdefault(key, offset)
        return (
            self._take_capture(offset, result, sent)
            if result.outcome == "succeeded"
            else Fate("heard")
        )

    def _may_be_gone(self, key: Key) -> bool:
        """Say whether a command that is not there may have been deleted by time."""
        named = read_name(*key)
        payments = self.evidence.books.log.slice(PAYMENTS)
        return named is not None and not payments.reaches(named.started_ms)

    def _is_known(self, offset: int, at_ms: int, sent: Sent) -> bool:
        """Say whether the command was known when the result came; where that is unsure, believe recharge."""
        step, command = self.evidence.step(RESULTS, offset), sent.command
        named = read_name(command.tenant_id, command.command_id)
        generation = named.generation if named else 0
        is_unsure = (
            step == sent.step
            or not self.evidence.books.log.slice(PAYMENTS).reaches(command.requested_ms)
            or at_ms - command.requested_ms > FORGOTTEN_MS
            or self.latest[command.tenant_id] - generation >= FORGOTTEN_RECHARGES
        )
        if is_unsure:
            return self.quarantined.get(offset) != "unknown_command"
        return sent.step is None or sent.step <= step

    def _take_capture(self, offset: int, result: r.PaymentSucceeded, sent: Sent) -> Fate:
        key, paid = (result.tenant_id, result.command_id), (result.tenant_id, result.payment_id)
        if not self.evidence.books.log.slice(RESULTS).reaches(sent.command.requested_ms):
            return Fate("unsure")
        before = self.captured.get(key)
        if (mismatch := _mismatch(result, sent.command)) is not None:
            return Fate("quarantined", mismatch)
        if before == result.payment_id:
            return Fate("repeated")
        if before is not None or paid in self.evidence.captures:
            return Fate("quarantined", "second_capture")
        number = self.numbers.get(result.tenant_id, 0) + 1
        self.numbers[result.tenant_id] = number
        self.captured[key] = result.payment_id
        at_ms = self.evidence.books.sources[RESULTS][offset].at_ms
        step = self.evidence.step(RESULTS, offset)
        self.evidence.captures[paid] = Capture(offset, at_ms, step, number, result, sent.command)
        return Fate("captured")

    def _take_moved(self, offset: int, moved: Moved, sent: Sent) -> Fate:
        """Take what is said of a payment's money; it must be the payment that was captured, if one was."""
        if not self.evidence.books.log.slice(RESULTS).reaches(sent.command.requested_ms):
            return Fate("unsure")
        if moved.currency != sent.command.currency:
            return Fate("quarantined", "currency_mismatch")
        captured = self.captured.get((moved.tenant_id, moved.command_id))
        known = self.payments.setdefault(sent.command.recharge_id, {})
        is_strange = known.get(moved.payment_id, moved.command_id) != moved.command_id
        is_one_too_many = moved.payment_id not in known and len(known) >= PAYMENTS_MAX
        if captured not in (None, moved.payment_id) or is_strange or is_one_too_many:
            return Fate("quarantined", "unknown_payment")
        known[moved.payment_id] = moved.command_id
        paid = moved.tenant_id, moved.payment_id
        self.evidence.moved.setdefault(paid, []).append((offset, moved))
        return Fate("moved")


def _mismatch(result: r.PaymentSucceeded, command: r.PaymentCommand) -> str | None:
    """Return in what a success is not what was asked for: real money or play, currency, amount."""
    if result.livemode is not (result.mode == "live"):
        return "mode_mismatch"
    if result.currency != command.currency:
        return "currency_mismatch"
    return None if result.amount_micros == command.amount_micros else "amount_mismatch"


def read_name(tenant_id: str, command_id: str) -> Named | None:
    """Read what a payment command's id says; None: it is not one of the tenant's."""
    found = _NAME.fullmatch(command_id)
    if found is None or found["tenant"] != tenant_id:
        return None
    return Named(int(found["generation"]), int(found["started"]), int(found["attempt"]))
