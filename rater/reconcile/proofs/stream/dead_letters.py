"""Dead letters: suspense records keep the source record byte for byte; dead letters its beginning and digest.

Of numbers in them the last digits may be hidden, as the charging settings say.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from hashlib import sha256

import msgspec

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.books import CDRS, SOURCES
from rater.reconcile.folds.calls import hold_waiting
from rater.reconcile.folds.masks import Mask, is_whole, most_hidden, says_text
from rater.reconcile.inputs import Inputs
from rater.reconcile.reading.log import Record
from rater.reconcile.reading.sources import SourceCdr, read_cdr
from topics import catalog
from topics import records as r
from topics.partitioner import partition_of

PROOF = "letters"

_KEY_CARRIED_MAX = 1_024
"""Bytes of an absurdly long key that a record about its record carries as its own key."""
_KEPT_MAX = 65_536
"""Bytes of a key and of a value that a dead letter keeps."""
NOT_UNPACKED = "not_unpacked"


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for all that have their source record still, and what can be proven for the others."""
    for record, suspended in evidence.books.suspense:
        for wrong in _hold_suspended(evidence, record, suspended):
            yield evidence.differ(PROOF, catalog.SUSPENSE.name, record.offset, record.key, wrong)
    for record, dead in evidence.books.dead:
        for wrong in _hold_dead(evidence, record, dead):
            yield evidence.differ(PROOF, catalog.DEAD.name, record.offset, record.key, wrong)


def _hold_suspended(
    evidence: Inputs, record: Record, suspended: r.Suspended
) -> Iterator[Complaint]:
    yield from _hold_place(evidence, suspended, suspended.suspense_id, (CDRS,))
    cdr = read_cdr(suspended.cdr.encode())
    identity = (suspended.tenant_id, suspended.cdr_id, suspended.version)
    kept = None if cdr is None else (cdr.tenant_id, cdr.cdr_id, cdr.version)
    if kept != identity:
        yield Complaint("tenant_id, cdr_id, version", f"{kept}, as in the text kept", identity)
    if cdr is not None:
        settings = evidence.settings.of(suspended)
        yield from hold_waiting(cdr, suspended.reason, settings)
        account = evidence.ledger.accounts.get(cdr.tenant_id)
        if account is not None and not account.has_gaps:
            asked = (cdr.answered_ms, suspended.at_ms, suspended.reason)
            yield from account.credits.hold_waiting(*asked)
        named = suspended.settings_version
        if suspended.reason == "contradictory" and named != settings.version:
            yield Complaint("settings_version", settings.version, named)
    if suspended.reason == "misrouted":
        right = partition_of(suspended.tenant_id.encode(), evidence.books.log.partitions)
        if suspended.belongs_to_partition != right:
            yield Complaint("belongs_to_partition", right, suspended.belongs_to_partition)
    source = _source(evidence, suspended)
    if source is None:
        return
    if _carried(source.key) != record.key:
        yield Complaint("key", _carried(source.key), record.key)
    if suspended.at_ms != source.at_ms:
        yield Complaint("at_ms", source.at_ms, suspended.at_ms)
    yield from _hold_text_by_any(evidence, source, suspended, cdr)


def _hold_text_by_any(
    evidence: Inputs, source: Record, suspended: r.Suspended, cdr: SourceCdr | None
) -> Iterator[Complaint]:
    """Hold the text kept by the version that decided; what is too old names that of the stream, not of the record."""
    settings = evidence.settings
    known = [settings.of(suspended)]
    if suspended.reason == "too_old":
        known = settings.possible(suspended.at_ms)
    answers = [[*_hold_text(source, suspended, cdr, each.masks)] for each in known]
    yield from min(answers, key=len)


