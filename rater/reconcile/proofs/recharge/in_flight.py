"""In flight: a tenant's payment commands follow one another, the next only when the one before has its result (I8).

Proven: a new command id goes out only after a final result of the one before (succeeded or declined; one in
quarantine ends its flight too), and after a success only when the credit of that money has been heard of, or its
refusal. After means two things: the record that recharge waited for is not younger than the command's own
`requested_ms` (recharge's time is the latest of what it has heard), and the step that read it is not later than the
step that sent the command. Sent again, a command is the same bytes, and only while it is the last and has no final
result. Recharges are numbered 1, 2, 3 and so on, and so are the attempts of each; another attempt follows a decline
only, for the same amount.

Not proven: the order within one step; it is one transaction. Where the manifests of a time are deleted, only the times.
"""

from collections import defaultdict
from collections.abc import Iterator

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.recharge_books import EVENTS, PAYMENTS, RESULTS
from rater.reconcile.inputs import Inputs
from rater.reconcile.reading.log import Record
from rater.reconcile.recharge_inputs import BEFORE, Named, RechargeInputs, Sent, read_name
from topics import records as r

PROOF = "in flight"


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it from the first payment command that is left on."""
    if evidence.recharge.books.payments:
        yield from _InFlight(evidence).prove()


class _InFlight:
    """Follows the last command of every tenant."""

    def __init__(self, evidence: Inputs) -> None:
        self.evidence = evidence
        self.recharge: RechargeInputs = evidence.recharge
        self.last: dict[str, Sent] = {}
        self.answered: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
        for offset, event in evidence.books.events:
            if event.kind in ("funds_credited", "credit_refused"):
                place = offset, event.at_ms
                self.answered[event.tenant_id, event.lot_id].append(place)

    def prove(self) -> Iterator[Difference]:
        steps = self.recharge.payment_steps
        for index, (record, command) in enumerate(self.recharge.books.payments):
            if command.type == "cancel_payment":
                continue
            step = None if steps is None else steps[index]
            first = self.recharge.sent[command.tenant_id, command.command_id]
            if first.offset == record.offset:
                complaints = self._hold_new(first)
                self.last[command.tenant_id] = first
            else:
                complaints = self._hold_again(record, first, step)
            for wrong in complaints:
                yield self.evidence.differ(PROOF, PAYMENTS, record.offset, record.key, wrong)

    def _hold_again(self, record: Record, first: Sent, step: int | None) -> list[Complaint]:
        """Hold a command that is sent again against its first sending."""
        complaints = []
        if record.value != first.value:
            same = f"the bytes of offset {first.offset}: {first.value!r}"
            complaints.append(Complaint("value", same, repr(record.value)))
        command = first.command
        last = self.last[command.tenant_id].command.command_id
        if last != command.command_id:
            complaints.append(Complaint("command_id", f"{last}, the last", command.command_id))
        final = self.recharge.finals.get((command.tenant_id, command.command_id))
        if final is not None and step is not None and self.recharge.step(RESULTS, final) < step:
            ended = f"not again after its result, {RESULTS} offset {final}"
            complaints.append(Complaint("command_id", ended, command.command_id))
        return complaints

    def _hold_new(self, sent: Sent) -> list[Complaint]:
        command = sent.command
        named = read_name(command.tenant_id, command.command_id)
        if named is None or command.command_id != f"{command.recharge_id}/{command.attempt}":
            shape = f"{command.tenant_id}/recharge/number/time/attempt, as recharge_id and attempt"
            return [Complaint("command_id", shape, command.command_id)]
        before = self.last.get(command.tenant_id)
        if before is None:
            is_first = self.evidence.books.is_whole(PAYMENTS)
            return list(_hold_numbers(None, sent, named)) if is_first else []
        return [*_hold_numbers(before.command, sent, named), *self._hold_after(before, sent)]

    def _hold_after(self, before: Sent, sent: Sent) -> Iterator[Complaint]:
        """Prove that the command before had its result, and its money, when this one went out."""
        command, ended = sent.command, before.command
        final = self.recharge.finals.get((ended.tenant_id, ended.command_id))
        if final is None:
            if self.evidence.books.log.slice(RESULTS).reaches(ended.requested_ms):
                missing = f"a result of {ended.command_id} before"
                yield Complaint("command_id", missing, command.command_id)
            return
        at_ms = self.recharge.books.sources[RESULTS][final].at_ms
        if not self._is_before(RESULTS, final, at_ms, sent):
            late = f"after the result of {ended.command_id}, {RESULTS} offset {final}"
            yield Complaint("command_id", late, command.command_id)
        result = self.recharge.books.results[final]
        if result.outcome != "succeeded":
            return
        if command.recharge_id == ended.recharge_id:
            yield Complaint(
                "attempt", f"none after {ended.command_id} was captured", command.attempt
            )
        elif self.recharge.fates[final].name == "captured":
            yield from self._hold_credited(result, sent, at_ms)

    def _hold_credited(
        self, result: r.PaymentSucceeded, sent: Sent, captured_ms: int
    ) -> Iterator[Complaint]:
        """Prove that the money had arrived, or was refused: a balance from before that asks for nothing."""
        lot = result.tenant_id, result.payment_id
        captured = self.recharge.captures[lot].step
        heard = next(
            (
                place
                for place in self.answered[lot]
                if self.recharge.step(EVENTS, place[0]) >= captured
            ),
            None,
        )
        events = self.evidence.books.log.slice(EVENTS)
        if heard is None and not events.reaches(captured_ms):
            return
        if heard is None or not self._is_before(EVENTS, *heard, sent):
            arrived = f"after lot {result.payment_id} is credited"
            yield Complaint("command_id", arrived, sent.command.command_id)

    def _is_before(self, source: str, offset: int, at_ms: int, sent: Sent) -> bool:
        """Say whether a source record was heard when a command went out, as far as can be known."""
        if at_ms > sent.command.requested_ms:
            return False
        return sent.step in (None, BEFORE) or self.recharge.step(source, offset) <= sent.step


def _hold_numbers(before: r.PaymentCommand | None, sent: Sent, named: Named) -> Iterator[Complaint]:
    """Hold the number of a recharge, or of an attempt, against the command before."""
    command = sent.command
    if before is not None and before.recharge_id == command.recharge_id:
        for name, right, found in (
            ("attempt", before.attempt + 1, command.attempt),
            ("amount_micros", before.amount_micros, command.amount_micros),
            ("currency", before.currency, command.currency),
        ):
            if right != found:
                yield Complaint(name, right, found)
        return
    earlier = None if before is None else read_name(before.tenant_id, before.command_id)
    generation = 1 if earlier is None else earlier.generation + 1
    for name, right, found in (
        ("recharge_id", f"number {generation}", f"number {named.generation}"),
        ("attempt", 1, command.attempt),
        ("requested_ms", named.started_ms, command.requested_ms),
    ):
        if right != found:
            yield Complaint(name, right, found)
