"""Tail: reads what comes on the topics that are followed, up to the cut of the newest manifests.

Manifests are read first, then all others, each to what was written by then, committed or not: so all is there that the
batches of these manifests wrote. What lies behind them is kept for the next time. What no manifest follows for a while
(a status that was owed) is taken as it is.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from aiokafka import TopicPartition

from rater.kafka.reading import Remaining
from rater.reconcile.folds.deck_versions import read_decks
from rater.reconcile.folds.plan_versions import read_plans
from rater.reconcile.folds.published import Published
from rater.reconcile.folds.settings_versions import read_settings
from rater.reconcile.follow.partition import FOLLOWED, Partition, Window
from rater.reconcile.reading.cut import CHARGING, SOURCES, Cut, cut_of, header_of
from rater.reconcile.reading.kafka_log import CannotReadError, taken_over
from rater.reconcile.reading.log import SHARED, Record
from topics import catalog

MOST = 50_000
"""Source records that are taken at once: of more, what is left is taken next."""
LEFT_S = 15.0
"""So long a manifest is waited for behind what was written."""
STALLED_S = 20.0
"""So long a transaction may be open in what is read; then it is tried again later."""
_POLL_MS = 200
_OTHERS = tuple(name for name in FOLLOWED if name != CHARGING)
_TIMED = (CHARGING, catalog.LEDGER.name)
"""The topics by which the follower's lag is measured."""
_WRITTEN = tuple(name for name in _OTHERS if name not in SOURCES)


class LostError(Exception):
    """Records were deleted before they were followed; the message says of which topic."""


@dataclass(slots=True)
class _Pending:
    """What was read of a partition number, and is not taken yet."""

    records: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    next: dict[str, int] = field(default_factory=dict)
    """Where each topic is read on."""
    since: float | None = None
    """Since when something waits for a manifest."""


