"""CDR search: where the entries of a CDR lie: by the charge index, else by the time at which they were written.

The index is what charging remembers itself by: the batch manifests of the tenant's partition, of the last nine days
(A57). What is older is found by its time: the broker knows the first offset of an instant.
"""

from base64 import b64decode
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from rater.shell.admin.log import Log, Record
from rater.views.explanation.evidence import Posted, is_about
from rater.views.explanation.places import Places, places_of
from rater.wire.account.entries import decode_entry
from topics.catalog import BATCHES_CHANGELOG, DEAD, LEDGER, SUSPENSE
from topics.manifests import split_manifest
from topics.records import CommandRejected, Dead, Suspended
from topics.records.recycling import CallDropped

_suspended = msgspec.json.Decoder(Suspended).decode
_dead = msgspec.json.Decoder(Dead).decode


class Mentions(NamedTuple):
    """Entries that name a CDR without being its charge."""

    refused: list[CommandRejected]
    dropped: list[CallDropped]


async def by_index(log: Log, partition: int, tenant_id: str, cdr_id: str) -> Places:
    """Return the places that the batch manifests of a partition remember."""
    packed: list[bytes] = []
    start, end = await log.bounds(BATCHES_CHANGELOG.name, partition)
    async for records in log.runs(BATCHES_CHANGELOG.name, partition, start, end):
        packed += [split_manifest(each.value)[1] for each in records if each.value]
    return places_of(packed, tenant_id, cdr_id)


async def by_time(
    log: Log, partition: int, tenant_id: str, cdr_id: str, times: tuple[int, int]
) -> Places:
    """Return the places among what was written from one time to another."""
    found: dict[str, list[int]] = {}
    for topic in (LEDGER.name, SUSPENSE.name):
        offsets = found.setdefault(topic, [])
        first, end = [await log.from_time(topic, partition, each) for each in times]
        async for records in log.runs(topic, partition, first, end):
            for each in naming(records, tenant_id, cdr_id):
                entry = decode_entry(each.value) if topic == LEDGER.name else None
                if entry is None or (not isinstance(entry, str) and is_about(entry, cdr_id)):
                    offsets.append(each.offset)
    return Places(tuple(found[LEDGER.name]), tuple(found[SUSPENSE.name]), 1)


def naming(records: Iterable[Record], tenant_id: str, cdr_id: str) -> list[Record]:
    """Return the records of a tenant that have a CDR's id in their text."""
    key, text = tenant_id.encode(), msgspec.json.encode(cdr_id)
    return [each for each in records if each.key == key and each.value and text in each.value]


async def suspended_at(
    log: Log, partition: int, places: Iterable[int], whose: tuple[str, str]
) -> list[Suspended]:
    """Return the suspense records of a CDR at some places."""
    found: list[Suspended] = []
    for offset in places:
        records = await log.between(SUSPENSE.name, partition, offset, offset + 1)
        found += suspensions(records, whose)
    return found


async def suspended_lately(
    log: Log, partition: int, whose: tuple[str, str], most: int
) -> list[Suspended]:
    """Return those of a CDR among the last records of suspense: what no index remembers, such as a conflict."""
    _, end = await log.bounds(SUSPENSE.name, partition)
    found: list[Suspended] = []
    async for records in log.runs(SUSPENSE.name, partition, end - most, end):
        found += suspensions(naming(records, *whose), whose)
    return found


def suspensions(records: Iterable[Record], whose: tuple[str, str]) -> list[Suspended]:
    """Return the records that suspend a CDR."""
    found: list[Suspended] = []
    for each in records:
        try:
            said = _suspended(each.value or b"")
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
        if (said.tenant_id, said.cdr_id) == whose:
            found.append(said)
    return found


async def buried_lately(log: Log, partition: int, whose: tuple[str, str], most: int) -> list[Dead]:
    """Return dead letters of a tenant, among the last of its partition, whose text has a CDR's id in it."""
    key, text = whose[0].encode(), msgspec.json.encode(whose[1])
    _, end = await log.bounds(DEAD.name, partition)
    found: list[Dead] = []
    async for records in log.runs(DEAD.name, partition, end - most, end):
        for each in records:
            if each.key != key:
                continue
            try:
                said = _dead(each.value or b"")
            except (msgspec.MsgspecError, UnicodeDecodeError):
                continue
            if text in letter_of(said):
                found.append(said)
    return found


def letter_of(said: Dead) -> bytes:
    """Return what is kept of a record that could not be read."""
    return b64decode(said.value_b64 or "")


def mentions_of(posted: Iterable[Posted], cdr_id: str) -> Mentions:
    """Return refusals to release a CDR, and that it was dropped."""
    refused: list[CommandRejected] = []
    dropped: list[CallDropped] = []
    for each in posted:
        entry = each.entry
        if isinstance(entry, CallDropped) and entry.cdr_id == cdr_id:
            dropped.append(entry)
        elif isinstance(entry, CommandRejected) and entry.waits and entry.waits.cdr_id == cdr_id:
            refused.append(entry)
    return Mentions(refused, dropped)
