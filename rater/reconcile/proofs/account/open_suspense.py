"""Open suspense: what waits is kept until a version is charged, voided, freed or dropped, and freed when it is due.

What waited is charged at most once, by a command that names it; what was dropped never is. Whether a call could not be
kept for a limit is looked at roughly: there must be many.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.calls import hold_charge
from rater.reconcile.folds.causes import BY_WORD
from rater.reconcile.folds.masks import says
from rater.reconcile.folds.waiting import KEPT, TOO_LARGE, UNPRICED, Call, Ending, Id, Waiting
from rater.reconcile.inputs import Inputs
from rater.reconcile.proofs.stream.completeness import call_facts, entry_facts
from rater.reconcile.reading.log import Record
from rater.reconcile.reading.schemas import decoder_of
from rater.reconcile.reading.sources import DAY_MS, read_cdr
from topics import catalog
from topics import records as r
from topics.keys import suspense_key
from topics.partitioner import partition_of

PROOF = "open suspense"
TOPIC = catalog.SUSPENSE_CHANGELOG.name
LEDGER, SUSPENSE = catalog.LEDGER.name, catalog.SUSPENSE.name

_decode = decoder_of(catalog.SUSPENSE_CHANGELOG)


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for every CDR that waited, for every one that was freed, released or dropped, and for the table."""
    waiting = evidence.past.of(PROOF, Waiting)
    if not evidence.books.log.is_continued:
        waiting.is_whole = evidence.books.is_whole(SUSPENSE)
    touched: set[Id] = set()
    waiting.take(evidence.books, touched)
    for offset, again in waiting.follow(evidence.books, touched):
        once = Complaint("waited", "a record that is ended once", again.waited)
        yield evidence.differ(PROOF, LEDGER, offset, again.tenant_id, once)
    for record in evidence.books.log.slice(TOPIC).records:
        for wrong in _read(evidence, waiting.table, record, touched):
            yield evidence.differ(PROOF, TOPIC, record.offset, record.key, wrong)
    for name in sorted(touched):
        yield from _hold(evidence, name, waiting)


def _read(
    evidence: Inputs, table: dict[Id, tuple[int, Any]], record: Record, touched: set[Id]
) -> Iterator[Complaint]:
    """Read one row of the table; one without a value ends a waiting."""
    key = record.key or b""
    if record.value is None:
        tenant_id, _, cdr_id = key.decode(errors="replace").partition("/")
        table.pop((tenant_id, cdr_id), None)
        touched.add((tenant_id, cdr_id))
        return
    try:
        row = _decode(record.value)
    except (msgspec.MsgspecError, ValueError) as error:
        yield Complaint("value", "a record of the topic's schema", str(error))
        return
    right = partition_of(row.tenant_id.encode(), evidence.books.log.partitions)
    expected = (suspense_key(row.tenant_id, row.cdr_id), right)
    if (key, evidence.books.partition) != expected:
        yield Complaint("key, partition", expected, (key, evidence.books.partition))
    table[row.tenant_id, row.cdr_id] = record.offset, row
    touched.add((row.tenant_id, row.cdr_id))


def _hold(evidence: Inputs, name: Id, waiting: Waiting) -> Iterator[Difference]:
    """Hold one call: what is said to be kept, what a command ended, and the row; what is over is forgotten."""
    call, row = waiting.calls.get(name, Call()), waiting.table.get(name)
    opened, lies = call.walk(waiting.full(name[0]))
    if opened is None:
        waiting.calls.pop(name, None)
    account = evidence.ledger.accounts.get(name[0])
    if account.has_gaps if account is not None else not evidence.ledger.is_whole:
        return
    if waiting.is_whole:
        for offset, wrong in lies:
            yield evidence.differ(PROOF, SUSPENSE, offset, name[0], wrong)
    by_place = {waits.source_offset: waits for _, waits in call.waits}
    for place, (offset, entry) in call.ended.items():
        for wrong in _hold_ended(evidence, (waiting, call), (offset, entry), by_place.get(place)):
            yield evidence.differ(PROOF, LEDGER, offset, name[0], wrong)
    said = None if row is None else row[1]
    for wrong in _hold_row(evidence, (waiting, call), opened, said):
        yield evidence.differ(PROOF, TOPIC, None if row is None else row[0], name[0], wrong)


