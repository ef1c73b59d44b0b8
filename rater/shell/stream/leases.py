"""Leases: what a worker may do with a partition, for the time of one assignment."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiokafka.errors import (
    InvalidProducerEpoch,
    InvalidProducerIdMapping,
    InvalidTxnState,
    ProducerFenced,
)

if TYPE_CHECKING:
    from aiokafka import AIOKafkaProducer


class NotOwnedError(RuntimeError):
    """The partition is not assigned to this worker, or no longer."""


class AssignmentError(RuntimeError):
    """Partition N of the app's topics was not assigned to one worker as a whole."""


class PartitionHaltedError(RuntimeError):
    """The partition was halted by a broken invariant; only a new assignment frees it."""


class MisplacedError(RuntimeError):
    """Records lie elsewhere than was foreseen; nothing of the step holds, and it has to be taken again."""


class CommitFailedError(RuntimeError):
    """A transaction was neither committed nor refused in time."""


FENCED = (
    ProducerFenced,
    InvalidProducerEpoch,
    InvalidProducerIdMapping,
    InvalidTxnState,
    NotOwnedError,
)


def is_fenced(error: BaseException | None) -> bool:
    """Tell whether another worker, or the coordinator, has taken the partition over.

    aiokafka wraps some of these errors in others, so causes count too.
    """
    while error is not None:
        if isinstance(error, FENCED):
            return True
        error = error.__cause__
    return False


@dataclass(slots=True)
class Lease:
    """One partition for the time of one assignment."""

    partition: int
    generation: int
    producer: AIOKafkaProducer
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    closed: bool = True
    """No step may begin: the state is not recovered yet, or a rebalance waits for those at work."""
    halted: str | None = None
    ends: dict[tuple[str, int], int] = field(default_factory=dict)
    """Where the next record of a topic's partition will lie, as its last step has left it: nobody else writes there."""


@dataclass(slots=True)
class Progress:
    """What the watchdog and the metrics look at; only ever grows."""

    commits: int = 0
    failures: int = 0
    commit_seconds: float = 0.0
    recovered_records: int = 0

    @property
    def mark(self) -> int:
        """A number that changes when anything gets done."""
        return self.commits + self.recovered_records
