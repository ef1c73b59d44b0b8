"""Found: the charges that a job would change, read from the ledger, and by how much, as charging would decide it.

The ledger is read twice, from the first call that is meant on: once for what has been taken back since, what the job
has posted and whose charges are meant, once for the charges themselves. So memory is bounded by what is taken back and
what differs, not by calls.
"""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rater.batch.charging.partition_state import Shard
from rater.batch.charging.rerating_trial import Rerated, ReratingTrials
from rater.core.limits import DAY_MS
from rater.kafka.broker import Broker
from rater.shell.admin.topic_reader import Selection as Lines
from rater.shell.admin.topic_reader import reading
from rater.shell.admin.who import Who
from rater.shell.recycling.desk import last_values, read_rules
from rater.shell.rerating.selection import Selection
from rater.wire.account.entries import decode_entry
from rater.wire.lines import Line
from topics.catalog import ACCOUNTS_CHANGELOG, LEDGER, USERS_CHANGELOG
from topics.keys import tenant_in_front
from topics.partitioner import partition_of
from topics.records import Charge, ChargeReversed
from topics.records.rerating import RerateCall

Money = tuple[str, str]
"""A tenant and a currency."""


class Differs(NamedTuple):
    """A charge that would be changed."""

    order: RerateCall
    charge: Charge
    rerated: Rerated

    @property
    def turn(self) -> tuple[str, int, str]:
        """Return its turn in the job: by tenant, and there by the time of the call."""
        call = self.charge.call
        return self.charge.tenant_id, call.started_ms or call.answered_ms, self.charge.cdr_id


@dataclass(slots=True)
class Found:
    """What a job would change, and what it has changed already."""

    partitions: int
    calls: list[Differs] = field(default_factory=list)
    unchanged: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Charges that could not be rated again, by the reason."""
    done: int = 0
    """Charges that the job has posted before."""
    moved: Counter[Money] = field(default_factory=Counter)
    """What it has moved by them, upwards or downwards, in micros."""

    @property
    def total(self) -> int:
        """Return how many charges are meant, with those that the job has posted before."""
        return len(self.calls) + self.unchanged + self.refused.total() + self.done

    def would_move(self) -> Counter[Money]:
        """Return what the job would have moved in the end, upwards or downwards, by tenant and currency."""
        moved = Counter(self.moved)
        for each in self.calls:
            name = each.charge.tenant_id, each.charge.currency
            moved[name] += abs(each.rerated.difference_micros)
        return moved


@dataclass(slots=True)
class _Ledger:
    """What the first reading says."""

    taken_back: set[str] = field(default_factory=set)
    tenants: set[bytes] = field(default_factory=set)
    seen_ms: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    """The latest time of an entry, by partition."""
    reversed_micros: dict[str, int] = field(default_factory=dict)
    """What the job has taken back, by the charge's entry."""


async def find(
    broker: Broker, partitions: int, selection: Selection, who: Who, now_ms: int
) -> Found:
    """Read what a job would change."""
    rules = await read_rules(broker)
    ledger = await _read(broker, partitions, selection, who.job_id)
    shards = await _shards(broker, partitions, selection, ledger.tenants)
    trials = {number: ReratingTrials(shard, rules) for number, shard in shards.items()}
    found = Found(partitions)
    async for line, entry in _entries(broker, partitions, selection):
        if not isinstance(entry, Charge):
            continue
        if entry.generation and entry.job_id == who.job_id:
            _note_done(found, entry, ledger.reversed_micros)
        elif entry.entry_id not in ledger.taken_back and selection.has(entry):
            order = _order(line, entry, who, ledger.seen_ms[line.partition])
            _try_out(found, trials[line.partition], order, entry, now_ms)
    found.calls.sort(key=lambda each: each.turn)
    return found


def _note_done(found: Found, entry: Charge, reversed_micros: dict[str, int]) -> None:
    found.done += 1
    before = reversed_micros.get(entry.reverses or "", entry.charge_micros)
    found.moved[entry.tenant_id, entry.currency] += abs(entry.charge_micros - before)


def _try_out(
    found: Found, trials: ReratingTrials, order: RerateCall, entry: Charge, now_ms: int
) -> None:
    rerated = trials.try_out(order, entry, now_ms)
    if rerated.outcome == "posted":
        found.calls.append(Differs(order, entry, rerated))
    elif rerated.outcome == "unchanged":
        found.unchanged += 1
    else:
        found.refused[rerated.outcome] += 1


def _order(line: Line, entry: Charge, who: Who, seen_ms: int) -> RerateCall:
    """Return the order on a charge; asked for on the same day, a job says the same again."""
    seen_day = seen_ms // DAY_MS
    return RerateCall(
        f"rerate/{who.job_id}/{entry.seq}/{seen_day}",
        entry.tenant_id,
        entry.cdr_id,
        entry.version,
        entry.entry_id,
        line.offset,
        seen_day * DAY_MS,
        who.job_id,
        who.by,
        who.why,
    )


async def _read(broker: Broker, partitions: int, selection: Selection, job_id: str) -> _Ledger:
    ledger = _Ledger()
    async for line, entry in _entries(broker, partitions, selection):
        if not isinstance(entry, str):
            number, at_ms = line.partition, entry.at_ms
            ledger.seen_ms[number] = max(ledger.seen_ms[number], at_ms)
        if isinstance(entry, ChargeReversed):
            ledger.taken_back.add(entry.reverses)
            if entry.job_id == job_id:
                ledger.reversed_micros[entry.reverses] = entry.reversed_micros
        elif isinstance(entry, Charge) and selection.has(entry):
            ledger.tenants.add(entry.tenant_id.encode())
    return ledger


async def _entries(
    broker: Broker, partitions: int, selection: Selection
) -> AsyncIterator[tuple[Line, Any]]:
    """Yield the entries that may be meant, or take back what may, with their places."""
    lines = Lines(tenant=selection.only_tenant, from_ms=selection.written_from_ms)
    async with (
        reading(broker, LEDGER, lines) as reader,
        aclosing(reader.lines(partitions)) as found,
    ):
        async for line in found:
            yield line, decode_entry(line.value)


async def _shards(
    broker: Broker, partitions: int, selection: Selection, tenants: set[bytes]
) -> dict[int, Shard]:
    """Return the state of the tenants whose charges are meant."""
    numbers = frozenset(partition_of(name, partitions) for name in tenants)
    shards = {number: Shard.empty(number) for number in numbers}
    if not tenants:
        return shards
    lines = Lines(tenant=selection.only_tenant, partitions=numbers)
    for topic in (ACCOUNTS_CHANGELOG, USERS_CHANGELOG):
        for key, value in (await last_values(broker, topic, partitions, lines)).items():
            tenant = tenant_in_front(key)
            if tenant in tenants:
                shard = shards[partition_of(tenant, partitions)]
                part = shard.accounts if topic is ACCOUNTS_CHANGELOG else shard.users
                part.load([(key, value)])
    return shards
