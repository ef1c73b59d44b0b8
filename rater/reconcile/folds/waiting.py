"""Waiting: the calls that wait in suspense until they are charged, freed or dropped, folded from suspense and ledger.

Of one id the records lie in the order of their CDRs; what ends one by a command names the record that it ends.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rater.reconcile.difference import Complaint
from rater.reconcile.folds.books import Books, LedgerEntry
from rater.reconcile.folds.causes import BY_WORD, cdr_offset_of, has_waited, is_rerated
from topics import records as r
from topics.partitioner import partition_of
from topics.records.open_suspense import (
    OPEN_BYTES_MAX,
    OPEN_CALLS_MAX,
    WORD_BYTES_MAX,
    WORD_CALLS_MAX,
)
from topics.records.recycling import CallDropped

UNPRICED = frozenset(
    (
        *("contradictory", "impossible_number", "unknown_deck", "currency_mismatch"),
        *("short_number", "ambiguous_prefix", "ambiguous_origin", "denied", "no_rate"),
        *("outside_bands", "amount_too_large"),
    )
)
"""What is free after days waits for one of these; an amount may be too large for the account, too: then it is not."""
KEPT = (
    UNPRICED
    | BY_WORD
    | {
        *("unknown_tenant", "account_closed", "no_tenant_capability", "no_user_capability"),
        "too_many_pools",
    }
)
"""What charging keeps waits for one of these."""
TOO_LARGE = "amount_too_large"
_ESCAPED, _HEAD = 6, 1_000
"""By how much a text may grow in a row of the table, and bytes of the rest of the row."""

Id = tuple[str, str]
"""Tenant and CDR id."""
Ending = r.Charge | CallDropped


@dataclass(slots=True)
class Call:
    """What came of the versions of one CDR."""

    waits: list[tuple[int, r.Suspended]] = field(default_factory=list)
    """Offset of the suspense record, and the record."""
    charges: list[r.Charge] = field(default_factory=list)
    taken_back: dict[str, int] = field(default_factory=dict)
    """By entry id of the charge: the number of the entry that takes it back."""
    voids: list[int] = field(default_factory=list)
    """Versions of voids that took a charge back."""
    taken: list[tuple[int, int]] = field(default_factory=list)
    """Where the CDR lies of what was charged or void, and its version; what a command ended is not among them."""
    ended: dict[int, tuple[int, Ending]] = field(default_factory=dict)
    """What a command freed, released or dropped, by the place of the CDR: offset and entry."""
    told: dict[int, list[tuple[int, str]]] = field(default_factory=dict)
    """What was looked at again and waits on, by the place of the CDR: offset of the entry, and for what."""

    def stands(self, version: int, seq: int) -> bool:
        """Say whether a charge of an earlier version stood before an entry."""
        return any(
            each.version < version
            and each.seq < seq
            and each.reason != "voided"
            and self.taken_back.get(each.entry_id, seq) >= seq
            for each in self.charges
        )

    def is_void_below(self, version: int) -> bool:
        """Say whether an earlier version is void, or took a charge back as a void does."""
        return any(
            each.version < version and each.reason == "voided" for each in self.charges
        ) or any(each < version for each in self.voids)

    def reason(self, waits: r.Suspended, before: int | None = None) -> str:
        """Return what a record waits for, as it was last told; `before` an entry of the ledger."""
        said = self.told.get(waits.source_offset, ())
        told = [reason for offset, reason in said if before is None or offset < before]
        return told[-1] if told else waits.reason

    @property
    def is_dropped(self) -> bool:
        """Whether a version was given up: then an earlier one may wait after it."""
        return any(entry.kind == "call_dropped" for _, entry in self.ended.values())

    def walk(self, full: frozenset[bool]) -> tuple[r.Suspended | None, list[tuple[int, Complaint]]]:
        """Go through what came in order; return what waits still, and what is wrongly said to be kept or not.

        `full`: whether limits may have been reached, True: of what waits for an operator's word, False: of the others.
        """
        opened: r.Suspended | None = None
        lies: list[tuple[int, Complaint]] = []
        waits = {each.source_offset: (offset, each) for offset, each in self.waits}
        taken = dict(self.taken)
        for place in sorted({*waits, *taken}):
            if place not in waits:
                opened = None if opened is not None and opened.version < taken[place] else opened
                continue
            offset, found = waits[place]
            is_later = opened is None or _gives_way(opened, found) or self.is_dropped
            wanted = is_later and (found.kept or (found.reason in BY_WORD) not in full)
            # A copy that came after the window may be kept again, once a command has ended what waited.
            is_over = opened is not None and opened.source_offset in self.ended
            is_open = not is_over and not (self.is_dropped and not found.kept)
            if found.kept != wanted and is_open:
                why = "true, for it waits" if wanted else "false, for another version waits"
                lies.append((offset, Complaint("kept", why, found.kept)))
            opened = found if found.kept else opened
        # It was ended at any time behind its record: until then no earlier version could take its place.
        is_ended = opened is not None and opened.source_offset in self.ended
        return (None if is_ended else opened), lies


def _gives_way(before: r.Suspended, found: r.Suspended) -> bool:
    """Say whether what waits makes room: for a later version, or for the same where only that waits for no word."""
    if found.reason in BY_WORD:
        return before.reason in BY_WORD and before.version < found.version
    return before.version < found.version + (before.reason in BY_WORD)


@dataclass(slots=True)
class Waiting:
    """The calls that wait, with their rows; and what there was in all, for the limits."""

    calls: dict[Id, Call] = field(default_factory=dict)
    table: dict[Id, tuple[int, Any]] = field(default_factory=dict)
    kept: Counter[str] = field(default_factory=Counter)
    size: int = 0
    words: Counter[str] = field(default_factory=Counter)
    """Of those that were kept, how many waited for an operator's word."""
    words_size: int = 0
    is_whole: bool = True
    """Whether all that ever waited is known."""

    def full(self, tenant_id: str) -> frozenset[bool]:
        """Return which limits of an account may have been reached: as `Call.walk` takes them."""
        if self.size > OPEN_BYTES_MAX or self.kept[tenant_id] >= OPEN_CALLS_MAX:
            return frozenset((True, False))
        is_full = self.words_size > WORD_BYTES_MAX or self.words[tenant_id] >= WORD_CALLS_MAX
        return frozenset((True,)) if is_full else frozenset()

    def take(self, books: Books, touched: set[Id]) -> None:
        """Collect the calls that came to wait."""
        for record, waits in books.suspense:
            if waits.reason in KEPT and _can_be_kept(books, waits):
                name = waits.tenant_id, waits.cdr_id
                touched.add(name)
                self.calls.setdefault(name, Call()).waits.append((record.offset, waits))
                self.kept[waits.tenant_id] += waits.kept
                size = _ESCAPED * len(waits.cdr) + _HEAD
                self.size += size
                if waits.reason in BY_WORD:
                    self.words[waits.tenant_id] += waits.kept
                    self.words_size += size

    def follow(self, books: Books, touched: set[Id]) -> Iterator[tuple[int, Ending]]:
        """Add what the ledger says of the calls; yield what is ended a second time."""
        for offset, entry in books.ledger.items():
            name = _name(entry)
            if name is None:
                continue
            is_ending = entry.kind == "call_dropped" or has_waited(entry)
            call = self.calls.setdefault(name, Call()) if is_ending else self.calls.get(name)
            if call is None:
                continue
            touched.add(name)
            if (again := _add(call, offset, entry)) is not None:
                yield offset, again