def _hold_ended(
    evidence: Inputs,
    of: tuple[Waiting, Call],
    ended: tuple[int, Ending],
    waited: r.Suspended | None,
) -> Iterator[Complaint]:
    """Hold what a command ended against what waited."""
    (waiting, call), (offset, entry) = of, ended
    said = entry.waited
    if said is None:
        return
    if entry.kind == "charge":
        yield from _hold_charged(evidence, call, entry, said)
    if waited is None:
        if waiting.is_whole:
            yield Complaint("waited", "a record that waits in suspense", said)
        return
    reason = call.reason(waited, offset)
    wanted = (waited.suspense_id, waited.at_ms, reason, waited.cdr_id, waited.version, True)
    found = (said.suspense_id, said.at_ms, said.reason, entry.cdr_id, entry.version, waited.kept)
    if found != wanted:
        yield Complaint("waited", f"{wanted}, kept", found)
    if entry.kind == "charge":
        yield from _hold_call(evidence, entry, waited)


def _hold_charged(
    evidence: Inputs, call: Call, entry: r.Charge, said: r.Waited
) -> Iterator[Complaint]:
    """Hold a call that was freed, or charged, against the other versions; and what is free against the settings."""
    if call.stands(entry.version, entry.seq):
        yield Complaint("waited", "nothing, for an earlier version is charged", entry.reason)
    before = [each.version for each in call.charges if each.seq < entry.seq]
    if said.reason in BY_WORD and entry.version in before:
        yield Complaint("waited", "nothing, for the call is charged", said)
    if any(version > entry.version for version in before):
        yield Complaint("version", f"nothing below {max(before)}, charged before", entry.version)
    if entry.reason != "freecall":
        return
    settings = evidence.settings.of(entry)
    if entry.settings_version != settings.version:
        yield Complaint("settings_version", settings.version, entry.settings_version)
    due_ms = said.at_ms + settings.freecall_days * DAY_MS
    if not settings.freecall_days or entry.at_ms < due_ms:
        days = f"{settings.freecall_days} days after {said.at_ms}, 0: never"
        yield Complaint("at_ms", days, entry.at_ms)
    if said.reason not in UNPRICED:
        yield Complaint("waited", "what no deck could price", said.reason)


def _hold_call(evidence: Inputs, entry: r.Charge, waited: r.Suspended) -> Iterator[Complaint]:
    """Hold the call of an entry against the CDR that waited; its text, where the record is gone."""
    cdr = evidence.books.cdrs.get(waited.source_offset)
    is_there = cdr is not None
    cdr = cdr or read_cdr(waited.cdr.encode())
    if cdr is None:
        return
    found = entry_facts(entry)
    for name, right in call_facts(cdr).items():
        if right != found[name]:
            yield Complaint(name, f"{right!r}, as in the CDR", found[name])
    if not is_there:
        return
    settings = evidence.settings.of(entry)
    if entry.reason != "freecall":
        yield from hold_charge(cdr, entry, settings, evidence.plans)
    for name, number, told in (
        ("to", cdr.to, entry.call.to),
        ("from", cdr.from_ or None, entry.call.from_),
        ("routing_number", cdr.leads_to, entry.call.routing_number),
    ):
        if not says(number, told, settings.masks):
            yield Complaint(name, f"{number!r}, as in the CDR, or its tail hidden", told)


def _hold_row(
    evidence: Inputs, of: tuple[Waiting, Call], opened: r.Suspended | None, row: Any
) -> Iterator[Complaint]:
    """Hold the row that is left against what still waits."""
    (waiting, call), books = of, evidence.books
    if row is None:
        # Where entries are gone, so may be the one that ended it.
        if opened is not None and evidence.ledger.is_whole:
            yield Complaint("cdr_id", f"{opened.cdr_id} version {opened.version}, open", None)
        return
    if opened is None:
        if waiting.is_whole:
            yield Complaint("cdr_id", "nothing, for it waits no more", row.cdr_id)
        return
    reason = call.reason(opened)
    wanted: tuple[object, ...] = (opened.version, opened.suspense_id, opened.at_ms, reason)
    place = f"{row.source_topic}/{row.source_partition}/{row.source_offset}"
    found: tuple[object, ...] = (row.version, place, row.at_ms, row.reason)
    # Which versions were charged before the log began, is not known; nor by charging, where it asks for a word.
    is_known = opened.reason not in BY_WORD
    if evidence.ledger.is_whole and not books.log.is_continued and is_known:
        seqs = [each.seq for each in call.charges] + [*call.taken_back.values()]
        stands = call.stands(opened.version, max(seqs, default=0) + 1)
        wanted += (stands, not stands and call.is_void_below(opened.version))
        found += (row.charged, row.voided)
    if found != wanted:
        yield Complaint("version, suspense_id, at_ms, reason, charged, voided", wanted, found)
    is_told = row.reason != TOO_LARGE and row.reason in KEPT
    if is_told and row.never_free != (row.reason not in UNPRICED):
        yield Complaint("never_free", row.reason not in UNPRICED, row.never_free)
    source = books.sources[catalog.CDR_RAW.name].get(opened.source_offset)
    if source is not None and (source.value or b"").decode(errors="replace") != row.cdr:
        yield Complaint("cdr", source.value, row.cdr)
