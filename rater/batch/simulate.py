"""The simulator: the same batches as in the workers, without Kafka: charging and recharge, joined by their topics.

Lines in, lines out. Its clock is the lines' own timestamps; timers fire between them as they would in a worker: a
lot that falls due gets its `expire_lots` command, an account every month its `carry_forward`, one that owes a status
pays it, a recharge that waits gets its `recharge_due`, a call that has waited for a price its `free_call`. What one
of the two writes for the other is taken at once, in the order written. Every record is a batch of its own, which
changes nothing: what a batch decides does not depend on where it is cut. Nobody pays: results are lines like any other.
"""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

from rater.batch.charging.batch import decide
from rater.batch.charging.decision import Decision
from rater.batch.charging.open_suspense import read_open
from rater.batch.charging.partition_state import Shard
from rater.batch.charging.status_flush import TIMER, decide_flush, flush_users
from rater.batch.recharge.batch import EVENTS, SOURCES, TIMERS, decide_recharge
from rater.batch.recharge.decision import RechargeDecision
from rater.batch.recharge.held_payments import HeldPayments
from rater.batch.recharge.partition_state import RechargesShard
from rater.core.account.freecall import next_freed_ms
from rater.core.limits import STATUS_EVERY_MS
from rater.core.pricing.rules import Rules
from rater.wire.account.state import decode_account
from rater.wire.account.user_rows import decode_user
from rater.wire.lines import Line
from rater.wire.outputs import free_command, timer_command
from rater.wire.recharge.commands import due_command
from topics import catalog
from topics.keys import tenant_in_front
from topics.partitioner import partition_of

Record = tuple[bytes | None, bytes | None]

NEVER = 2**62
"""Later than any timer."""
JOINED = (EVENTS, catalog.ACCOUNT_COMMANDS.name)
"""What charging writes for recharge, and recharge for charging."""


D_contra = TypeVar("D_contra", Decision, RechargeDecision, contravariant=True)


class State(Protocol[D_contra]):
    """What a decision is applied to."""

    def apply(self, decision: D_contra) -> None:
        """Take what was committed."""


