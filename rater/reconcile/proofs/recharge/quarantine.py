"""Quarantine: results that must not be credited are all there, whole, with the right reason, and nothing else is.

Misrouted, of a command that was never sent, in another currency, of another amount, a second capture of one command, or
a payment that was another command's: `recharge_inputs` says which. Likewise the dead letters of recharge: each keeps
a record that could not be read.
"""

from collections.abc import Iterator
from typing import Any

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.recharge_books import RESULTS
from rater.reconcile.inputs import Inputs
from rater.reconcile.proofs.stream.dead_letters import held
from rater.reconcile.reading.log import Record
from rater.reconcile.recharge_inputs import UNREAD
from topics import catalog
from topics import records as r

PROOF = "quarantine"
QUARANTINE = catalog.PAYMENT_QUARANTINE.name
DEAD = catalog.RECHARGE_DEAD.name

_KEY_CARRIED_MAX = 1_024


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for the results that recharge has read and that are still there."""
    if not evidence.recharge.books.is_running:
        return
    found: dict[int, int] = {}
    for record, quarantined in evidence.recharge.books.quarantine:
        for wrong in _hold(evidence, record, quarantined, found):
            yield evidence.differ(PROOF, QUARANTINE, record.offset, record.key, wrong)
        found.setdefault(quarantined.source_offset, record.offset)
    yield from _missing(evidence, found)
    for record, dead in evidence.recharge.books.dead:
        for wrong in _hold_dead(evidence, record, dead):
            yield evidence.differ(PROOF, DEAD, record.offset, record.key, wrong)
    yield from _missing_dead(evidence)


def _missing_dead(evidence: Inputs) -> Iterator[Difference]:
    """Find what was read, cannot be read, and has no dead letter."""
    books = evidence.recharge.books
    part = evidence.books.log.slice(DEAD)
    found = {(dead.source_topic, dead.source_offset) for _, dead in books.dead}
    for source, offsets in books.unreadable.items():
        for offset in offsets:
            if evidence.recharge.step(source, offset) == UNREAD or (source, offset) in found:
                continue
            record = books.sources[source][offset]
            if part.reaches(record.at_ms):
                wrong = Complaint("source_offset", f"{offset} of {source}, unreadable", None)
                yield evidence.differ(PROOF, DEAD, None, record.key, wrong)


def _missing(evidence: Inputs, found: dict[int, int]) -> Iterator[Difference]:
    part = evidence.books.log.slice(QUARANTINE)
    for offset, fate in evidence.recharge.fates.items():
        record = evidence.recharge.books.sources[RESULTS][offset]
        if fate.name == "quarantined" and offset not in found and part.reaches(record.at_ms):
            wrong = Complaint("source_offset", f"{offset} of {RESULTS}, {fate.reason}", None)
            yield evidence.differ(PROOF, QUARANTINE, None, record.key, wrong)


def _hold(
    evidence: Inputs, record: Record, said: r.QuarantinedResult, found: dict[int, int]
) -> Iterator[Complaint]:
    """Hold a record in quarantine against its result."""
    offset = said.source_offset
    place = f"{RESULTS}/{evidence.books.partition}/{offset}"
    if offset in found:
        yield Complaint("source_offset", f"once, at offset {found[offset]}", offset)
    if said.quarantine_id != place or _place_of(said) != place:
        yield Complaint("quarantine_id", place, f"{said.quarantine_id}, of {_place_of(said)}")
    source = evidence.recharge.books.sources[RESULTS].get(offset)
    if source is None:
        if offset >= evidence.books.start(RESULTS):
            yield Complaint("source_offset", f"a record of {RESULTS}", offset)
        return
    fate = evidence.recharge.fates.get(offset)
    if fate is None or fate.name not in ("quarantined", "unsure"):
        right = "a result that must not be credited"
        yield Complaint("source_offset", right, f"{offset}, {fate.name if fate else 'unread'}")
    elif fate.reason and said.reason != fate.reason:
        yield Complaint("reason", fate.reason, said.reason)
    result = evidence.recharge.books.results.get(offset)
    for name, right, told in (
        ("result", source.value, said.result.encode()),
        ("at_ms", max(source.at_ms, 0), said.at_ms),
        ("key", _carried(source.key), record.key),
        *_ids(result, said),
    ):
        if right != told:
            yield Complaint(name, right, told)


def _ids(result: Any, said: r.QuarantinedResult) -> Iterator[tuple[str, Any, Any]]:
    for name in ("tenant_id", "command_id", "payment_id"):
        yield name, getattr(result, name, None), getattr(said, name)


def _hold_dead(evidence: Inputs, record: Record, dead: r.Dead) -> Iterator[Complaint]:
    """Hold a dead letter against its source."""
    place = f"{dead.source_topic}/{evidence.books.partition}/{dead.source_offset}"
    if dead.dead_id != place or _place_of(dead) != place:
        yield Complaint("dead_id", place, f"{dead.dead_id}, of {_place_of(dead)}")
    source = evidence.recharge.books.sources[dead.source_topic].get(dead.source_offset)
    if source is None:
        if dead.source_offset >= evidence.books.start(dead.source_topic):
            yield Complaint("source_offset", f"a record of {dead.source_topic}", dead.source_offset)
        return
    for name, right, told in (
        ("at_ms", max(source.at_ms, 0), dead.at_ms),
        ("key", _carried(source.key), record.key),
        *held(source, dead),
    ):
        if right != told:
            yield Complaint(name, right, told)
    results = evidence.recharge.books.results
    if dead.source_topic == RESULTS and dead.source_offset in results:
        yield Complaint("reason", "a result that cannot be read", source.value)


def _place_of(letter: r.QuarantinedResult | r.Dead) -> str:
    return f"{letter.source_topic}/{letter.source_partition}/{letter.source_offset}"


def _carried(key: bytes | None) -> bytes | None:
    return None if key is None else key[:_KEY_CARRIED_MAX]
