"""Asked: what the ledger says of calls that wait for an operator's word, before the word goes to charging (A105).

Charging remembers a window; what was charged before is on the ledger. It is read whole, in the partitions of the calls:
a call may have been charged under other times. Rows are read before the ledger: what is charged after that, charging
remembers, or it has ended the row.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from rater.core.limits import DAY_MS
from rater.core.times import to_text
from rater.kafka.broker import Broker
from rater.shell.admin.topic_reader import Selection as Lines
from rater.shell.admin.topic_reader import reading
from rater.shell.recycling.selection import Waits
from rater.wire.account.entries import decode_entry
from rater.wire.lines import Line
from topics.catalog import LEDGER
from topics.partitioner import partition_of
from topics.records import Charge
from topics.records.recycling import CallDropped

Name = tuple[str, str]
"""Tenant and CDR id."""


@dataclass(slots=True)
class Asked:
    """What the ledger says."""

    partitions: int
    wanted: set[Name]
    """The calls that are asked about."""
    charged: dict[Name, str] = field(default_factory=dict)
    """The entry that charges a call, or drops it, the first of them."""
    seen_ms: dict[int, int] = field(default_factory=dict)
    """By partition, the latest time of an entry."""
    begins_ms: dict[int, int] = field(default_factory=dict)
    """Of partitions whose oldest entries are deleted: the time of the first that is left, or when it was written.

    The later of both: a worker that catches up writes entries of a time that is long over, behind younger ones.
    """

    def take(self, line: Line, entry: Any, begins: int) -> None:
        """Take the next entry of a partition, whose first offset that is kept is `begins`.

        The first entry may lie behind that of itself: behind a transaction that came to nothing.
        """
        number = line.partition
        if number not in self.seen_ms and begins > 0:
            self.begins_ms[number] = max(entry.at_ms, line.timestamp)
        self.seen_ms[number] = max(entry.at_ms, self.seen_ms.get(number, 0))
        if isinstance(entry, Charge | CallDropped):
            name = entry.tenant_id, entry.cdr_id
            if name in self.wanted:
                self.charged.setdefault(name, entry.entry_id)

    def judge(self, waits: Waits) -> Waits | str:
        """Return a call with the time up to which the ledger says nothing of it, or why it stays."""
        row, cdr = waits.row, waits.cdr
        entry_id = self.charged.get((row.tenant_id, row.cdr_id))
        if entry_id is not None:
            return f"the ledger has it: {entry_id}; drop it, or adjust the balance by hand"
        number = partition_of(row.tenant_id.encode(), self.partitions)
        begins_ms = self.begins_ms.get(number)
        # A call may have been charged up to a day before its end: clocks differ.
        if begins_ms is not None and min(cdr.started_ms, cdr.ended_ms) <= begins_ms + DAY_MS:
            return f"the ledger begins with {to_text(begins_ms)}: it may have been charged before"
        return waits._replace(seen_ms=self.seen_ms.get(number, 0))


async def ask(broker: Broker, partitions: int, calls: Sequence[Waits]) -> Asked:
    """Ask the ledger about calls."""
    asked = Asked(partitions, {(each.row.tenant_id, each.row.cdr_id) for each in calls})
    tenants = {each.row.tenant_id.encode() for each in calls}
    if tenants:
        async for line, entry, begins in _entries(broker, partitions, tenants):
            asked.take(line, entry, begins)
    return asked


async def _entries(
    broker: Broker, partitions: int, tenants: Iterable[bytes]
) -> AsyncIterator[tuple[Line, Any, int]]:
    lines = Lines(partitions=frozenset(partition_of(each, partitions) for each in tenants))
    async with (
        reading(broker, LEDGER, lines) as reader,
        aclosing(reader.lines(partitions)) as found,
    ):
        async for line in found:
            entry = decode_entry(line.value)
            if not isinstance(entry, str):
                yield line, entry, reader.begins[line.partition]
