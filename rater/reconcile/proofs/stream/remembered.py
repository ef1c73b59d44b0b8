"""Remembered ids: the charge index, as the manifests hold it, names the records that are there (D8).

Every charge and every command is remembered once, by the batch that decided it, with the place of its entry; so is what
waits in suspense. What is not remembered could be charged again.
"""

from collections.abc import Iterator
from typing import NamedTuple

from xxhash import xxh3_128_digest

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.books import (
    CDRS,
    ORDERS,
    LedgerEntry,
    Manifest,
)
from rater.reconcile.folds.causes import (
    cdr_offset_of,
    command_id_of,
    has_waited,
    is_by_command,
    is_by_word,
    is_rerated,
)
from rater.reconcile.inputs import Inputs, is_forgotten
from rater.reconcile.reading.sources import DAY_MS
from topics import catalog
from topics import records as r
from topics.keys import lot_key
from topics.manifests import (
    PLACE_MAX,
    IdState,
    RememberedId,
    cdr_key,
    command_key,
    head_key,
    unpack_ids,
)

PROOF = "remembered"
TOPIC = catalog.BATCHES_CHANGELOG.name

NOWHERE = PLACE_MAX
"""The place of a timer's command that found nothing to do."""

_REPEATED = frozenset(("command_id_reused", "misrouted"))
"""Reasons of refusal that may concern an id which was remembered before."""


class _Facts(NamedTuple):
    """Content, as far as it is known, and day of an id."""

    content: int | None
    day: int
    by_stream: bool = True
    """The day is that of the stream, on which the record came, if that is later."""


