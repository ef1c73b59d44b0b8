"""Orders: what had to be decided when an entry was written: a CDR that came, or one that had waited.

Read of the record that the entry names. Where its topic keeps it no more, the entry itself says the call: those are
inputs of a price, and no amounts.
"""

from collections.abc import Sequence
from typing import NamedTuple

from rater.core.account import charged_cdr
from rater.core.account.freecall import Waiting
from rater.core.cdr import Cdr, Source
from rater.views.explanation.differences import Difference
from rater.views.explanation.evidence import Evidence, Missing, Place, Posted, Raw, source_of
from rater.wire.account.commands import decode_command
from rater.wire.cdrs import decode_cdr
from topics.catalog import ACCOUNT_TIMERS, CDR_RAW
from topics.records import Charge, ChargeReversed, FreeCall, OpenSuspense, Suspended
from topics.records.open_suspense import OPEN_SUSPENSE_LAYOUT
from topics.records.recycling import ReleaseCall
from topics.records.rerating import RerateCall

Main = Charge | ChargeReversed
_BYTES_MAX = 1 << 23
"""What was taken is read again, whatever the settings allowed then."""
_PLACE = ("source_topic", "source_partition", "source_offset")


class Unheld(NamedTuple):
    """A field that is held against nothing, and why."""

    entry_id: str
    field: str
    why: str


class Order(NamedTuple):
    """What was to be decided."""

    cdr: Cdr
    source: Source
    again: tuple[FreeCall | ReleaseCall, OpenSuspense] | None = None
    """Of a call that waited: what was asked, and the row that waited."""
    rerates: RerateCall | None = None
    """Of a charge that was rated again: what was asked."""

    @property
    def waits(self) -> Waiting | None:
        """Return the row that waited, and its call."""
        return None if self.again is None else (self.again[1], self.cdr)


class Asked(NamedTuple):
    """An order, and how far it could be read of its own record."""

    order: Order
    differences: tuple[Difference, ...] = ()
    unheld: tuple[Unheld, ...] = ()


def order_of(entry: Main, evidence: Evidence, group: Sequence[Posted] = ()) -> Asked:
    """Return what an entry was decided by; `group`: the entries of the same source record, where they are known."""
    if isinstance(entry, Charge) and entry.generation:
        return _rated_again(entry, evidence, group)
    if entry.source_topic == ACCOUNT_TIMERS.name and isinstance(entry, Charge) and entry.waited:
        return _looked_at_again(entry, evidence)
    place = source_of(entry)
    wanted = (evidence.tenant_id, evidence.cdr_id, _version(entry))
    raw = evidence.at(place) if entry.source_topic == CDR_RAW.name else Missing.ABSENT
    if isinstance(raw, Missing):
        return _of_entry(entry, raw, evidence)
    cdr = decode_cdr(raw.value, _BYTES_MAX)
    found = (cdr.tenant_id, cdr.cdr_id, cdr.version) if isinstance(cdr, Cdr) else None
    if not isinstance(cdr, Cdr) or found != wanted:
        asked = _of_entry(entry, Missing.ABSENT, evidence)
        wrong = Difference(entry.entry_id, "source_offset", list(wanted), found and list(found))
        return asked._replace(differences=(wrong,))
    at_ms = raw.at_ms if raw.at_ms >= 0 else entry.at_ms
    return Asked(Order(cdr, Source(*place, at_ms)))


def _of_entry(entry: Main, missing: Missing, evidence: Evidence) -> Asked:
    """Return the order as the entry says it, where its record is not there."""
    order = Order(cdr_of(entry, evidence), Source(*source_of(entry), entry.at_ms))
    if missing is Missing.ABSENT:
        found = f"{entry.source_topic}/{entry.source_partition}/{entry.source_offset}"
        wrong = Difference(entry.entry_id, "source_offset", "the place of the CDR's record", found)
        return Asked(order, (wrong,))
    why = f"{CDR_RAW.name} keeps the record no more, of which it could be read"
    said = ("call", "version") if isinstance(entry, Charge) else ("by_version",)
    names = (*said, "at_ms", *_PLACE)
    return Asked(order, (), tuple(Unheld(entry.entry_id, name, why) for name in names))


def _looked_at_again(entry: Charge, evidence: Evidence) -> Asked:
    """Return the order of a call that waited."""
    waited = entry.waited
    assert waited is not None, entry
    unheld: list[Unheld] = []
    wrong: list[Difference] = []
    raw = evidence.at(source_of(entry))
    command, at_ms = None, entry.at_ms
    if isinstance(raw, Raw):
        command = decode_command(raw.value)
        at_ms = raw.at_ms if raw.at_ms >= 0 else at_ms
    elif raw is Missing.GONE:
        why = f"{ACCOUNT_TIMERS.name} keeps the command no more that asked for it"
        names = ("at_ms", *_PLACE, "job_id", "waited")
        unheld += [Unheld(entry.entry_id, name, why) for name in names]
    if not isinstance(command, (FreeCall, ReleaseCall)) or _named(command) != (
        evidence.tenant_id,
        evidence.cdr_id,
        entry.version,
    ):
        if raw is not Missing.GONE:
            what = "the place of the command that asked for it"
            wrong.append(Difference(entry.entry_id, "source_offset", what, entry.source_offset))
        command = _command_of(entry, evidence)
    row, cdr, more = _row_of(entry, command, evidence)
    order = Order(cdr, Source(*source_of(entry), at_ms), (command, row))
    return Asked(order, tuple(wrong), (*unheld, *more))


