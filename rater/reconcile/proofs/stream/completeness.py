"""Completeness: every CDR that was read came to exactly one thing, and what it came to is true to it (I2).

Charged, suspended or dead, once; or it was a duplicate, and then the same CDR is found charged or suspended before.
Nothing is written for a record that is not there, or that no batch has read. What a record came to may be deleted by
time, and so may be what a second copy is one of: then it is not missing.
"""

from collections.abc import Iterator

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.books import CDRS, SOURCES
from rater.reconcile.folds.calls import hold_charge
from rater.reconcile.folds.causes import cdr_offset_of, is_by_command, is_rerated
from rater.reconcile.folds.masks import says
from rater.reconcile.inputs import Inputs, Outcome, is_forgotten
from rater.reconcile.reading.log import Record
from rater.reconcile.reading.sources import SourceCdr, millis
from topics import catalog
from topics import records as r

PROOF = "completeness"
_READ = "an offset that a batch has read"
_FOLLOWERS = frozenset(
    (
        *("billing_state_changed", "charge_reversed", "spend_limit_tripped"),
        *("lot_expired", "lot_forfeited", "lot_expiry_warned"),
    )
)
"""The kinds of entry that a record may bring about before, or behind, its own."""


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for every CDR in the range of the batches, and for every outcome of any source."""
    for source in SOURCES:
        yield from _prove_outcomes(evidence, source)
    yield from _prove_duplicates(evidence)
    yield from _prove_followers(evidence)


def _prove_followers(evidence: Inputs) -> Iterator[Difference]:
    """Prove that what a record brings about besides is of its time and, where it names a cause, of it."""
    books = evidence.books
    for offset, entry in books.ledger.items():
        if entry.kind not in _FOLLOWERS:
            continue
        if not _is_covered(evidence, entry.source_topic, entry.source_offset):
            wrong = Complaint("source_offset", _READ, entry.source_offset)
            yield evidence.differ(PROOF, catalog.LEDGER.name, offset, entry.tenant_id, wrong)
        record = books.sources.get(entry.source_topic, {}).get(entry.source_offset)
        if record is None:
            continue
        if entry.at_ms != record.at_ms >= 0:
            wrong = Complaint("at_ms", record.at_ms, entry.at_ms)
            yield evidence.differ(PROOF, catalog.LEDGER.name, offset, record.key, wrong)
        if entry.kind != "billing_state_changed":
            continue
        if entry.source_topic == CDRS:
            cdr = books.cdrs.get(entry.source_offset)
            cause = ("charge", None if cdr is None else cdr.cdr_id)
        else:
            command = books.commands[entry.source_topic].get(entry.source_offset)
            cause = ("settings", None if command is None else command.command_id)
        if (entry.cause, entry.cause_id) != cause:
            wrong = Complaint("cause, cause_id", cause, (entry.cause, entry.cause_id))
            yield evidence.differ(PROOF, catalog.LEDGER.name, offset, record.key, wrong)


def _prove_outcomes(evidence: Inputs, source: str) -> Iterator[Difference]:
    """Prove that what was written belongs to one source record that a batch has read."""
    books = evidence.books
    for offset, outcomes in evidence.outcomes[source].items():
        record = books.sources[source].get(offset)
        for again in outcomes[1:]:
            once = f"one outcome of {source} offset {offset}: {outcomes[0].name}"
            yield _differ(evidence, again, record, Complaint("source_offset", once, again.name))
        first = outcomes[0]
        if record is None and offset >= books.start(source):
            wrong = Complaint("source_offset", f"a record of {source}", offset)
            yield _differ(evidence, first, record, wrong)
        elif record is not None:
            for wrong in _hold_charge(evidence, first, record, offset):
                yield _differ(evidence, first, record, wrong)
        if not _is_covered(evidence, source, offset):
            yield _differ(evidence, first, record, Complaint("source_offset", _READ, offset))


def _is_covered(evidence: Inputs, source: str, offset: int) -> bool:
    """Say whether a batch has read a source record; where batches are not known any more, it may have been read."""
    if source not in evidence.batches or evidence.batches[source].locate(offset) is not None:
        return True
    proven_from = evidence.proven_from(source)
    return proven_from is None or offset < proven_from


def _differ(
    evidence: Inputs, outcome: Outcome, record: Record | None, wrong: Complaint
) -> Difference:
    key = None if record is None else record.key
    return evidence.differ(PROOF, outcome.topic, outcome.offset, key, wrong)


def _hold_charge(
    evidence: Inputs, outcome: Outcome, record: Record, offset: int
) -> Iterator[Complaint]:
    """Hold a charge against its CDR; suspense records and dead letters are held by `dead_letters`."""
    entry = evidence.books.ledger.get(outcome.offset)
    if outcome.topic != catalog.LEDGER.name or entry is None:
        return
    if entry.kind not in ("charge", "charge_reversed") or is_by_command(entry):
        return
    cdr = evidence.books.cdrs.get(offset)
    if cdr is None:
        yield Complaint("source_offset", "a readable CDR", record.value)
        return
    if entry.kind == "charge_reversed":
        yield from _hold_void(record, cdr, entry)
        return
    yield from _hold_voided(cdr, entry)
    settings = evidence.settings.of(entry)
    yield from hold_charge(cdr, entry, settings, evidence.plans)
    expected = {"at_ms": record.at_ms, "key": record.key, **call_facts(cdr)}
    found = {"at_ms": entry.at_ms, "key": entry.tenant_id.encode(), **entry_facts(entry)}
    for name, right in expected.items() if expected != found else ():
        if right != found[name]:
            yield Complaint(name, f"{right!r}, as in the CDR", found[name])
    for name, number, told in (
        ("to", cdr.to, entry.call.to),
        ("from", cdr.from_ or None, entry.call.from_),
        ("routing_number", cdr.leads_to, entry.call.routing_number),
    ):
        if not says(number, told, settings.masks):
            yield Complaint(name, f"{number!r}, as in the CDR, or its tail hidden", told)


def _hold_voided(cdr: SourceCdr, entry: r.Charge) -> Iterator[Complaint]:
    """Hold that a void is a charge of nothing only where there was nothing to take back, and says so."""
    if (cdr.kind == "void") != (entry.reason == "voided"):
        wanted = "charge_reversed, or free and voided" if cdr.kind == "void" else "not voided"
        yield Complaint("kind, reason", wanted, (entry.kind, entry.reason))


def _hold_void(record: Record, cdr: SourceCdr, entry: r.ChargeReversed) -> Iterator[Complaint]:
    """Hold what a void took back against it; what it was, and once, is held by `corrections`."""
    void = (record.at_ms, record.key, cdr.tenant_id, cdr.cdr_id, cdr.version, cdr.kind)
    said = (entry.at_ms, entry.tenant_id.encode(), entry.tenant_id, entry.cdr_id)
    found = (*said, entry.by_version, entry.by)
    if found != void:
        yield Complaint("by, by_version, cdr_id", f"{void}, as in the CDR", found)


def call_facts(cdr: SourceCdr) -> dict[str, object]:
    """Return what the entry of a charge repeats of its CDR, beside numbers."""
    return {
        "tenant_id": cdr.tenant_id,
        "cdr_id": cdr.cdr_id,
        "version": cdr.version,
        "direction": cdr.direction,
        "answered_ms": cdr.answered_ms,
        "ended_ms": cdr.ended_ms,
        "duration_s": cdr.billsec,
        "started_ms": None if cdr.answered_at is None else millis(cdr.started_at),
        "disposition": cdr.disposition,
        "call_type": cdr.call_type,
        "service_number_type": cdr.service_number_type,
        "usage_country": cdr.usage_country,
        "user_id": cdr.user_id,
        "organizer_id": cdr.organizer_id,
    }


def entry_facts(entry: r.Charge) -> dict[str, object]:
    """Return it as the entry says it."""
    return {
        "tenant_id": entry.tenant_id,
        "cdr_id": entry.cdr_id,
        "version": entry.version,
        "direction": entry.call.direction,
        "answered_ms": entry.call.answered_ms,
        "ended_ms": entry.call.ended_ms,
        "duration_s": entry.call.duration_s,
        "started_ms": entry.call.started_ms,
        "disposition": entry.call.disposition,
        "call_type": entry.call.call_type,
        "service_number_type": entry.call.service_number_type,
        "usage_country": entry.call.usage_country,
        "user_id": entry.call.user_id,
        "organizer_id": entry.call.organizer_id,
    }


def _prove_duplicates(evidence: Inputs) -> Iterator[Difference]:
    """Prove that every CDR without an outcome is the second copy of one that has one, or an earlier version."""
    batches = evidence.batches[CDRS]
    latest = _latest(evidence)
    known = _known(evidence)
    outcomes = evidence.outcomes[CDRS]
    for offset, record in evidence.books.sources[CDRS].items():
        if offset in outcomes or batches.locate(offset) is None:
            continue
        cdr = evidence.books.cdrs.get(offset)
        identity = None if cdr is None else (cdr.tenant_id, cdr.cdr_id, cdr.version)
        first = None if identity is None else known.get(identity)
        if cdr is not None and _is_superseded(latest, cdr, offset):
            continue
        if not evidence.kept.has_all(CDRS, offset):
            continue
        if cdr is None or first is None or first > offset:
            if cdr is not None and evidence.may_be_repeated(record.at_ms):
                continue
            lost = Complaint(
                "outcome", "a charge, suspense record, dead letter or first copy", None
            )
            yield evidence.differ(PROOF, CDRS, offset, record.key, lost)
            continue
        original = evidence.books.cdrs.get(first)
        if original is not None and original.content() != cdr.content():
            wrong = Complaint("outcome", f"a conflict with offset {first}", "a duplicate")
            yield evidence.differ(PROOF, CDRS, offset, record.key, wrong)


def _latest(evidence: Inputs) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """Return of every CDR with later versions which were taken: version and source offset."""
    latest: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for entry in evidence.books.ledger.values():
        if entry.kind == "charge" and entry.version > 1 and not is_rerated(entry):
            taken = (entry.version, cdr_offset_of(entry))
        elif entry.kind == "charge_reversed" and entry.by == "void":
            taken = (entry.by_version, entry.source_offset)
        else:
            continue
        latest.setdefault((entry.tenant_id, entry.cdr_id), []).append(taken)
    return latest


def _is_superseded(
    latest: dict[tuple[str, str], list[tuple[int, int]]], cdr: SourceCdr, offset: int
) -> bool:
    """Say whether a later version had been taken before a CDR came."""
    taken = latest.get((cdr.tenant_id, cdr.cdr_id), ())
    return any(version > cdr.version and place < offset for version, place in taken)


def _known(evidence: Inputs) -> dict[tuple[str, str, int], int]:
    """Return the first source offset of every CDR that was charged or remembered in suspense."""
    known: dict[tuple[str, str, int], int] = {}
    for entry in evidence.books.ledger.values():
        if is_rerated(entry):
            continue
        if entry.kind == "charge":
            identity = (entry.tenant_id, entry.cdr_id, entry.version)
            known.setdefault(identity, cdr_offset_of(entry))
        elif entry.kind == "charge_reversed" and entry.by == "void":
            identity = (entry.tenant_id, entry.cdr_id, entry.by_version)
            known.setdefault(identity, entry.source_offset)
    for _, suspended in evidence.books.suspense:
        if not is_forgotten(suspended):
            identity = (suspended.tenant_id, suspended.cdr_id, suspended.version)
            known[identity] = min(
                known.get(identity, suspended.source_offset), suspended.source_offset
            )
    return known
