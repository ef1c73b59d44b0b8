"""Lot ids: a lot, an adjustment, a reversal comes once in an account's life; the lots table remembers them (R9).

Folded over the whole ledger. One way there is to use a name twice: the lot was bought, its expiry and its grace passed,
and another purchase, of later than that, has its name. What was made by hand must be in the table until then; an
adjustment and a reversal, for ever. Charging does not remember the payments that it has credited: who opens a lot by
hand under the name of one makes a difference here, for the money is there twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.lot_names import adjustment_lot_id, reversed_lot_id
from rater.reconcile.folds.lot_times import a_year_after
from rater.reconcile.folds.shadow_balance import GRACE_MS
from rater.reconcile.inputs import Inputs
from rater.reconcile.reading.log import Record
from rater.reconcile.reading.schemas import decoder_of
from topics import catalog
from topics.keys import lot_key
from topics.partitioner import partition_of

PROOF = "lot ids"
TOPIC = catalog.LOTS_CHANGELOG.name
LEDGER = catalog.LEDGER.name

HORIZON_KEY = b"forgotten"
CLOCKS_MS = 3_600_000
"""By how much the topics let a record's time be ahead."""

_decode = decoder_of(catalog.LOTS_CHANGELOG)

Name = tuple[str, str]
"""Tenant and lot id."""


class Opening(NamedTuple):
    """A use of an id, as the ledger has it. `over_ms` None: it is never over."""

    offset: int
    at_ms: int
    over_ms: int | None
    is_remembered: bool
    category: str | None = None


class Kept(NamedTuple):
    """An id in the table, and the offset that says so."""

    offset: int
    tenant_id: str
    lot_id: str
    forget_ms: int | None
    category: str | None