def _hold_text(
    source: Record, suspended: r.Suspended, cdr: SourceCdr | None, masks: tuple[Mask, ...]
) -> Iterator[Complaint]:
    """Hold the text kept against its source: the same, but for the tails of numbers that settings hide."""
    text = (source.value or b"").decode(errors="replace")
    if masks and "\\u" in text:
        # It was written again without escapes, so that no number hides in them.
        text = msgspec.json.encode(msgspec.json.decode(text)).decode()
    if source.value is None or not says_text(text, suspended.cdr, masks):
        yield Complaint("cdr", source.value, suspended.cdr)
    for number in () if cdr is None else (cdr.to, cdr.routing_number or ""):
        if is_whole(number) and most_hidden(masks, number):
            yield Complaint(
                "cdr", f"{most_hidden(masks, number)} digits of {number} hidden", number
            )


def _hold_dead(evidence: Inputs, record: Record, dead: r.Dead) -> Iterator[Complaint]:
    yield from _hold_place(evidence, dead, dead.dead_id, SOURCES)
    source = _source(evidence, dead)
    if source is None:
        return
    # Only call-detail records have numbers.
    masks = evidence.settings.of(dead).masks if dead.source_topic == CDRS else ()
    for name, right, kept in (
        ("key", _carried(source.key), record.key),
        ("at_ms", source.at_ms, dead.at_ms),
        *held(source, dead, masks),
    ):
        if right != kept:
            yield Complaint(name, right, kept)


def _hold_place(
    evidence: Inputs, letter: r.Suspended | r.Dead, name: str, sources: tuple[str, ...]
) -> Iterator[Complaint]:
    """Hold what a letter says of its source against where it lies."""
    place = f"{letter.source_topic}/{letter.source_partition}/{letter.source_offset}"
    if name != place:
        yield Complaint("id", place, name)
    if letter.source_topic not in sources or letter.source_partition != evidence.books.partition:
        right = f"{' or '.join(sources)}, partition {evidence.books.partition}"
        yield Complaint("source_topic, source_partition", right, place)


def _source(evidence: Inputs, letter: r.Suspended | r.Dead) -> Record | None:
    """Return the source record; None where it is gone, or was never there (`completeness` says so)."""
    return evidence.books.sources.get(letter.source_topic, {}).get(letter.source_offset)


def _carried(key: bytes | None) -> bytes | None:
    """Return the key that a record about a record with this key must have."""
    return None if key is None else key[:_KEY_CARRIED_MAX]


def held(
    source: Record, dead: r.Dead, masks: tuple[Mask, ...] = ()
) -> Iterator[tuple[str, object, object]]:
    """Yield what a dead letter must say of its source's bytes, and what it says."""
    for name, text, said in (
        ("key", source.key, (dead.key_b64, dead.key_bytes, dead.key_sha256)),
        ("value", source.value, (dead.value_b64, dead.value_bytes, dead.value_sha256)),
    ):
        for part, right, told in zip(("b64", "bytes", "sha256"), _kept(text), said, strict=True):
            is_masked = part == "b64" and name == "value" and _is_masked(right, told, masks)
            yield f"{name}_{part}", right, right if is_masked else told
    yield "source_last_offset", source.last_offset, dead.source_last_offset
    is_unread = source.last_offset is not None
    if is_unread != (dead.reason == NOT_UNPACKED):
        yield "reason", NOT_UNPACKED if is_unread else "one of a record that is read", dead.reason


def _is_masked(right: object, told: object, masks: tuple[Mask, ...]) -> bool:
    """Say whether kept bytes are those of the source, but for the tails of numbers that settings hide."""
    if not isinstance(right, str) or not isinstance(told, str) or not masks:
        return False
    try:
        source, found = (b64decode(each).decode("latin-1") for each in (right, told))
    except ValueError:
        return False
    return says_text(source, found, masks)


def _kept(text: bytes | None) -> tuple[str | None, int | None, str | None]:
    """Return what must be kept of a key or a value: all, or its beginning with the whole's length and digest."""
    if text is None:
        return None, None, None
    kept = b64encode(text[:_KEPT_MAX]).decode()
    return (
        (kept, None, None)
        if len(text) <= _KEPT_MAX
        else (kept, len(text), sha256(text).hexdigest())
    )
