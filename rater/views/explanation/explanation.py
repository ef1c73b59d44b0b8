"""Explanation: all that is known of one CDR, in order: what it waited for, what it was charged, what followed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rater.core.account.mending import MENDED_BY
from rater.core.pricing.rules import Rules
from rater.views.explanation.differences import Difference, differences, fields_of
from rater.views.explanation.evidence import Posted
from rater.views.explanation.folded import Folded
from rater.views.explanation.orders import Unheld
from rater.views.explanation.paid import paid_told
from rater.views.explanation.priced import decks_of, price_told, spans_told
from rater.views.explanation.verdict import Verdict
from topics.catalog import SUSPENSE
from topics.records import CommandRejected, Dead, DeadEnded, Suspended
from topics.records.recycling import CallDropped

Fields = dict[str, Any]


@dataclass(slots=True)
class Explained:
    """What one record of a CDR came to: its entries, and what they must be."""

    posted: Sequence[Posted]
    verdict: Verdict | None
    """None: the entry is not the CDR's, though it is remembered as its."""
    price: Fields | None = None
    """By which deck and row; None where no deck was asked."""
    spans: list[Fields] = field(default_factory=list)
    paid: list[Fields] = field(default_factory=list)
    balance_before_micros: int | None = None
    events: list[Fields] = field(default_factory=list)
    """What was crossed, as it was worked out."""
    event_differences: list[Difference] = field(default_factory=list)

    @property
    def differences(self) -> list[Difference]:
        """Return where what was booked is not what was worked out."""
        judged = () if self.verdict is None else self.verdict.differences
        return [*judged, *self.event_differences]

    @property
    def unheld(self) -> tuple[Unheld, ...]:
        """Return what is held against nothing."""
        return () if self.verdict is None else self.verdict.unheld

    def fields(self) -> Fields:
        """Return it for programs."""
        return {
            "entries": [{"offset": each.offset, **fields_of(each.entry)} for each in self.posted],
            "worked_out": [] if self.verdict is None else list(self.verdict.wanted),
            "price": self.price,
            "spans": self.spans,
            "paid": self.paid,
            "balance_before_micros": self.balance_before_micros,
            "events": self.events,
            "differences": [each._asdict() for each in self.differences],
            "not_held": [each._asdict() for each in self.unheld],
        }


def explained(
    posted: Sequence[Posted], verdict: Verdict, folded: Folded | None, rules: Rules
) -> Explained:
    """Return a verdict with what led to it; `folded` is the account before, as it was judged."""
    told = Explained(posted, verdict)
    decided, order = verdict.decided, verdict.order
    cdr, at_ms = order.cdr, order.source.at_ms
    main = next((each for each in reversed(verdict.wanted) if "lines" in each), None)
    if main is not None:
        told.spans = spans_told(main["lines"], cdr.answered_ms, cdr.billsec)
    if decided is None or folded is None or folded.account is None:
        name = getattr(posted[-1].entry, "deck_id", None)
        decks: tuple[str, ...] = () if name is None else (name,)
        told.price = price_told(cdr, decks, posted[-1].entry.currency, rules, at_ms)
        return told
    told.events = [fields_of(each) for each in decided.events]
    told.balance_before_micros = folded.account.balance
    if decided.account is not None and verdict.wanted:
        account = decided.account
        charge = next((each for each in verdict.wanted if each["kind"] == "charge"), None)
        if charge is not None and charge.get("deck_id") is not None:
            decks = decks_of(account, cdr)
            told.price = price_told(cdr, decks, account.currency, rules, at_ms)
        draws = [] if charge is None else charge.get("draws", [])
        told.paid = paid_told(draws, folded, account, cdr, rules)
    return told


def hold_events(told: Explained, found: Sequence[Fields]) -> None:
    """Hold what was told of an account against what is worked out; `found` are the events of the same entries."""
    by_name = {each["event_id"]: each for each in found}
    wanted = {each["event_id"]: each for each in told.events}
    name = told.posted[0].entry.entry_id
    for event_id in [*wanted, *(each for each in by_name if each not in wanted)]:
        one, other = wanted.get(event_id), by_name.get(event_id)
        told.event_differences += differences(name, one, other, f"events.{event_id}")


