"""Letters ended: each end is of a letter that is there, the only one of it, and chained to the one before.

A CDR in suspense that had to be written again is such a letter, too: misrouted, or in conflict.

What was written again is claimed here and held against its place when all partitions were read (`folds.replays`).
Nobody knows it when the last end of a partition is lost: its letter is open again. An end has nothing of headers.
"""

from base64 import b64decode
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.books import CDRS
from rater.reconcile.folds.replays import (
    PROOF,
    SENT,
    TOPIC,
    Claim,
    digest,
    record_at,
    sent_to,
    source_of,
)
from rater.reconcile.inputs import LETTERS, Inputs
from rater.reconcile.reading.log import Record
from topics import catalog
from topics import records as r
from topics.chain import NO_LINK, Link, digest_of, split_link
from topics.partitioner import partition_of

SUSPENSE = catalog.SUSPENSE.name
_UNCHAINED = "they were written before ends were chained"
_GONE = "their letters are deleted"

_PLACES = (*LETTERS, SUSPENSE)

Name = tuple[str, int]
"""Id and time of a letter."""


class _Letter(NamedTuple):
    """What an end repeats of its letter."""

    dead_id: str
    at_ms: int
    reason: str


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it of all ends of a partition."""
    before = NO_LINK if evidence.books.is_whole(TOPIC) else None
    known: set[Name] = set()
    for record, end in evidence.books.ended:
        name = end.dead_id, end.letter_at_ms
        found = [*_hold_record(evidence, record, end), *_hold_letter(evidence, end)]
        if name in known:
            found.append(Complaint("dead_id, letter_at_ms", "a letter that ends once", name))
        known.add(name)
        found += _hold_link(record, end, before)
        before = _link_of(end, before)
        for wrong in found:
            yield evidence.differ(PROOF, TOPIC, record.offset, record.key, wrong)


def claims(evidence: Inputs) -> Iterator[Claim]:
    """Yield what the ends of a partition say of records that were written again."""
    for record, end in evidence.books.ended:
        place = sent_to(end)
        if place is None:
            continue
        key, value = _expected(evidence, end)
        yield Claim((evidence.books.partition, record.offset, record.key), place, key, value)


def unproven(evidence: Inputs) -> Counter[str]:
    """Return of how many ends of a partition something is not known, by what."""
    found: Counter[str] = Counter()
    for _, end in evidence.books.ended:
        found[_UNCHAINED] += end.number is None
        found[_GONE] += end.dead_offset < evidence.books.start(end.dead_topic)
    return +found


def count_letters(evidence: Inputs) -> dict[str, int]:
    """Return how many dead letters have ended how, and how many have not."""
    ended = Counter((end.dead_topic == SUSPENSE, end.outcome) for _, end in evidence.books.ended)
    names = {(end.dead_id, end.letter_at_ms) for _, end in evidence.books.ended}
    letters = {(dead.dead_id, dead.at_ms) for dead in evidence.letters.values()}
    return {
        "dead letters replayed": ended[False, "replayed"],
        "dead letters dropped": ended[False, "dropped"],
        "dead letters open": len(letters - names),
        "suspended CDRs written again": ended[True, "replayed"],
        "suspended CDRs dropped as letters": ended[True, "dropped"],
    }


def _hold_record(evidence: Inputs, record: Record, end: r.DeadEnded) -> Iterator[Complaint]:
    key = f"{end.dead_id}/{end.letter_at_ms}".encode()
    for field, right, found in (
        ("key", key, record.key),
        ("dead_partition", evidence.books.partition, end.dead_partition),
        ("at_ms", end.at_ms if end.number is None else record.at_ms, end.at_ms),
    ):
        if right != found:
            yield Complaint(field, right, found)
    sent = end.sent_partition, end.sent_offset
    if end.outcome == "replayed" and sent_to(end) is None:
        yield Complaint(SENT, "where the record lies", sent)
    if end.outcome == "dropped" and (*sent, end.sent_sha256) != (None, None, None):
        yield Complaint(f"{SENT}, sent_sha256", "nothing", (*sent, end.sent_sha256))


def _hold_letter(evidence: Inputs, end: r.DeadEnded) -> Iterator[Complaint]:
    """Hold an end against its letter, unless time has deleted that, or it belongs to a later batch."""
    if end.dead_topic not in _PLACES:
        yield Complaint("dead_topic", " or ".join(_PLACES), end.dead_topic)
        return
    part = evidence.books.log.slice(end.dead_topic)
    if end.dead_offset < part.start or part.leaves_out(end.dead_offset):
        return
    letter = _letter(evidence, end)
    if letter is None:
        yield Complaint("dead_topic, dead_offset", "a dead letter", None)
        return
    for field, right, found in (
        ("dead_id", letter.dead_id, end.dead_id),
        ("letter_at_ms", letter.at_ms, end.letter_at_ms),
        ("reason", letter.reason, end.reason),
    ):
        if right != found:
            yield Complaint(field, right, found)


def _letter(evidence: Inputs, end: r.DeadEnded) -> _Letter | None:
    """Return what is known of the letter of an end."""
    if end.dead_topic != SUSPENSE:
        letter = evidence.letters.get((end.dead_topic, end.dead_offset))
        return None if letter is None else _Letter(letter.dead_id, letter.at_ms, letter.reason)
    found = _suspended(evidence, end.dead_offset)
    if found is None:
        return None
    record, said = found
    tenant = said.tenant_id.encode()
    right = tenant, partition_of(tenant, evidence.books.log.partitions)
    is_astray = (record.key, evidence.books.partition) != right
    reason = "misrouted" if is_astray else said.reason
    return _Letter(said.suspense_id, said.at_ms, "none, for it is kept" if said.kept else reason)


def _suspended(evidence: Inputs, offset: int) -> tuple[Record, r.Suspended] | None:
    """Return the record of suspense at an offset."""
    said = evidence.books.suspense
    index = bisect_left(said, offset, key=lambda each: each[0].offset)
    return said[index] if index < len(said) and said[index][0].offset == offset else None


def _hold_link(record: Record, end: r.DeadEnded, before: Link | None) -> Iterator[Complaint]:
    """Hold an end against the one before it; None: time has deleted that."""
    text, said = split_link(record.value or b"")
    if end.number is None and said is None and (before is None or not before.number):
        return
    if before is not None and end.number != before.number + 1:
        yield Complaint("number", before.number + 1, end.number)
    elif before is not None and said != digest_of(before, text):
        yield Complaint("chain_sha256", digest_of(before, text), said)


def _link_of(end: r.DeadEnded, before: Link | None) -> Link | None:
    return before if end.number is None else Link(end.number, end.chain_sha256 or "")


def _expected(evidence: Inputs, end: r.DeadEnded) -> tuple[str | None, str | None]:
    """Return the digests of the key and the value that were to be written again; None: nobody knows it any more."""
    if end.sent_sha256 is not None:
        return None, end.sent_sha256
    if end.dead_topic == SUSPENSE:
        return _rekeyed(evidence, end)
    place = source_of(end)
    if place is not None and place[1] == evidence.books.partition:
        source = record_at(evidence.books.log.slice(place[0]), place[2])
        if source is not None and source.at_ms == end.letter_at_ms:
            return digest(source.key), digest(source.value)
    letter = evidence.letters.get((end.dead_topic, end.dead_offset))
    return (None, None) if letter is None else _kept(evidence, letter)


def _rekeyed(evidence: Inputs, end: r.DeadEnded) -> tuple[str | None, str | None]:
    """Return the same of a CDR in suspense that was misrouted: it gets its tenant as its key."""
    found = _suspended(evidence, end.dead_offset)
    if found is None:
        return None, None
    said = found[1]
    source = evidence.books.sources[CDRS].get(said.source_offset)
    value = None if source is None else digest(source.value)
    if source is None and not any(v.masks for v in evidence.settings.versions):
        value = digest(said.cdr.encode())
    return digest(said.tenant_id.encode()), value


def _kept(evidence: Inputs, letter: r.Dead) -> tuple[str | None, str | None]:
    """Return the same of what a letter keeps, which may hide digits of a CDR."""
    key = letter.key_sha256 or _digest_of(letter.key_b64)
    hides = letter.source_topic == CDRS and any(v.masks for v in evidence.settings.versions)
    value = letter.value_sha256 or (None if hides else _digest_of(letter.value_b64))
    return key, value


def _digest_of(text_b64: str | None) -> str | None:
    try:
        return digest(None if text_b64 is None else b64decode(text_b64, validate=True))
    except ValueError:
        return None
