"""Cut: where a log ends so that what is in it belongs together, though its writers work on.

A worker writes the manifest of a batch last, in one transaction with all that the batch wrote, and begins the next
transaction of the partition only when that one is over. So the last manifest names how far each source was read, and
what the batches before it wrote was written no later than it, and what came after it later.

Recharge reads what charging writes. Its own cut lies before the first step that heard of more than charging's cut has.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import msgspec

from rater.reconcile.reading.log import Log, Record, Slice
from topics import catalog
from topics.records import BatchManifest

CHARGING, RECHARGE = catalog.BATCHES_CHANGELOG.name, catalog.RECHARGE_BATCHES.name
EVENTS = catalog.BALANCE_EVENTS.name
_COMMANDS = catalog.ACCOUNT_COMMANDS.name
SOURCES = (catalog.CDR_RAW.name, *(topic.name for topic in catalog.ACCOUNT_SOURCES))
"""What charging reads."""
WRITTEN = tuple(
    topic.name
    for topic in (
        *(catalog.LEDGER, catalog.ACCOUNT_STATUS, catalog.USER_STATUS, catalog.BALANCE_EVENTS),
        *(catalog.SUSPENSE, catalog.DEAD, catalog.ACCOUNTS_CHANGELOG, catalog.USERS_CHANGELOG),
        *(catalog.LOTS_CHANGELOG, catalog.SUSPENSE_CHANGELOG, catalog.BATCHES_CHANGELOG),
    )
)
"""What charging writes."""
_HEARD = tuple(
    topic.name
    for topic in (catalog.PAYMENT_RESULTS, catalog.RECHARGE_COMMANDS, catalog.RECHARGE_TIMERS)
)
_SENT = tuple(
    topic.name
    for topic in (
        *(catalog.PAYMENT_COMMANDS, catalog.NOTIFICATIONS, catalog.PAYMENT_QUARANTINE),
        *(catalog.RECHARGE_DEAD, catalog.RECHARGE_BATCHES),
    )
)

_read = msgspec.json.Decoder(BatchManifest).decode


class Cut(NamedTuple):
    """Up to when the batches wrote that are in, and up to where they read each source."""

    at_ms: int
    ends: Mapping[str, int]

    def taken(self, topic: str, records: Sequence[Record]) -> int:
        """Return how many records of a topic are in."""
        if topic in self.ends:
            return bisect_left(records, self.ends[topic], key=lambda record: record.offset)
        count = len(records)
        while count and records[count - 1].at_ms > self.at_ms:
            count -= 1
        return count


def cut_of(manifests: Sequence[Record], ends: Mapping[str, int] | None = None) -> Cut:
    """Return the cut behind the last of some manifests; `ends`: of sources that none of them reads.

    What is no manifest names nothing: that it lies there, the proofs complain of.
    """
    found = dict(ends or {})
    for record in manifests:
        if (header := header_of(record)) is not None:
            found[header.source_topic] = max(found.get(header.source_topic, 0), header.next_offset)
    return Cut(manifests[-1].at_ms if manifests else -1, found)


def header_of(record: Record) -> BatchManifest | None:
    """Read the header of a manifest; None: it is none."""
    try:
        return _read((record.value or b"").partition(b"\n")[0])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def cut_log(log: Log) -> Log:
    """Leave out what lies behind the last manifests. Of both, charging's must have been read first."""
    slices = dict(log.slices)
    charging = cut_of(slices[CHARGING].records, dict.fromkeys(SOURCES, 0))
    for topic in WRITTEN:
        slices[topic] = _cut(slices[topic], charging.taken(topic, slices[topic].records))
    events = slices[EVENTS]
    heard = events.records[-1].offset + 1 if events.records else events.start
    recharge = _recharge_cut(slices[RECHARGE].records, heard)
    for topic in (*_SENT, *_HEARD):
        slices[topic] = _cut(slices[topic], recharge.taken(topic, slices[topic].records))
    for topic in SOURCES:
        records = slices[topic].records
        count = charging.taken(topic, records)
        if topic == _COMMANDS:
            # What recharge has asked for is there, though charging has not read it yet.
            count = max(count, Cut(recharge.at_ms, {}).taken(topic, records))
        slices[topic] = _cut(slices[topic], count)
    return replace(log, slices=slices)


def _recharge_cut(manifests: Sequence[Record], heard: int) -> Cut:
    """Return the cut behind the last step before any that has heard of events from `heard` on."""
    count = len(manifests)
    for index, record in enumerate(manifests):
        header = header_of(record)
        if header and header.source_topic == EVENTS and header.next_offset > heard:
            count = index
            break
    return cut_of(manifests[:count], dict.fromkeys(_HEARD, 0))


def _cut(part: Slice, count: int) -> Slice:
    left_out = part.records[count:]
    return Slice(part.records[:count], part.start, left_out[0].offset if left_out else None)