class Tail:
    """What comes on all partitions."""

    def __init__(self, consumer: Any, watcher: Any) -> None:
        """Take a consumer of what is committed, and one that sees the ends of what is not; both started."""
        self._consumer = consumer
        self._watcher = watcher
        self._pending: dict[int, _Pending] = defaultdict(_Pending)
        self._ends: dict[TopicPartition, int] = {}
        self._starts: dict[TopicPartition, int] = {}
        self._shared: tuple[dict[TopicPartition, int], Published] | None = None

    async def look(self, partitions: int) -> None:
        """Ask where all partitions begin and end now."""
        parts = [TopicPartition(name, n) for name in FOLLOWED for n in range(partitions)]
        self._starts = await self._watcher.beginning_offsets(parts)
        self._ends = await self._watcher.end_offsets(parts)

    def forget(self, number: int) -> None:
        """Forget what was read of a partition: it is read anew from where it was proven."""
        self._pending.pop(number, None)

    def oldest_ms(self, part: Partition) -> int | None:
        """Return the time of the first record that charging wrote and that is not proven yet; None: all is proven."""
        pending = self._pending[part.number]
        read = [pending.records[topic][0].at_ms for topic in _TIMED if pending.records[topic]]
        if any(self._is_unread(topic, part.number, pending) for topic in _TIMED):
            read.append(part.proven_ms)
        return min(read, default=None)

    def _is_unread(self, topic: str, number: int, pending: _Pending) -> bool:
        end = self._ends.get(TopicPartition(topic, number), 0)
        return end > pending.next.get(topic, 0)

    async def window(self, part: Partition) -> Window | None:
        """Return what is to be proven next of a partition; None: nothing yet. LostError."""
        pending = self._pending[part.number]
        self._begin(part, pending)
        if not self._has_more(part.number, pending) and not any(pending.records.values()):
            return None
        if not await self._fetch(part.number, [CHARGING], None):
            return None
        manifests = pending.records[CHARGING]
        chosen = manifests if not part.is_begun else _some(manifests)
        ends = {source: part.starts.get(source, 0) for source in SOURCES}
        cut = cut_of(chosen, ends)
        if not await self._fetch(part.number, _OTHERS, cut if chosen else None):
            return None
        if chosen:
            pending.since = None
            part.proven_ms = cut.at_ms
            return {topic: _take(pending, topic, cut) for topic in FOLLOWED}
        return self._left(pending)

    def _left(self, pending: _Pending) -> Window | None:
        """Return what no manifest follows, once that was waited for."""
        if not any(pending.records[topic] for topic in _WRITTEN):
            pending.since = None
            return None
        now = monotonic()
        pending.since = now if pending.since is None else pending.since
        if now - pending.since < LEFT_S:
            return None
        pending.since = None
        return {topic: pending.records.pop(topic, []) for topic in _WRITTEN}

    def _begin(self, part: Partition, pending: _Pending) -> None:
        """Begin where the partition was proven to; behind what retention has deleted."""
        for topic in FOLLOWED:
            start = self._starts[TopicPartition(topic, part.number)]
            known = part.starts.get(topic, 0)
            if topic in pending.next:
                continue
            if start > known and part.is_begun and topic not in SOURCES:
                message = (
                    f"{topic}/{part.number}: {start - known} records from {known} on are deleted"
                )
                raise LostError(message)
            pending.next[topic] = part.starts[topic] = max(start, known)

    def _has_more(self, number: int, pending: _Pending) -> bool:
        """Say whether anything was written."""
        return any(self._is_unread(topic, number, pending) for topic in FOLLOWED)

    async def _fetch(self, number: int, topics: Iterable[str], cut: Cut | None) -> bool:
        """Read topics to their ends, or to where a cut is passed; say whether that succeeded."""
        pending = self._pending[number]
        parts = [TopicPartition(topic, number) for topic in topics]
        ends = await self._watcher.end_offsets(parts)
        parts = [
            part
            for part in parts
            if ends[part] > pending.next[part.topic] and not _is_passed(pending, part.topic, cut)
        ]
        if not parts:
            return True
        self._consumer.assign(parts)
        for part in parts:
            self._consumer.seek(part, pending.next[part.topic])
        left = Remaining(self._consumer, {part: ends[part] for part in parts})
        began = monotonic()
        while left.ends and monotonic() - began < STALLED_S:
            fetched = await self._consumer.getmany(*left.ends, timeout_ms=_POLL_MS)
            for part, batch in fetched.items():
                pending.records[part.topic] += taken_over(part.topic, batch)
                began = monotonic()
            done = await left.update()
            done += [p for p in left.ends if _is_passed(pending, p.topic, cut)]
            for part in done:
                left.ends.pop(part, None)
            if done:
                self._consumer.pause(*done)
        for part in parts:
            pending.next[part.topic] = await self._consumer.position(part)
        return not left.ends

    async def published(self) -> Published:
        """Return decks, settings and plans as they are now; read anew only where something has come."""
        parts = [TopicPartition(name, 0) for name in SHARED]
        ends = await self._watcher.end_offsets(parts)
        if self._shared is None or self._shared[0] != ends:
            known = {part.topic: await self._whole(part, ends[part]) for part in parts}
            shelf = read_decks(known[catalog.RATE_DECKS.name])
            settings = read_settings(known[catalog.CHARGING_SETTINGS.name])
            plans = read_plans(known[catalog.RATE_PLANS.name])
            self._shared = ends, Published(shelf, settings, plans)
        return self._shared[1]

    async def _whole(self, part: TopicPartition, end: int) -> list[tuple[int, Record]]:
        start = (await self._watcher.beginning_offsets([part]))[part]
        records: list[tuple[int, Record]] = []
        if start >= end:
            return records
        self._consumer.assign([part])
        self._consumer.seek(part, start)
        began = monotonic()
        while await self._consumer.position(part) < end:
            for batch in (await self._consumer.getmany(part, timeout_ms=_POLL_MS)).values():
                records += [(0, record) for record in taken_over(part.topic, batch)]
                began = monotonic()
            if monotonic() - began > STALLED_S:
                message = f"the broker gives nothing more of {part.topic}"
                raise CannotReadError(message)
        return records


def _some(manifests: list[Record]) -> list[Record]:
    """Return the first manifests, of no more than MOST source records, where one has as many."""
    total = 0
    for index, record in enumerate(manifests):
        header = header_of(record)
        total += 0 if header is None else header.records
        is_alone = index + 1 == len(manifests) or manifests[index + 1].at_ms > record.at_ms
        if total >= MOST and is_alone:
            return manifests[: index + 1]
    return manifests


def _is_passed(pending: _Pending, topic: str, cut: Cut | None) -> bool:
    """Say whether a record behind a cut was read."""
    records = pending.records[topic]
    return bool(records) and cut is not None and cut.taken(topic, records[-1:]) == 0


def _take(pending: _Pending, topic: str, cut: Cut) -> list[Record]:
    records = pending.records[topic]
    count = cut.taken(topic, records)
    taken, pending.records[topic] = records[:count], records[count:]
    return taken
