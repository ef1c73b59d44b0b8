"""Consent: nothing is asked for that is no longer wanted; what is in flight when consent is withdrawn is taken back.

Proven: a payment command goes out, for the first time or again, only while auto-recharge is on, its method is one of
the account's and the account is open, by what recharge had heard. When it hears otherwise while a command has no final
result, that command is taken back in the same step, for that reason; in the command's own words, the same bytes when
said again, not after its result; and the command itself is not sent again after it.

Not proven: what is heard in the very step that sends or takes back may have come before or after it, either is
believed; nor where the manifests or events of that time are deleted. That the gateway obeys is its own book's to prove.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.recharge_books import EVENTS, PAYMENTS, RESULTS
from rater.reconcile.inputs import Inputs
from rater.reconcile.reading.log import Record
from rater.reconcile.recharge_inputs import BEFORE, UNREAD, Key, Sent
from topics import records as r

PROOF = "consent"
_WORDS: Final = (
    *("recharge_id", "attempt", "amount_micros", "currency", "method", "customer"),
    "requested_ms",
)


class Consent(NamedTuple):
    """What recharge knows of a tenant's will; None: it is not known, the events may be deleted."""

    enabled: bool | None = None
    methods: frozenset[str] | None = None
    is_closed: bool = False

    def against(self, method: str) -> str | None:
        """Return why a payment by this method is not wanted; None: it may be."""
        if self.is_closed:
            return "account_closed"
        if self.enabled is False:
            return "disabled"
        return "method_removed" if self.methods is not None and method not in self.methods else None


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for every order of which it is known what had been heard."""
    if evidence.recharge.books.payments:
        yield from _Proof(evidence).prove()


class _Proof:
    def __init__(self, evidence: Inputs) -> None:
        self.evidence = evidence
        self.recharge = evidence.recharge
        self.heard = _timeline(evidence)

    def prove(self) -> Iterator[Difference]:
        steps, last = self.recharge.payment_steps, dict[str, str]()
        for index, (record, order) in enumerate(self.recharge.books.payments):
            step = None if steps is None else steps[index]
            if order.type == "cancel_payment":
                wrongs = self._hold_cancel(record, order, step, last.get(order.tenant_id))
            else:
                wrongs = self._hold_command(record, order, step)
                last[order.tenant_id] = order.command_id
            for wrong in wrongs:
                yield self.evidence.differ(PROOF, PAYMENTS, record.offset, record.key, wrong)
        for key, sent in self.recharge.sent.items():
            missing = self._missing(key, sent)
            if missing is not None:
                yield self.evidence.differ(PROOF, PAYMENTS, sent.offset, key[0], missing)

    def _hold_command(
        self, record: Record, command: r.PaymentCommand, step: int | None
    ) -> list[Complaint]:
        wrongs = []
        taken_back = self.recharge.cancels.get((command.tenant_id, command.command_id))
        if taken_back is not None and taken_back.offset < record.offset:
            right = f"not after it was taken back, offset {taken_back.offset}"
            wrongs.append(Complaint("command_id", right, command.command_id))
        reasons = [each.against(command.method) for each in self._known(command.tenant_id, step)]
        if reasons and None not in reasons:
            wrongs.append(Complaint("method", "a payment that is wanted", reasons[-1]))
        return wrongs

    def _hold_cancel(
        self, record: Record, cancel: r.PaymentCancel, step: int | None, last: str | None
    ) -> list[Complaint]:
        key = cancel.tenant_id, cancel.command_id
        sent, first = self.recharge.sent.get(key), self.recharge.cancels[key]
        if sent is None or last != cancel.command_id:
            if last is None and not self.evidence.books.is_whole(PAYMENTS):
                return []
            return [Complaint("command_id", f"{last}, the last command", cancel.command_id)]
        wrongs = []
        if record.value != first.value:
            wrongs.append(Complaint("value", f"the bytes of offset {first.offset}", record.value))
        for name in _WORDS:
            right, said = getattr(sent.command, name), getattr(cancel, name)
            if right != said:
                wrongs.append(Complaint(name, f"{right!r}, as in the command", said))
        final = self.recharge.finals.get(key)
        if final is not None and step is not None and self.recharge.step(RESULTS, final) < step:
            wrongs.append(Complaint("command_id", "not after its result", cancel.command_id))
        if first.offset == record.offset:
            wrongs += self._hold_reason(cancel, step)
        return wrongs

    def _hold_reason(self, cancel: r.PaymentCancel, step: int | None) -> list[Complaint]:
        known = self._known(cancel.tenant_id, step)
        reasons = {each.against(cancel.method) for each in known}
        is_unsure = not known or not self.evidence.books.is_whole(EVENTS)
        if is_unsure or cancel.reason in reasons:
            return []
        right = ", ".join(sorted(str(reason) for reason in reasons))
        return [Complaint("reason", f"what was heard: {right}", cancel.reason)]

    def _known(self, tenant_id: str, step: int | None) -> list[Consent]:
        """Return what may have been known in a step: what was heard before, and each thing heard in it."""
        if step in (None, BEFORE):
            return []
        assert step is not None
        told = self.heard[tenant_id]
        before = [consent for at, consent in told if at < step]
        return [*(before[-1:] or [Consent()]), *(consent for at, consent in told if at == step)]

    def _missing(self, key: Key, sent: Sent) -> Complaint | None:
        """Say that a command in flight should have been taken back, and was not."""
        results = self.evidence.books.log.slice(RESULTS)
        if sent.step in (None, BEFORE) or not results.reaches(sent.command.requested_ms):
            return None
        assert sent.step is not None
        final = self.recharge.finals.get(key)
        end = UNREAD if final is None else self.recharge.step(RESULTS, final)
        for step, consent in self.heard[key[0]]:
            reason = consent.against(sent.command.method)
            if reason is None or not sent.step < step < end:
                continue
            cancel = self.recharge.cancels.get(key)
            if cancel is None or cancel.step is None or cancel.step > step:
                found = None if cancel is None else f"offset {cancel.offset}"
                return Complaint("cancel_payment", f"taken back, heard was: {reason}", found)
            return None
        return None


def _timeline(evidence: Inputs) -> dict[str, list[tuple[int, Consent]]]:
    """Return what recharge knew of each tenant's will, step by step."""
    heard: dict[str, list[tuple[int, Consent]]] = defaultdict(list)
    for offset, event in evidence.books.events:
        change = _change(event)
        if change is None:
            continue
        step = evidence.recharge.step(EVENTS, offset)
        told = heard[event.tenant_id]
        known = told[-1][1] if told else Consent()
        told.append((step, known._replace(**change)))
    return heard


def _change(event: Any) -> dict[str, Any] | None:
    match event.kind:
        case "auto_recharge_changed":
            return {"enabled": event.enabled}
        case "payment_methods_changed":
            return {"methods": frozenset(method.reference for method in event.methods)}
        case "account_closed":
            return {"is_closed": True}
        case "account_reopened":
            return {"is_closed": False}
    return None
