"""Open suspense: what waits for a price is kept until a version is charged, voided or freed, and freed when it is due.

Folded from suspense and ledger: of one id the records lie in the order of their CDRs; what the timer freed names the
record that it ends. Whether a call could not be kept for a limit is looked at roughly: there must be many.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.books import cdr_offset_of, is_freed
from rater.reconcile.folds.masks import says
from rater.reconcile.inputs import Inputs
from rater.reconcile.proofs.stream.completeness import call_facts, entry_facts
from rater.reconcile.reading.log import Record
from rater.reconcile.reading.schemas import decoder_of
from rater.reconcile.reading.sources import DAY_MS, read_cdr
from topics import catalog
from topics import records as r
from topics.keys import suspense_key
from topics.partitioner import partition_of
from topics.records.open_suspense import OPEN_BYTES_MAX, OPEN_CALLS_MAX

PROOF = "open suspense"
TOPIC = catalog.SUSPENSE_CHANGELOG.name
LEDGER, SUSPENSE = catalog.LEDGER.name, catalog.SUSPENSE.name

UNPRICED = frozenset(
    (
        *("contradictory", "impossible_number", "unknown_deck", "currency_mismatch"),
        *("short_number", "ambiguous_prefix", "ambiguous_origin", "denied", "no_rate"),
        *("outside_bands", "amount_too_large"),
    )
)
"""What is kept waits for one of these; an amount may be too large for the account, too, and then it is not kept."""
_ESCAPED, _HEAD = 6, 1_000
"""By how much a text may grow in a row of the table, and bytes of the rest of the row."""

_decode = decoder_of(catalog.SUSPENSE_CHANGELOG)

Id = tuple[str, str]
"""Tenant and CDR id."""


@dataclass(slots=True)
class Call:
    """What came of the versions of one CDR."""

    waits: list[tuple[int, r.Suspended]] = field(default_factory=list)
    """Offset of the suspense record, and the record."""
    charges: list[r.Charge] = field(default_factory=list)
    taken_back: dict[str, int] = field(default_factory=dict)
    """By entry id of the charge: the number of the entry that takes it back."""
    taken: list[tuple[int, int]] = field(default_factory=list)
    """Where the CDR lies of what was charged or void, and its version; what the timer freed is not among them."""
    freed: dict[int, tuple[int, r.Charge]] = field(default_factory=dict)
    """By the place of the CDR: offset and entry."""

    def stands(self, version: int, seq: int) -> bool:
        """Say whether a charge of an earlier version stood before an entry."""
        return any(
            each.version < version
            and each.seq < seq
            and each.reason != "voided"
            and self.taken_back.get(each.entry_id, seq) >= seq
            for each in self.charges
        )


@dataclass(slots=True)
class Waiting:
    """The calls that wait, with their rows; and what there was in all, for the limits."""

    calls: dict[Id, Call] = field(default_factory=dict)
    table: dict[Id, tuple[int, Any]] = field(default_factory=dict)
    kept: Counter[str] = field(default_factory=Counter)
    size: int = 0
    is_whole: bool = True
    """Whether all that ever waited is known."""

    def is_full(self, tenant_id: str) -> bool:
        """Say whether a limit of an account may have been reached."""
        return self.size > OPEN_BYTES_MAX or self.kept[tenant_id] >= OPEN_CALLS_MAX


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for every CDR that waited, for every one that was freed, and for the table."""
    waiting = evidence.past.of(PROOF, Waiting)
    if not evidence.books.log.is_continued:
        waiting.is_whole = evidence.books.is_whole(SUSPENSE)
    touched: set[Id] = set()
    _take_waiting(evidence, waiting, touched)
    for offset, again in _freed(evidence, waiting.calls, touched):
        once = Complaint("waited", "a record that is freed once", again.waited)
        yield evidence.differ(PROOF, LEDGER, offset, again.tenant_id, once)
    for record in evidence.books.log.slice(TOPIC).records:
        for wrong in _read(evidence, waiting.table, record, touched):
            yield evidence.differ(PROOF, TOPIC, record.offset, record.key, wrong)
    for name in sorted(touched):
        yield from _hold(evidence, name, waiting)


def _take_waiting(evidence: Inputs, waiting: Waiting, touched: set[Id]) -> None:
    """Collect the calls that came to wait."""
    for record, waits in evidence.books.suspense:
        if waits.reason in UNPRICED:
            name = waits.tenant_id, waits.cdr_id
            touched.add(name)
            waiting.calls.setdefault(name, Call()).waits.append((record.offset, waits))
            waiting.kept[waits.tenant_id] += waits.kept
            waiting.size += _ESCAPED * len(waits.cdr) + _HEAD


