"""Events: every crossing that the ledger implies has its event, and there is no other (I7).

So has every credit of a recharge that was refused. A refusal takes no number of its own: the events of two for one lot
may have one id, and are told apart by their order.

Who is told is held against the command itself: the ledger has only how many.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.event_found import edge_of
from rater.reconcile.folds.threshold_events import REFUSED, Edge
from rater.reconcile.inputs import Inputs
from rater.reconcile.reading.sources import SourceCommand
from topics import catalog

PROOF = "events"
TOPIC = catalog.BALANCE_EVENTS.name


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it from the first event that retention has left on."""
    uncertain = {t for t, a in evidence.ledger.accounts.items() if a.has_gaps}
    found: dict[str, tuple[int, Edge]] = {}
    names = _Names()
    for offset, event in evidence.books.events:
        edge = edge_of(event)
        name = names.of(edge)
        if name in found:
            once = f"once, at offset {found[name][0]}"
            wrong = Complaint("event_id", once, edge.event_id)
            yield evidence.differ(PROOF, TOPIC, offset, edge.tenant_id, wrong)
        elif edge.tenant_id not in uncertain and not evidence.is_before_beginning(
            edge.tenant_id, edge.seq
        ):
            found[name] = offset, edge
    names = _Names()
    implied = {names.of(e): e for e in evidence.ledger.edges if e.tenant_id not in uncertain}
    expected = _from_first_left(evidence, implied, found)
    yield from _missing(evidence, expected, found)
    yield from _wrong(evidence, expected, found)
    yield from _order(evidence, expected, found)
    yield from _recipients(evidence)


_Found = Mapping[str, tuple[int, Edge]]
_Expected = Mapping[str, Edge]


class _Names:
    """Gives every event a name of its own: its id, and of refusals with one id the how manieth it is."""

    def __init__(self) -> None:
        self.refusals: Counter[str] = Counter()

    def of(self, edge: Edge) -> str:
        if edge.kind != REFUSED:
            return edge.event_id
        self.refusals[edge.event_id] += 1
        number = self.refusals[edge.event_id]
        return edge.event_id if number == 1 else f"{edge.event_id}, number {number}"


def _from_first_left(evidence: Inputs, implied: _Expected, found: _Found) -> _Expected:
    """Leave out the events that may have been deleted by time: those before the first that is left."""
    if evidence.books.is_whole(TOPIC) or evidence.books.log.is_continued:
        return implied
    left = list(implied)
    first = next((i for i, name in enumerate(left) if name in found), len(left))
    return {name: implied[name] for name in left[first:]}


def _missing(evidence: Inputs, expected: _Expected, found: _Found) -> Iterator[Difference]:
    for event_id, edge in expected.items():
        if event_id not in found:
            wrong = Complaint("event_id", f"{event_id}, {edge.kind}", None)
            yield evidence.differ(PROOF, TOPIC, None, edge.tenant_id, wrong)


def _wrong(evidence: Inputs, expected: _Expected, found: _Found) -> Iterator[Difference]:
    for event_id, (offset, edge) in found.items():
        implied = expected.get(event_id)
        if implied is None:
            wrong = Complaint("event_id", "an event that the ledger implies", event_id)
            yield evidence.differ(PROOF, TOPIC, offset, edge.tenant_id, wrong)
            continue
        for name, right, said in zip(Edge._fields, implied, edge, strict=True):
            if right != said:
                wrong = Complaint(name, right, said)
                yield evidence.differ(PROOF, TOPIC, offset, edge.tenant_id, wrong)


def _order(evidence: Inputs, expected: _Expected, found: _Found) -> Iterator[Difference]:
    """Hold the order of each tenant's events against the ledger's."""
    implied: dict[str, list[str]] = defaultdict(list)
    for event_id, edge in expected.items():
        if event_id in found:
            implied[edge.tenant_id].append(event_id)
    said: dict[str, list[str]] = defaultdict(list)
    for event_id in found:
        if event_id in expected:
            said[expected[event_id].tenant_id].append(event_id)
    for tenant, ids in implied.items():
        if ids != said[tenant]:
            at = next(i for i, name in enumerate(ids) if said[tenant][i] != name)
            wrong = Complaint("order", ids[at], said[tenant][at])
            offset = found[said[tenant][at]][0]
            yield evidence.differ(PROOF, TOPIC, offset, tenant, wrong)


def _recipients(evidence: Inputs) -> Iterator[Difference]:
    """Hold addresses and webhook of each event against the command that set them, where that is left."""
    books = evidence.books
    asked: dict[tuple[str, int], SourceCommand] = {}
    for entry in books.ledger.values():
        if entry.kind == "recipients_set":
            command = books.commands.get(entry.source_topic, {}).get(entry.source_offset)
            if command is not None:
                asked[entry.tenant_id, entry.seq] = command
    for offset, event in books.events:
        if event.kind != "recipients_changed":
            continue
        if (command := asked.get((event.tenant_id, event.seq))) is None:
            continue
        for name, right, said in (
            ("emails", command.emails or [], list(event.emails)),
            ("webhook", command.webhook, event.webhook),
            ("statements", command.statements, event.statements),
        ):
            if right != said:
                wrong = Complaint(name, f"{right!r}, as in the command", said)
                yield evidence.differ(PROOF, TOPIC, offset, event.tenant_id, wrong)