class Simulator:
    """All workers in one object; feed it records in time order, it yields what they write."""

    def __init__(self, rules: Rules) -> None:
        self._timers: dict[int, tuple[int, int, bytes]] = {}
        """The next timer of each partition, forgotten when something of it is committed, or other rules come."""
        self.rules = rules
        self.now_ms = 0
        self.shards = [Shard.empty(p) for p in range(catalog.PARTITIONS)]
        self.recharges = [RechargesShard() for _ in range(catalog.PARTITIONS)]
        self._ends: Counter[tuple[str, int]] = Counter()
        self._ledger: list[dict[int, bytes]] = [{} for _ in range(catalog.PARTITIONS)]
        """The entries of each partition by offset, while corrections and re-ratings may ask for them."""
        self._joined: deque[Line] = deque()
        """What one has written for the other and that is not taken yet."""

    @property
    def rules(self) -> Rules:
        """What all is decided by from now on."""
        return self._rules

    @rules.setter
    def rules(self, rules: Rules) -> None:
        self._rules = rules
        self._timers.clear()

    def feed(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        at_ms: int,
        partition: int | None = None,
    ) -> Iterator[Line]:
        """Let time pass to a record, and take it; without a partition its key gives it one."""
        yield from self.run_until(at_ms)
        if partition is None:
            partition = partition_of(key or b"", catalog.PARTITIONS)
        yield from self._take_new(topic, key, value, at_ms, partition)

    def run_until(self, at_ms: int) -> Iterator[Line]:
        """Let time pass: fire the timers that are due, in order."""
        while True:
            for shard in self.shards:
                if shard.partition not in self._timers:
                    self._timers[shard.partition] = self._next_timer(shard)
            when, partition, key = min(self._timers.values())
            if when > at_ms:
                break
            yield from self._fire(self.shards[partition], key, max(when, self.now_ms))
        self.now_ms = max(self.now_ms, at_ms)

    def _next_timer(self, shard: Shard) -> tuple[int, int, bytes]:
        """Return when the partition's next timer fires, and for which tenant or call that waits."""
        due = [(max(at, 1), shard.partition, key) for key, at in shard.accounts.due(NEVER)]
        recharges = self.recharges[shard.partition].due(NEVER)
        due += [(max(at, 1), shard.partition, key) for key, at in recharges]
        if (freed := self._held(shard.partition).next_ms(self.now_ms)) is not None:
            due.append((max(freed[0], 1), shard.partition, freed[1]))
        for key in shard.accounts.dirty():
            account = decode_account(shard.accounts.get(key) or b"")
            due.append((account.status_ms + STATUS_EVERY_MS, shard.partition, key))
        for key in shard.users.owed():
            user = decode_user(shard.users.get(key) or b"")
            due.append((user.told_ms + STATUS_EVERY_MS, shard.partition, key))
        if (earliest := shard.suspense.earliest()) is not None:
            came_ms, key = earliest
            freed_ms = next_freed_ms(self.rules.settings, came_ms, self.now_ms)
            due.append((freed_ms, shard.partition, key))
        return min(due, default=(NEVER, shard.partition, b""))

    def _fire(self, shard: Shard, key: bytes, at_ms: int) -> Iterator[Line]:
        self.now_ms = max(self.now_ms, at_ms)
        overdue = [due for name, due in shard.accounts.due(at_ms) if name == key]
        waiting = (
            *self.recharges[shard.partition].due(at_ms),
            *self._held(shard.partition).due(at_ms),
        )
        waited = [due for name, due in waiting if name == key]
        if _is_owed(shard, key, at_ms):
            decision = Decision(TIMER, shard.partition, shard.batches.stream_ms, self.rules.plans)
            flush_users(decision, shard, [key], self.rules, at_ms)
            yield from self._commit(shard, decision, at_ms)
        elif (waits := shard.suspense.get(key)) is not None:
            version = self.rules.settings.at(at_ms).version
            command = free_command(read_open(waits), version, at_ms)
            name, tenant = catalog.ACCOUNT_TIMERS.name, tenant_in_front(key)
            yield from self._take_new(name, tenant, command, at_ms, shard.partition)
        elif overdue:
            account = decode_account(shard.accounts.get(key) or b"")
            command = timer_command(account, overdue[0])
            name = catalog.ACCOUNT_TIMERS.name
            yield from self._take_new(name, key, command, at_ms, shard.partition)
        elif waited:
            command = due_command(key.decode(), waited[0])
            yield from self._take_new(TIMERS, key, command, at_ms, shard.partition)
        else:
            yield from self._commit(
                shard, decide_flush(shard, [key], at_ms, self.rules.plans), at_ms
            )
            yield from self._take_joined()

    def _held(self, partition: int) -> HeldPayments:
        return HeldPayments(self.recharges[partition], self.rules.settings)

    def _take_new(
        self, topic: str, key: bytes | None, value: bytes | None, at_ms: int, partition: int
    ) -> Iterator[Line]:
        (record,) = self._append(topic, partition, [(key, value)], at_ms)
        yield from self._take(record)
        yield from self._take_joined()

    def _take_joined(self) -> Iterator[Line]:
        while self._joined:
            yield from self._take(self._joined.popleft())

    def _take(self, record: Line) -> Iterator[Line]:
        topic, partition = record.topic, record.partition
        shard, recharges = self.shards[partition], self.recharges[partition]
        if topic in SOURCES:
            place = partition, catalog.PARTITIONS
            held = self.rules.settings.holds_payments
            heard = decide_recharge(recharges, topic, [record], place, held)
            yield from self._commit(recharges, heard, record.timestamp)
            return
        ledger = self._ledger[partition]
        decision = decide(shard, topic, [record], self.rules, catalog.PARTITIONS, ledger)
        yield from self._commit(shard, decision, record.timestamp)

    def _commit(self, state: State[D_contra], decision: D_contra, at_ms: int) -> Iterator[Line]:
        """Write what was decided, then apply it to its state: the worker's order."""
        partition = decision.partition
        written = {
            topic: self._append(topic, partition, records, at_ms)
            for topic, records in decision.outputs()
        }
        decision.place({topic: [x.offset for x in lines] for topic, lines in written.items()})
        if self.rules.settings.corrects:
            for line in written.get(catalog.LEDGER.name, ()):
                self._ledger[partition][line.offset] = line.value or b""
        if isinstance(decision, Decision):
            wrong = decision.conservation.differences()
            assert not any(wrong.values()), f"entries and accounts differ by {wrong} micros"
        state.apply(decision)
        self._timers.pop(partition, None)
        for lines in written.values():
            yield from self._written(lines)

    def _written(self, lines: list[Line]) -> Iterator[Line]:
        for line in lines:
            if line.topic in JOINED:
                self._joined.append(line)
            yield line

    def _append(
        self, topic: str, partition: int, records: Sequence[Record], at_ms: int
    ) -> list[Line]:
        return [
            Line(topic, partition, self._next_offset(topic, partition), at_ms, key, value)
            for key, value in records
        ]

    def _next_offset(self, topic: str, partition: int) -> int:
        offset = self._ends[topic, partition]
        self._ends[topic, partition] += 1
        return offset


def _is_owed(shard: Shard, key: bytes, at_ms: int) -> bool:
    """Tell whether it is a user whose status is due; a CDR that waits may have the same name."""
    if key not in shard.users.owed():
        return False
    return decode_user(shard.users.get(key) or b"").told_ms + STATUS_EVERY_MS <= at_ms