@dataclass(slots=True)
class Explanation:
    """What is known of one CDR."""

    tenant_id: str
    cdr_id: str
    found_by: str
    explained: list[Explained] = field(default_factory=list)
    suspended: list[Suspended] = field(default_factory=list)
    waiting: dict[str, Fields] = field(default_factory=dict)
    """Of suspense records that wait still, by their ids: what the call costs by the decks of today."""
    refused: list[CommandRejected] = field(default_factory=list)
    dropped: list[CallDropped] = field(default_factory=list)
    dead: list[Dead] = field(default_factory=list)
    ended: list[DeadEnded] = field(default_factory=list)
    """How dead letters of it ended, also of a record that was written again in place of one."""
    followed: list[Fields] = field(default_factory=list)
    """Payments that were asked for, their results, what people were told and whether it was sent, in order."""

    @property
    def differences(self) -> list[Difference]:
        """Return all that is not as it must be."""
        return [wrong for each in self.explained for wrong in each.differences]

    @property
    def is_known(self) -> bool:
        """Tell whether anything is known of the CDR."""
        return bool(self.explained or self.suspended or self.dropped or self.dead)

    def stands(self) -> str:
        """Return what has become of it, in a word."""
        last = self.explained[-1].posted if self.explained else ()
        about = [e.entry for e in last if getattr(e.entry, "cdr_id", None) == self.cdr_id]
        said = [each for each in about if each.kind in ("charge", "charge_reversed")]
        if said:
            entry = said[-1]
            is_void = entry.kind == "charge_reversed" or entry.reason == "voided"
            return "voided" if is_void else str(entry.outcome)
        if self.dropped:
            return "dropped"
        if self.waiting:
            return "waits"
        if self.suspended:
            return "suspended"
        return "dead" if self.dead else "unknown"

    def history(self) -> list[Fields]:
        """Return what happened, in order."""
        told = [_suspended(each, self.waiting) for each in self.suspended]
        told += [_refused(each) for each in self.refused]
        told += [_dropped(each) for each in self.dropped]
        told += [_dead(each) for each in self.dead]
        told += [_ended(each) for each in self.ended]
        told += [_posted(each.entry) for one in self.explained for each in one.posted]
        return sorted(told, key=lambda each: int(each["at_ms"]))

    def fields(self) -> Fields:
        """Return it for programs."""
        return {
            "tenant_id": self.tenant_id,
            "cdr_id": self.cdr_id,
            "stands": self.stands(),
            "found_by": self.found_by,
            "agrees": not self.differences,
            "history": self.history(),
            "charges": [each.fields() for each in self.explained],
            "followed": self.followed,
        }


def _suspended(said: Suspended, waiting: dict[str, Fields]) -> Fields:
    return {
        "at_ms": said.at_ms,
        "what": "suspended",
        "version": said.version,
        "reason": said.reason,
        "detail": said.detail,
        "suspense_id": said.suspense_id,
        "kept": said.kept,
        "mended_by": [str(each) for each in MENDED_BY.get(said.reason, ())],
        "waits": said.suspense_id in waiting,
        "price_now": waiting.get(said.suspense_id),
    }


def _refused(said: CommandRejected) -> Fields:
    waits = said.waits
    return {
        "at_ms": said.at_ms,
        "what": "looked at again",
        "version": None if waits is None else waits.version,
        "reason": None if waits is None else waits.reason,
        "detail": said.detail,
    }


def _dropped(said: CallDropped) -> Fields:
    waited = said.waited
    who = {"by": waited.by, "why": waited.why, "job_id": said.job_id}
    head = {"at_ms": said.at_ms, "what": "dropped", "version": said.version}
    return {**head, "reason": waited.reason, **who}


def _dead(said: Dead) -> Fields:
    place = f"{said.source_topic}/{said.source_partition}/{said.source_offset}"
    why = {"reason": said.reason, "field": said.field, "detail": said.detail}
    return {"at_ms": said.at_ms, "what": "dead letter", **why, "source": place}


def _ended(said: DeadEnded) -> Fields:
    of = "suspended record" if said.dead_topic == SUSPENSE.name else "dead letter"
    head = {"at_ms": said.at_ms, "what": f"{of} {said.outcome}", "reason": said.reason}
    who = {"actor": said.by, "why": said.why, "job_id": said.job_id}
    is_sent = said.sent_offset is not None
    again = f", written again at {said.sent_partition}/{said.sent_offset}" if is_sent else ""
    return {**head, **who, "source": said.dead_id, "detail": f"{said.dead_id}{again}"}


def _posted(entry: Any) -> Fields:
    said = {"at_ms": entry.at_ms, "what": entry.kind, "entry_id": entry.entry_id}
    if entry.kind == "charge":
        said |= {"version": entry.version, "outcome": entry.outcome}
        said |= {"charge_micros": entry.charge_micros, "reason": entry.reason}
        if entry.waited is not None and entry.waited.by is not None:
            said |= {
                "released_by": entry.waited.by,
                "why": entry.waited.why,
                "job_id": entry.job_id,
            }
        if entry.generation:
            said |= {"rated_again": entry.generation, "job_id": entry.job_id}
    elif entry.kind == "charge_reversed":
        said |= {"version": entry.version, "by": entry.by, "by_version": entry.by_version}
        said["reversed_micros"] = entry.reversed_micros
        if entry.job_id is not None:
            said |= {"actor": entry.actor, "why": entry.why, "job_id": entry.job_id}
    return said | {"balance_micros": entry.balance_micros, "currency": entry.currency}