_Wanted = dict[tuple[bytes, IdState, int], _Facts | None]
"""What a batch must remember: digest, state and place; None: no more than that is known."""


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for every manifest of every source topic."""
    wanted = _wanted(evidence)
    for source, batches in evidence.batches.items():
        for index, manifest in enumerate(batches.manifests):
            try:
                ids = unpack_ids(manifest.ids)
            except ValueError as error:
                complaints = [Complaint("ids", "known states", str(error))]
            else:
                of_batch = wanted.get((source, index), {})
                complaints = list(_hold(evidence, manifest, ids, of_batch))
            for wrong in complaints:
                yield evidence.differ(PROOF, TOPIC, manifest.offset, source, wrong)


def _wanted(evidence: Inputs) -> dict[tuple[str, int], _Wanted]:
    """Return what every batch must remember."""
    wanted: dict[tuple[str, int], _Wanted] = {}
    firsts = _firsts(evidence)
    for offset, entry in evidence.books.ledger.items():
        batches = evidence.batches.get(entry.source_topic)
        index = None if batches is None else batches.locate(entry.source_offset)
        if index is None:
            continue
        of_batch = wanted.setdefault((entry.source_topic, index), {})
        if entry.kind == "charge" or entry.kind == "charge_reversed":  # noqa: PLR1714
            of_batch.update(_cdr_ids(evidence, offset, entry, firsts))
            of_batch.update(_freeing_ids(evidence, offset, entry))
        else:
            for digest, content in _command_ids(entry):
                of_batch[digest, IdState.COMMAND, offset] = _Facts(content, entry.at_ms // DAY_MS)
    for record, suspended in evidence.books.suspense:
        index = evidence.batches[CDRS].locate(suspended.source_offset)
        if index is not None and not is_forgotten(suspended):
            key = cdr_key(suspended.tenant_id, suspended.cdr_id, suspended.version)
            of_batch = wanted.setdefault((CDRS, index), {})
            facts = _facts(evidence, suspended.source_offset, suspended.at_ms)
            of_batch[xxh3_128_digest(key), IdState.SUSPENDED, record.offset] = facts
    return wanted


def _firsts(evidence: Inputs) -> dict[tuple[str, str], int]:
    """Return at which source offset the first version of a CDR was charged, or came to wait."""
    firsts: dict[tuple[str, str], int] = {}
    for entry in evidence.books.ledger.values():
        if entry.kind == "charge" and entry.version == 1 and not is_rerated(entry):
            firsts.setdefault((entry.tenant_id, entry.cdr_id), cdr_offset_of(entry))
    for _, waits in evidence.books.suspense:
        if waits.version == 1 and not is_forgotten(waits):
            name = (waits.tenant_id, waits.cdr_id)
            firsts[name] = min(firsts.get(name, waits.source_offset), waits.source_offset)
    return firsts


def _cdr_ids(
    evidence: Inputs,
    offset: int,
    entry: r.Charge | r.ChargeReversed,
    firsts: dict[tuple[str, str], int],
) -> Iterator[tuple[tuple[bytes, IdState, int], _Facts | None]]:
    """Yield the ids that a CDR's entry must be remembered by; of what another charge replaces none.

    One that was rated again, or charged by a word, has a head from then on, whatever its version.
    """
    if entry.kind == "charge_reversed" and entry.by != "void":
        return
    version = entry.version if entry.kind == "charge" else entry.by_version
    name = (entry.tenant_id, entry.cdr_id)
    if entry.kind == "charge" and entry.generation:
        until_ms = max(entry.at_ms, entry.call.ended_ms)
        head = xxh3_128_digest(head_key(*name)), IdState.HEAD, offset
        yield head, _Facts(version, until_ms // DAY_MS)
        return
    digest = xxh3_128_digest(cdr_key(*name, version))
    lies = cdr_offset_of(entry)
    is_late = is_by_word(entry)
    yield (digest, IdState.CHARGED, offset), _facts(evidence, lies, entry.at_ms, is_late=is_late)
    if version == 1 and not is_late:
        return
    cdr = evidence.books.cdrs.get(lies)
    until_ms = 0 if cdr is None else max(entry.at_ms, cdr.ended_ms)
    later = None if cdr is None else _Facts(version, until_ms // DAY_MS)
    yield (xxh3_128_digest(head_key(*name)), IdState.HEAD, offset), later
    is_known = all(
        evidence.books.is_whole(topic.name) for topic in (catalog.LEDGER, catalog.SUSPENSE)
    )
    if is_known and not has_waited(entry) and firsts.get(name, lies) >= lies:
        yield (xxh3_128_digest(cdr_key(*name, 1)), _ahead(entry), offset), later


def _ahead(entry: r.Charge | r.ChargeReversed) -> IdState:
    """Return how a first version is remembered that has not come when a later one, with this entry, is taken."""
    is_void = entry.kind == "charge_reversed" or entry.reason == "voided"
    return IdState.VOIDED if is_void else IdState.SUPERSEDED


def _freeing_ids(
    evidence: Inputs, offset: int, entry: r.Charge | r.ChargeReversed
) -> Iterator[tuple[tuple[bytes, IdState, int], _Facts | None]]:
    """Yield the id of the command that freed or released a call, or had it rated again."""
    topic = entry.source_topic
    command = evidence.books.commands.get(topic, {}).get(entry.source_offset)
    if is_by_command(entry) and command is not None:
        yield (command.digest(topic), IdState.COMMAND, offset), _Facts(None, entry.at_ms // DAY_MS)


def _facts(evidence: Inputs, offset: int, at_ms: int, *, is_late: bool = False) -> _Facts | None:
    """Return content and day of a CDR that was taken then, None where it is gone.

    The day is that of its end; of a correction or a void, whose call may be old, not before that of its record; nor of
    what an operator's word has charged, which `is_late`.
    """
    cdr = evidence.books.cdrs.get(offset)
    if cdr is None:
        return None
    is_later = is_late or cdr.version > 1 or cdr.kind != "final"
    until_ms = max(at_ms, cdr.ended_ms) if is_later else cdr.ended_ms
    return _Facts(cdr.content(), until_ms // DAY_MS, is_later)


def _command_ids(entry: LedgerEntry) -> Iterator[tuple[bytes, int | None]]:
    """Yield the ids that a command's entry must be remembered by, with their content if it is known."""
    command_id = command_id_of(entry)
    if command_id is None:
        return
    if entry.kind == "command_rejected" and entry.reason in _REPEATED:
        return
    yield xxh3_128_digest(command_key(entry.source_topic, entry.tenant_id, command_id)), None
    if entry.kind == "funds_added" and entry.recharge_seq is not None:
        yield xxh3_128_digest(lot_key(entry.tenant_id, entry.lot.lot_id)), 0