def _freed(
    evidence: Inputs, calls: dict[Id, Call], touched: set[Id]
) -> Iterator[tuple[int, r.Charge]]:
    """Add what the ledger says of the calls; yield what is freed a second time."""
    for offset, entry in evidence.books.ledger.items():
        if entry.kind not in ("charge", "charge_reversed"):
            continue
        name = (entry.tenant_id, entry.cdr_id)
        call = calls.setdefault(name, Call()) if is_freed(entry) else calls.get(name)
        if call is None:
            continue
        touched.add(name)
        if entry.kind == "charge_reversed":
            call.taken_back[entry.reverses] = entry.seq
            if entry.by == "void":
                call.taken.append((entry.source_offset, entry.by_version))
            continue
        call.charges.append(entry)
        place = cdr_offset_of(entry)
        if not is_freed(entry):
            call.taken.append((place, entry.version))
        elif place in call.freed:
            yield offset, entry
        else:
            call.freed[place] = offset, entry


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
    """Hold one call: what is said to be kept, what was freed, and the row; what is over is forgotten."""
    call, row = waiting.calls.get(name, Call()), waiting.table.get(name)
    opened, lies = _walk(call, is_full=waiting.is_full(name[0]))
    if opened is None:
        waiting.calls.pop(name, None)
    account = evidence.ledger.accounts.get(name[0])
    if account.has_gaps if account is not None else not evidence.ledger.is_whole:
        return
    if waiting.is_whole:
        for offset, wrong in lies:
            yield evidence.differ(PROOF, SUSPENSE, offset, name[0], wrong)
    by_place = {waits.source_offset: waits for _, waits in call.waits}
    for place, (offset, entry) in call.freed.items():
        for wrong in _hold_freed(evidence, (waiting, call), entry, by_place.get(place)):
            yield evidence.differ(PROOF, LEDGER, offset, name[0], wrong)
    said = None if row is None else row[1]
    for wrong in _hold_row(evidence, (waiting, call), opened, said):
        yield evidence.differ(PROOF, TOPIC, None if row is None else row[0], name[0], wrong)


def _walk(call: Call, *, is_full: bool) -> tuple[r.Suspended | None, list[tuple[int, Complaint]]]:
    """Go through what came of a call in order; return what waits still, and what is wrongly said to be kept or not."""
    opened: r.Suspended | None = None
    lies: list[tuple[int, Complaint]] = []
    waits = {each.source_offset: (offset, each) for offset, each in call.waits}
    taken = dict(call.taken)
    for place in sorted({*waits, *taken}):
        if place not in waits:
            opened = None if opened is not None and opened.version < taken[place] else opened
            continue
        offset, found = waits[place]
        is_later = opened is None or opened.version < found.version
        # An amount that is too large for the balance has a price.
        is_open = is_later and found.reason != "amount_too_large"
        if found.kept and not is_later:
            lies.append(
                (offset, Complaint("kept", "false, for this version or a later one waits", "true"))
            )
        if not found.kept and is_open and not is_full:
            lies.append((offset, Complaint("kept", "true, for it waits for a price", "false")))
        opened = found if found.kept else opened
    # It was freed at any time behind its record: until then no earlier version could take its place.
    is_freed_now = opened is not None and opened.source_offset in call.freed
    return (None if is_freed_now else opened), lies


def _hold_freed(
    evidence: Inputs, of: tuple[Waiting, Call], entry: r.Charge, waited: r.Suspended | None
) -> Iterator[Complaint]:
    """Hold what was given for free against what waited, and against the settings of its time."""
    (waiting, call), said = of, entry.waited
    settings = evidence.settings.of(entry)
    if entry.settings_version != settings.version:
        yield Complaint("settings_version", settings.version, entry.settings_version)
    if said is None:
        return
    due_ms = said.at_ms + settings.freecall_days * DAY_MS
    if not settings.freecall_days or entry.at_ms < due_ms:
        days = f"{settings.freecall_days} days after {said.at_ms}, 0: never"
        yield Complaint("at_ms", days, entry.at_ms)
    if call.stands(entry.version, entry.seq):
        yield Complaint("reason", "no freecall, for an earlier version is charged", entry.reason)
    before = [each.version for each in call.charges if each.seq < entry.seq]
    if any(version > entry.version for version in before):
        yield Complaint("version", f"nothing below {max(before)}, charged before", entry.version)
    if waited is None:
        if waiting.is_whole:
            yield Complaint("waited", "a record that waits in suspense", said)
        return
    wanted = (waited.suspense_id, waited.at_ms, waited.reason, True)
    found = (said.suspense_id, said.at_ms, said.reason, waited.kept)
    if found != wanted:
        yield Complaint("waited", f"{wanted}, kept", found)
    yield from _hold_call(evidence, entry, waited)


def _hold_call(evidence: Inputs, entry: r.Charge, waited: r.Suspended) -> Iterator[Complaint]:
    """Hold the call of an entry against the CDR that waited; its text, where the record is gone."""
    cdr = evidence.books.cdrs.get(waited.source_offset) or read_cdr(waited.cdr.encode())
    if cdr is None:
        return
    found = entry_facts(entry)
    for name, right in call_facts(cdr).items():
        if right != found[name]:
            yield Complaint(name, f"{right!r}, as in the CDR", found[name])
    masks = evidence.settings.of(entry).masks
    is_there = waited.source_offset in evidence.books.cdrs
    for name, number, told in (
        ("to", cdr.to, entry.call.to),
        ("from", cdr.from_ or None, entry.call.from_),
    ):
        if is_there and not says(number, told, masks):
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
    wanted: tuple[object, ...] = (opened.version, opened.suspense_id, opened.at_ms, opened.reason)
    place = f"{row.source_topic}/{row.source_partition}/{row.source_offset}"
    found: tuple[object, ...] = (row.version, place, row.at_ms, row.reason)
    # Which versions were charged before the log began, is not known.
    if evidence.ledger.is_whole and not books.log.is_continued:
        seqs = [each.seq for each in call.charges] + [*call.taken_back.values()]
        wanted += (call.stands(opened.version, max(seqs, default=0) + 1),)
        found += (row.charged,)
    if found != wanted:
        yield Complaint("version, suspense_id, at_ms, reason, charged", wanted, found)
    source = books.sources[catalog.CDR_RAW.name].get(opened.source_offset)
    if source is not None and (source.value or b"").decode(errors="replace") != row.cdr:
        yield Complaint("cdr", source.value, row.cdr)
