"""The recharges of one partition, as bytes: a table's state, and which of them wait for a time.

The bytes are the committed truth; a batch works on copies and hands back new bytes after its commit.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

from rater.batch.recharge.decision import RechargeDecision
from rater.core.limits import NEVER_MS
from rater.core.recharge.machine import IN_FLIGHT, State
from rater.wire.recharge.state import decode_head, decode_recharge


class RechargesShard:
    """Recharge bytes by key (the tenant id), those that wait, and the offsets applied of the four sources."""

    def __init__(self) -> None:
        self._values: dict[bytes, bytes] = {}
        self._waiting: dict[bytes, int] = {}
        self._states: Counter[State] = Counter()
        self._held: dict[bytes, None] = {}
        """The tenants that wait for the end of a maintenance stop, in the order in which they began to."""
        self._asked_ms: dict[bytes, int] = {}
        """When what is in flight was asked for; a tenant has one command at most."""
        self._captured_ms: dict[bytes, int] = {}
        """When the oldest payment was captured that is not credited yet."""
        self._applied = [-1, -1, -1, -1]
        self.get = self._values.get

    def __len__(self) -> int:
        """Return the number of tenants."""
        return len(self._values)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over keys and values."""
        return iter(self._values.items())

    def load(self, records: Sequence[tuple[bytes | None, bytes | None]]) -> None:
        """Take a fetch of the changelog; recharges are never removed."""
        for key, value in records:
            assert key is not None, value
            assert value is not None, key
            self._set(key, value)

    def apply(self, decision: RechargeDecision) -> None:
        """Take what a batch has committed; from now on it is the truth."""
        for key, value in decision.recharges().items():
            self._set(key, value)

    def due(self, now_ms: int, most: int | None = None) -> list[tuple[bytes, int]]:
        """Return the tenants whose time has come by now, so many at most, each with its due time."""
        due = ((key, due_ms) for key, due_ms in self._waiting.items() if due_ms <= now_ms)
        return list(islice(due, most))

    def held(self) -> Collection[bytes]:
        """Return the tenants that wait for the end of a maintenance stop, who has waited longest first."""
        return self._held.keys()

    def states(self) -> Mapping[State, int]:
        """Return how many tenants are in each state."""
        return self._states

    def oldest(self) -> tuple[int | None, int | None]:
        """Return since when a command is in flight, and a capture not credited, the oldest of each; None: none is."""
        asked, captured = self._asked_ms.values(), self._captured_ms.values()
        return min(asked, default=None), min(captured, default=None)

    def watermarks(self) -> tuple[int, int, int, int]:
        """Return the highest offsets applied of events, results, commands and timers; -1 where there are none."""
        events, results, commands, timers = self._applied
        return events, results, commands, timers

    def _set(self, key: bytes, value: bytes) -> None:
        before = self._values.get(key)
        if before is not None:
            self._states[decode_head(before).state] -= 1
        self._values[key] = value
        head = decode_head(value)
        self._states[head.state] += 1
        self._note_money_under_way(key, value, head.state)
        if head.state is State.PAYMENTS_HELD:
            self._held.setdefault(key)
        else:
            self._held.pop(key, None)
        self._applied = [max(pair) for pair in zip(head.offsets, self._applied, strict=True)]
        if head.due_ms == NEVER_MS:
            self._waiting.pop(key, None)
        else:
            self._waiting[key] = head.due_ms

    def _note_money_under_way(self, key: bytes, value: bytes, state: State) -> None:
        """Note since when money is under way; only then a recharge is read whole."""
        self._asked_ms.pop(key, None)
        self._captured_ms.pop(key, None)
        if state not in IN_FLIGHT and state is not State.CREDITING:
            return
        recharge = decode_recharge(value)
        if state in IN_FLIGHT and recharge.attempt is not None:
            self._asked_ms[key] = recharge.attempt.requested_ms
        if recharge.awaited:
            self._captured_ms[key] = min(each.captured_ms for each in recharge.awaited)
