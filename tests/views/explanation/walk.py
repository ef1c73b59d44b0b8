"""A walk along a ledger: each CDR's entries are judged on what the entries before them left."""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec

from rater.batch.simulate import Simulator
from rater.core.account.user import consumer_of
from rater.core.limits import DAY_MS
from rater.core.pricing.rules import Rules
from rater.views.explanation.evidence import (
    Evidence,
    Missing,
    Place,
    Posted,
    Raw,
    groups_of,
    is_about,
)
from rater.views.explanation.explanation import Explained, hold_events
from rater.views.explanation.folded import Folded
from rater.views.explanation.told import tell
from rater.wire.account.entries import decode_entry
from rater.wire.lines import Line
from topics.catalog import ACCOUNT_TIMERS, BALANCE_EVENTS, CDR_RAW, LEDGER, SUSPENSE
from topics.records import BalanceCarriedForward, CommandRejected, Suspended


class Whole(dict[Place, Raw | Missing]):
    """All records of all topics: what is not there is nowhere."""

    def get(self, place: Place, _default: Any = None) -> Raw | Missing:
        found = super().get(place)
        return Missing.ABSENT if found is None else found


class Heard:
    """Everything that a simulator writes, and what it is given."""

    def __init__(self, simulator: Simulator) -> None:
        self.records = Whole()
        self.ledger: dict[int, list[tuple[Posted, Rules]]] = defaultdict(list)
        self.suspended: list[Suspended] = []
        self.events: list[dict[str, Any]] = []
        append = simulator._append

        def hearing(topic: str, partition: int, records: Any, at_ms: int) -> list[Line]:
            lines = append(topic, partition, records, at_ms)
            for line in lines:
                self._hear(line, simulator.rules)
            return lines

        simulator._append = hearing  # type: ignore[method-assign]

    def _hear(self, line: Line, rules: Rules) -> None:
        place = line.topic, line.partition, line.offset
        if line.topic in (CDR_RAW.name, ACCOUNT_TIMERS.name):
            self.records[place] = Raw(line.timestamp, line.key, line.value)
        elif line.topic == LEDGER.name:
            entry = decode_entry(line.value)
            assert not isinstance(entry, str), entry
            posted = Posted(line.offset, line.timestamp, entry)
            self.ledger[line.partition].append((posted, rules))
        elif line.topic == SUSPENSE.name:
            self.suspended.append(msgspec.json.decode(line.value or b"", type=Suspended))
        elif line.topic == BALANCE_EVENTS.name:
            self.events.append(json.loads(line.value or b""))


class Walk:
    """One ledger, tenant by tenant."""

    def __init__(self, heard: Heard) -> None:
        self.heard = heard
        self.folded: dict[str, Folded] = defaultdict(Folded)
        self.of_month: dict[str, tuple[int, Folded]] = {}
        """The account from the last month on in which it was carried forward, and when that began."""
        self.own: dict[tuple[str, str], list[Posted]] = defaultdict(list)
        self.refused: list[CommandRejected] = []
        self.events: dict[tuple[str, int], list[dict[str, Any]]] = {}

    def steps(self) -> Iterator["Step"]:
        """Yield each group that is about a CDR, before it is applied."""
        self.events = defaultdict(list)
        for event in self.heard.events:
            self.events[event["tenant_id"], event["seq"]].append(event)
        for entries in self.heard.ledger.values():
            rules_of = {posted.offset: rules for posted, rules in entries}
            for group in groups_of([posted for posted, _ in entries]):
                yield from self._steps(group, rules_of[group[0].offset])
                self._take(group, rules_of[group[0].offset])

    def live(self) -> Iterator["Step"]:
        """Yield likewise what came since the last time, and forget it then."""
        yield from self.steps()
        self.heard.records.clear()
        self.heard.ledger.clear()
        self.heard.events.clear()

    def _steps(self, group: list[Posted], rules: Rules) -> Iterator["Step"]:
        about = [each.entry for each in group if each.entry.kind in ("charge", "charge_reversed")]
        if about:
            yield Step(self, group, about[-1].tenant_id, about[-1].cdr_id, rules)

    def _take(self, group: list[Posted], rules: Rules) -> None:
        for each in group:
            entry = each.entry
            if isinstance(entry, BalanceCarriedForward):
                known = tuple(self.folded[entry.tenant_id].rows.values())
                self.of_month[entry.tenant_id] = entry.month_ms, Folded(known)
            self.folded[entry.tenant_id].take(entry, rules)
            if entry.tenant_id in self.of_month:
                self.of_month[entry.tenant_id][1].take(entry, rules)
            if entry.kind in ("charge", "charge_reversed"):
                self.own[entry.tenant_id, entry.cdr_id].append(each)
            elif isinstance(entry, CommandRejected):
                self.refused.append(entry)


class Step:
    """One group, and what is known before it."""

    def __init__(
        self, walk: Walk, group: list[Posted], tenant_id: str, cdr_id: str, rules: Rules
    ) -> None:
        self.walk, self.group, self.rules = walk, group, rules
        self.tenant_id, self.cdr_id = tenant_id, cdr_id

    def evidence(self, *, gone: bool = False) -> Evidence:
        whose = self.tenant_id, self.cdr_id
        heard = self.walk.heard
        suspended = [e for e in heard.suspended if (e.tenant_id, e.cdr_id) == whose]
        records: Any = {} if gone else heard.records
        return Evidence(*whose, records, suspended, list(self.walk.refused))

    def told(
        self, group: list[Posted] | None = None, *, gone: bool = False, alone: bool = False
    ) -> Explained:
        group = self.group if group is None else group
        own = self.walk.own[self.tenant_id, self.cdr_id]
        folded = None if alone else self.walk.folded[self.tenant_id]
        return tell(group, own, folded, self.evidence(gone=gone), self.rules)

    def told_of_month(self) -> Explained | None:
        """Return the same, worked out from the month on; None where that does not reach back to what is counted."""
        month_ms, folded = self.walk.of_month.get(self.tenant_id, (0, None))
        entry = main(self).entry
        call = getattr(entry, "call", None)
        if folded is None:
            return None
        if call is not None and consumer_of(call) is not None:
            started_ms = call.answered_ms if call.started_ms is None else call.started_ms
            if month_ms > started_ms - DAY_MS:
                return None
        own = self.walk.own[self.tenant_id, self.cdr_id]
        return tell(self.group, own, folded, self.evidence(), self.rules)

    def with_events(self) -> Explained:
        told = self.told()
        seqs = [each.entry.seq for each in self.group]
        hold_events(told, [e for seq in seqs for e in self.walk.events[self.tenant_id, seq]])
        return told


def main(step: Step) -> Posted:
    """Return the entry that a step is about: the last."""
    return [each for each in step.group if is_about(each.entry, step.cdr_id)][-1]