def _can_be_kept(books: Books, waits: r.Suspended) -> bool:
    """Say whether a record lies where what it waits for comes: an operator's word comes to its tenant's partition."""
    right = partition_of(waits.tenant_id.encode(), books.log.partitions)
    return waits.reason not in BY_WORD or right == books.partition


def _name(entry: LedgerEntry) -> Id | None:
    """Return the call that an entry is of."""
    if entry.kind in ("charge", "charge_reversed", "call_dropped"):
        return entry.tenant_id, entry.cdr_id
    if entry.kind == "command_rejected" and entry.waits is not None:
        return entry.tenant_id, entry.waits.cdr_id
    return None


def _add(call: Call, offset: int, entry: Any) -> Ending | None:
    """Add an entry to its call; return it where it ends a second time what waited."""
    if entry.kind == "command_rejected":
        said = entry.waits
        call.told.setdefault(place_of(said.suspense_id), []).append((offset, said.reason))
        return None
    if entry.kind == "charge_reversed":
        call.taken_back[entry.reverses] = entry.seq
        if entry.by == "void":
            call.voids.append(entry.by_version)
            call.taken.append((entry.source_offset, entry.by_version))
        return None
    if entry.kind == "charge":
        call.charges.append(entry)
        if is_rerated(entry):
            return None
        if not has_waited(entry):
            call.taken.append((cdr_offset_of(entry), entry.version))
            return None
    place = place_of(entry.waited.suspense_id)
    if place in call.ended:
        ending: Ending = entry
        return ending
    call.ended[place] = offset, entry
    return None


def place_of(suspense_id: str) -> int:
    """Return where the CDR of a suspense record lies; -1: nowhere."""
    place = suspense_id.rpartition("/")[2]
    return int(place) if place.isdecimal() else -1