def _rated_again(entry: Charge, evidence: Evidence, group: Sequence[Posted]) -> Asked:
    """Return the order to rate a charge again."""
    raw, at_ms = evidence.at(source_of(entry)), entry.at_ms
    why = f"{ACCOUNT_TIMERS.name} keeps the command no more that asked for it"
    command = None
    wrong: tuple[Difference, ...] = ()
    unheld: tuple[Unheld, ...] = ()
    if isinstance(raw, Raw):
        command = decode_command(raw.value)
        at_ms = raw.at_ms if raw.at_ms >= 0 else at_ms
    elif raw is Missing.GONE:
        names = ("at_ms", *_PLACE, "job_id", "reverses")
        unheld = tuple(Unheld(entry.entry_id, name, why) for name in names)
    back = [each.entry for each in group if isinstance(each.entry, ChargeReversed)]
    if raw is Missing.GONE and back:
        said = ("job_id", "actor", "why", "reverses", "at_ms", *_PLACE)
        unheld += tuple(Unheld(back[0].entry_id, name, why) for name in said)
    wanted = (evidence.tenant_id, evidence.cdr_id, entry.version)
    if not isinstance(command, RerateCall) or _named(command) != wanted:
        if raw is not Missing.GONE:
            what = "the place of the command that asked for it"
            wrong = (Difference(entry.entry_id, "source_offset", what, entry.source_offset),)
        who = ("-", None) if not back else (back[0].actor or "-", back[0].why)
        command = RerateCall("-", *wanted, entry.reverses or "-", 0, 0, entry.job_id or "-", *who)
    order = Order(cdr_of(entry, evidence), Source(*source_of(entry), at_ms), None, command)
    return Asked(order, wrong, unheld)


def _named(command: FreeCall | ReleaseCall | RerateCall) -> tuple[str, str, int]:
    return command.tenant_id, command.cdr_id, command.version


def _command_of(entry: Charge, evidence: Evidence) -> FreeCall | ReleaseCall:
    """Return the command as its entry says it."""
    waited = entry.waited
    assert waited is not None, entry
    head = ("-", evidence.tenant_id, evidence.cdr_id, entry.version)
    if waited.by is None:
        return FreeCall(*head)
    return ReleaseCall(*head, waited.suspense_id, entry.job_id or "", waited.by, waited.why)


def _row_of(
    entry: Charge, command: FreeCall | ReleaseCall, evidence: Evidence
) -> tuple[OpenSuspense, Cdr, list[Unheld]]:
    """Return what waited, and its call."""
    assert entry.waited is not None, entry
    name = command.suspense_id if isinstance(command, ReleaseCall) else entry.waited.suspense_id
    said = _suspended(name, command, evidence)
    if said is None:
        why = "the record of its suspense was not found"
        waited = entry.waited
        place = _place(waited.suspense_id)
        head = (OPEN_SUSPENSE_LAYOUT, *_named(command), waited.at_ms, *place)
        row = OpenSuspense(*head, waited.reason, "-")
        unheld = [Unheld(entry.entry_id, field, why) for field in ("call", "waited")]
        return row, cdr_of(entry, evidence), unheld
    reason = said.reason
    for refusal in evidence.refused:
        is_before = refusal.source_offset < entry.source_offset
        if is_before and refusal.waits and refusal.waits.suspense_id == said.suspense_id:
            reason = refusal.waits.reason
    place = (said.source_topic, said.source_partition, said.source_offset)
    raw = evidence.at(place)
    text = raw.value if isinstance(raw, Raw) and raw.value else said.cdr.encode()
    cdr = decode_cdr(text, _BYTES_MAX)
    row = OpenSuspense(
        OPEN_SUSPENSE_LAYOUT, *_named(command), said.at_ms, *place, reason, text.decode()
    )
    return row, cdr if isinstance(cdr, Cdr) else cdr_of(entry, evidence), []


def _suspended(name: str, command: FreeCall | ReleaseCall, evidence: Evidence) -> Suspended | None:
    """Return the suspense record of a name; of a call that time freed, that of its version that waited last."""
    of_version = [each for each in evidence.suspended if each.version == command.version]
    if isinstance(command, FreeCall):
        kept = [each for each in of_version if each.kept]
        return kept[-1] if kept else None
    return next((each for each in of_version if each.suspense_id == name), None)


def _place(text: str) -> Place:
    topic, partition, offset = text.split("/")
    return topic, int(partition), int(offset)


def _version(entry: Main) -> int:
    return entry.by_version if isinstance(entry, ChargeReversed) else entry.version


def cdr_of(entry: Main, evidence: Evidence) -> Cdr:
    """Return the CDR as far as an entry says it; what takes a charge back says nothing of the call."""
    if isinstance(entry, ChargeReversed):
        whose = (evidence.tenant_id, evidence.cdr_id, entry.by_version, "void")
        nothing = (None, None, None, None)
        return Cdr(*whose, "out", "-", *nothing, "answered", 0, 0, 0, False, 0, None, None)
    return charged_cdr.cdr_of(entry, (evidence.tenant_id, evidence.cdr_id))