def _hold(
    evidence: Inputs, manifest: Manifest, ids: list[RememberedId], wanted: _Wanted
) -> Iterator[Complaint]:
    """Hold the ids of a batch against what it must remember."""
    missing = dict(wanted)
    loose: list[RememberedId] = []
    for known in ids:
        name = (known.hash, known.state, known.place)
        if name not in missing:
            loose.append(known)
            continue
        facts = missing.pop(name)
        if facts is not None:
            day = _day(known, manifest, facts)
            expected = (known.content if facts.content is None else facts.content, day)
            found = (known.content, known.day)
            if expected != found:
                yield Complaint(f"id {_show(known)}: content, day", expected, found)
    for digest, state, place in missing:
        shown = f"{state.name} {digest.hex()} at {place}"
        yield Complaint("ids", shown, None)
    for known in loose:
        if _is_gone(evidence, known):
            continue
        if not _is_timers(evidence, manifest, known) and not _is_first_again(evidence, known):
            yield Complaint("ids", "ids of what this batch wrote", _show(known))
    if manifest.header.source_topic in ORDERS:
        yield from _hold_accepted(evidence, manifest, ids)


def _day(known: RememberedId, manifest: Manifest, facts: _Facts) -> int:
    """Return the day as of which an id must be known.

    Of a command and of a later version it is that of the stream, between its own and that on which the batch ended: it
    may come after what is dated later, on another topic, or have the time that a copied topic gave it.
    """
    # The first version of a call may end up to a day ahead of the stream, and the head outlives it.
    ahead = 0 if known.state is IdState.COMMAND else 1
    is_of_stream = facts.day <= known.day <= manifest.header.at_ms // DAY_MS + ahead
    return known.day if facts.by_stream and is_of_stream else facts.day


def _is_gone(evidence: Inputs, known: RememberedId) -> bool:
    """Say whether what an id names is deleted by time."""
    topic = catalog.SUSPENSE if known.state is IdState.SUSPENDED else catalog.LEDGER
    if evidence.books.log.is_continued:
        return False
    return known.place < evidence.books.start(topic.name)


def _is_first_again(evidence: Inputs, known: RememberedId) -> bool:
    """Say whether an id is that of a first version which had been forgotten when a later one was charged."""
    entry = evidence.books.ledger.get(known.place)
    if entry is None or entry.kind not in ("charge", "charge_reversed"):
        return False
    version = entry.version if entry.kind == "charge" else entry.by_version
    first = xxh3_128_digest(cdr_key(entry.tenant_id, entry.cdr_id, 1))
    return (known.hash, known.content, known.state) == (first, version, _ahead(entry))


def _is_timers(evidence: Inputs, manifest: Manifest, known: RememberedId) -> bool:
    """Say whether an id is that of a command which has no entry of its own, or one refused as misrouted."""
    header = manifest.header
    topic = header.source_topic
    if topic not in ORDERS or known.state is not IdState.COMMAND:
        return False
    if header.first_offset < evidence.books.start(topic):
        return True
    sources = evidence.books.commands[topic]
    if known.place == NOWHERE:
        offsets = range(header.first_offset, header.next_offset)
    else:
        entry = evidence.books.ledger.get(known.place)
        if entry is None or entry.source_topic != topic:
            return False
        offsets = range(entry.source_offset, entry.source_offset + 1)
    return any(o in sources and sources[o].digest(topic) == known.hash for o in offsets)


def _hold_accepted(
    evidence: Inputs, manifest: Manifest, ids: list[RememberedId]
) -> Iterator[Complaint]:
    """Hold the number of commands carried out against the ids; a command and its lot share a place."""
    if any(_is_gone(evidence, known) for known in ids):
        return
    places = {known.place for known in ids if known.place != NOWHERE}
    entries = [evidence.books.ledger.get(place) for place in places]
    carried_out = sum(entry is not None and entry.kind != "command_rejected" for entry in entries)
    expected = carried_out + sum(known.place == NOWHERE for known in ids)
    found = manifest.header.outcomes.get("accepted", 0)
    if found != expected:
        yield Complaint("outcomes.accepted", f"{expected}, as many as are remembered", found)


def _show(known: RememberedId) -> str:
    return f"{known.state.name} {known.hash.hex()} at {known.place}"