@dataclass(slots=True)
class Table:
    """What the changelog says last, and, by their keys there, all uses of ids that may still count."""

    used: dict[bytes, Opening] = field(default_factory=dict)
    kept: dict[bytes, Kept] = field(default_factory=dict)
    forgotten: dict[bytes, int] = field(default_factory=dict)
    """What was taken out, and the offset that says so."""
    horizon_ms: int = 0
    """Up to when ids have been forgotten."""


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for every lot and every adjustment on the ledger, and for every id in the table."""
    table = evidence.past.of(PROOF, Table)
    last: dict[Name, Opening] = {}
    for offset, entry in evidence.books.ledger.items():
        if (used := _opening(offset, entry)) is None:
            continue
        name, opening = used
        key = lot_key(*name)
        for wrong in _hold(evidence, opening, table.used.get(key)):
            yield evidence.differ(PROOF, LEDGER, offset, entry.tenant_id, wrong)
        last[name] = table.used[key] = opening
    for record in evidence.books.log.slice(TOPIC).records:
        for wrong in _take(evidence, table, record):
            yield evidence.differ(PROOF, TOPIC, record.offset, record.key, wrong)
    yield from _hold_table(evidence, last, table)
    yield from _hold_forgotten(evidence, last, table)


def _opening(offset: int, entry: Any) -> tuple[Name, Opening] | None:
    """Return the id that an entry uses, if it uses one."""
    if entry.kind == "adjusted":
        name = (entry.tenant_id, adjustment_lot_id(entry.command_id))
        return name, Opening(offset, entry.at_ms, None, is_remembered=True)
    if entry.kind == "payment_reversed":
        name = (entry.tenant_id, reversed_lot_id(entry.command_id))
        return name, Opening(offset, entry.at_ms, None, is_remembered=True)
    lot = getattr(entry, "lot", None)
    if lot is None:
        return None
    if entry.kind == "payment_restored":
        return (entry.tenant_id, lot.lot_id), Opening(offset, entry.at_ms, None, is_remembered=True)
    by_hand = entry.kind == "funds_added" and entry.recharge_seq is None
    is_given = by_hand and lot.category == "promotional"
    expires_ms = lot.expires_ms if is_given else a_year_after(lot.purchased_ms)
    opening = Opening(offset, entry.at_ms, expires_ms + GRACE_MS, by_hand, lot.category)
    return (entry.tenant_id, lot.lot_id), opening


def _hold(evidence: Inputs, opening: Opening, before: Opening | None) -> Iterator[Complaint]:
    """Hold a use of an id against the one before it, and against its own date."""
    over_ms = opening.over_ms
    if opening.is_remembered and over_ms is not None and over_ms - GRACE_MS <= opening.at_ms:
        yield Complaint("lot.expires_ms", f"after {opening.at_ms}", over_ms - GRACE_MS)
    if before is not None and not _is_another(evidence, opening, before):
        used = "used" if before.is_remembered else "a credited payment's"
        once = f"once in the account's life: it is {used} at offset {before.offset}"
        yield Complaint("lot.lot_id", once, "used again")


def _is_another(evidence: Inputs, opening: Opening, before: Opening) -> bool:
    """Say whether a purchase has the name of one that was over by then; clocks may be ahead by CLOCKS_MS."""
    if before.over_ms is None or opening.over_ms is None or opening.over_ms <= before.over_ms:
        return False
    written = (r for r in evidence.books.log.slice(LEDGER).records if r.offset == opening.offset)
    return next(written).at_ms + CLOCKS_MS >= before.over_ms


def _take(evidence: Inputs, table: Table, record: Record) -> Iterator[Complaint]:
    """Read one record of the table."""
    key = record.key or b""
    if record.value is None:
        table.kept.pop(key, None)
        table.forgotten[key] = record.offset
        return
    try:
        said = _decode(record.value)
    except (msgspec.MsgspecError, ValueError) as error:
        yield Complaint("value", "a record of the topic's schema", str(error))
        return
    if said.kind == "forgotten":
        if key != HORIZON_KEY:
            yield Complaint("key", HORIZON_KEY, key)
        table.horizon_ms = max(table.horizon_ms, said.to_ms)
        return
    right = partition_of(said.tenant_id.encode(), evidence.books.log.partitions)
    expected = (lot_key(said.tenant_id, said.lot_id), right)
    if (key, evidence.books.partition) != expected:
        yield Complaint("key, partition", expected, (key, evidence.books.partition))
    table.kept[key] = Kept(
        record.offset, said.tenant_id, said.lot_id, said.forget_ms, said.category
    )


def _hold_table(evidence: Inputs, last: dict[Name, Opening], table: Table) -> Iterator[Difference]:
    """Hold what the table says last against the ledger."""
    for (tenant_id, lot_id), opening in last.items():
        if not opening.is_remembered:
            continue
        found = table.kept.pop(lot_key(tenant_id, lot_id), None)
        if found is None and _is_over(opening, table):
            continue
        wanted = ("remembered", opening.over_ms, opening.category)
        kept = None if found is None else ("remembered", found.forget_ms, found.category)
        if kept != wanted:
            wrong = Complaint(f"id {lot_id}, forget_ms, category", wanted, kept)
            offset = None if found is None else found.offset
            yield evidence.differ(PROOF, TOPIC, offset, tenant_id, wrong)
    if evidence.books.is_whole(LEDGER) or evidence.books.log.is_continued:
        for found in table.kept.values():
            wrong = Complaint(
                "lot_id", "an id that the ledger uses, by hand or in a reversal", found.lot_id
            )
            yield evidence.differ(PROOF, TOPIC, found.offset, found.tenant_id, wrong)


def _hold_forgotten(
    evidence: Inputs, last: dict[Name, Opening], table: Table
) -> Iterator[Difference]:
    """Hold what was taken out of the table against uses on an earlier log; once over, they need not be known any more.

    Of a use on this log the table has said so already.
    """
    told = {lot_key(*name) for name in last}
    for key, offset in table.forgotten.items():
        used = table.used.get(key)
        if used is not None and _is_over(used, table):
            del table.used[key]
        elif used is not None and used.is_remembered and key not in told:
            wrong = Complaint("value", f"the id until {used.over_ms}", None)
            yield evidence.differ(PROOF, TOPIC, offset, key, wrong)
        elif key == HORIZON_KEY:
            wrong = Complaint("value", "up to when ids are forgotten", None)
            yield evidence.differ(PROOF, TOPIC, offset, key, wrong)
    table.forgotten.clear()
    table.kept.clear()


def _is_over(used: Opening, table: Table) -> bool:
    return used.over_ms is not None and used.over_ms <= table.horizon_ms
