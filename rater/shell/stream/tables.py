"""Tables: the state of a partition in memory, rebuilt from its changelog.

A table has one state object per owned partition, made by its factory. Steps read and change it
directly; what they change they also send to the table's changelog topic, in the step's
transaction. `BytesState` is the usual one: the last value of every key.

    accounts = state_table(app, "accounts", BytesState, partitions=8)
    accounts.state(batch.tp.partition)[key]          # bytes
    step.write(accounts.changelog_topic_name, batch.tp.partition, [(key, value)])

A partition that stays through a rebalance keeps its state, and only what others wrote since is
read: every commit moves the offset up to which the state is applied. What does not come back is
dropped when the new assignment is known. Changelog topics are created beforehand, never here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import faust

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Record = tuple[bytes | None, bytes | None]


class PartitionState(Protocol):
    """What a table keeps for one partition."""

    def load(self, records: Sequence[Record]) -> None:
        """Apply changelog records, in order: key and value, as written by committed steps."""


S = TypeVar("S", bound=PartitionState)


class StateNotOwnedError(LookupError):
    """The state of a partition that this worker does not own was asked for."""


class BytesState(dict[bytes, bytes]):
    """The last value of every key; no value deletes the key."""

    def load(self, records: Sequence[Record]) -> None:
        """Apply changelog records, in order."""
        for key, value in records:
            if key is None:
                raise ValueError(f"changelog record without a key, value {value!r}")
            if value is None:
                self.pop(key, None)
            else:
                self[key] = value


class PartitionStates(Generic[S]):
    """The states of a table by partition, each with the changelog offset it is applied up to."""

    def __init__(self, name: str, new_state: Callable[[], S]) -> None:
        """Own nothing; `name` is for messages."""
        self._name = name
        self._new_state = new_state
        self._states: dict[int, S] = {}
        self._next: dict[int, int] = {}

    def state(self, partition: int) -> S:
        """Return the state of an owned partition."""
        try:
            return self._states[partition]
        except KeyError:
            raise StateNotOwnedError(
                f"table {self._name}: partition {partition} is not owned by this worker, "
                f"{sorted(self._states)} are"
            ) from None

    def partitions(self) -> list[int]:
        """Return the owned partitions."""
        return sorted(self._states)

    def own(self, partitions: Iterable[int]) -> None:
        """Drop the states of other partitions and make those that are new."""
        wanted = set(partitions)
        for partition in self._states.keys() - wanted:
            del self._states[partition]
            self._next.pop(partition, None)
        for partition in wanted - self._states.keys():
            self._states[partition] = self._new_state()

    def reset(self, partition: int) -> None:
        """Forget the state of an owned partition, to be read again from the beginning."""
        self._states[partition] = self._new_state()
        self._next.pop(partition, None)

    def next_offset(self, partition: int) -> int | None:
        """Return the changelog offset to read on from; None: nothing applied yet."""
        return self._next.get(partition)

    def load(self, partition: int, records: Sequence[Record], next_offset: int) -> None:
        """Apply one fetch; `next_offset` counts the transaction markers in it."""
        applied = self._next.get(partition, 0)
        assert next_offset >= applied, (
            f"table {self._name} partition {partition}: back from {applied} to {next_offset}"
        )
        if records:
            self._states[partition].load(records)
        self._next[partition] = next_offset

    def note_written(self, partition: int, last_offset: int) -> None:
        """Count a committed step's own records as applied."""
        assert last_offset >= self._next.get(partition, 0), (
            f"table {self._name} partition {partition}: wrote {last_offset}, "
            f"though {self._next.get(partition)} comes next"
        )
        self._next[partition] = last_offset + 1


class StateTable(faust.Table, Generic[S]):  # type: ignore[misc]
    """A Faust table whose partitions are PartitionState objects; use state_table() to make one."""

    def __init__(self, app: Any, *, new_state: Callable[[], S], **options: Any) -> None:
        """Make a table of bytes; Faust's own store stays empty."""
        super().__init__(app, key_type=bytes, value_type=bytes, **options)
        self.states: PartitionStates[S] = PartitionStates(self.name, new_state)

    def state(self, partition: int) -> S:
        """Return the state of an owned partition; StateNotOwnedError for any other."""
        return self.states.state(partition)

    def note_written(self, partition: int, last_offset: int) -> None:
        """Count a committed step's own records as applied."""
        self.states.note_written(partition, last_offset)


def state_table(
    app: Any,
    name: str,
    new_state: Callable[[], S],
    *,
    partitions: int,
    deleted_by_time: bool = False,
) -> StateTable[S]:
    """Add a table to the app; its changelog topic is `{app id}-{name}-changelog`.

    `deleted_by_time` says that the changelog loses its old records instead of being compacted:
    the state must be able to live without them.
    """
    table: StateTable[S] = StateTable(
        app,
        name=name,
        new_state=new_state,
        partitions=partitions,
        beacon=app.beacon,
        help=f"state of {name}, {'deleted by time' if deleted_by_time else 'compacted'}",
    )
    app.tables.add(table)
    return table
