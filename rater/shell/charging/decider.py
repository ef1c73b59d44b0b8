"""How charging decides a batch: by the rules and the state of its partition, as they are when it begins."""

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from rater.batch.charging.batch import begin
from rater.batch.charging.cdr_batch import CdrBatch
from rater.batch.charging.command_batch import CommandBatch
from rater.batch.charging.decision import Decision
from rater.batch.charging.partition_state import Shard
from rater.batch.charging.status_flush import decide_flush
from rater.core.pricing.rules import Rules
from rater.shell.process.metrics import Metrics
from rater.shell.stream.batches import RecordBatch

log = logging.getLogger(__name__)

FLUSHED_MAX = 5_000
"""Accounts whose owed status one flush publishes; the next tick goes on."""


class Originals(Protocol):
    """Reads entries of the ledger back."""

    async def read(self, partition: int, offsets: Sequence[int]) -> dict[int, bytes]:
        """Return the entries at these offsets of a partition."""


class ChargingDecider:
    """The rules of charging and the states of a worker's partitions."""

    PREFIX = ""

    def __init__(
        self,
        shard: Callable[[int], Shard],
        rules: Callable[[], Rules],
        metrics: Metrics,
        partitions: int,
        originals: Originals,
    ) -> None:
        """`shard` and `rules` are asked again for every batch: assignment and decks change."""
        self._originals = originals
        self._shard = shard
        self._rules = rules
        self._metrics = metrics
        self._partitions = partitions

    def begin(self, batch: RecordBatch) -> CdrBatch | CommandBatch:
        """Begin a batch: all of it is decided by what is known now."""
        shard = self._shard(batch.tp.partition)
        return begin(shard, batch.tp.topic, self._rules(), self._partitions)

    async def fetch(self, deciding: CdrBatch | CommandBatch) -> int:
        """Fetch the ledger entries that corrections among what was read take back; return how many."""
        if not isinstance(deciding, CdrBatch) or not (offsets := deciding.needs()):
            return 0
        deciding.give(await self._originals.read(deciding.partition, offsets))
        return len(offsets)

    def flush(self, partition: int, now_ms: int) -> Decision:
        """Decide to publish statuses that accounts of a partition owe."""
        shard = self._shard(partition)
        return decide_flush(shard, shard.accounts.dirty()[:FLUSHED_MAX], now_ms)

    def apply(self, decision: Decision) -> None:
        """Take what was committed into memory."""
        self._shard(decision.partition).apply(decision)

    def report(self, decision: Decision) -> None:
        """Tell which decks accounts were given that price nothing."""
        for entry in decision.deck_warnings:
            for each in entry.decks:
                self._metrics.deck_warned(each.problem)
                log.warning(
                    "deck %(deck_id)s of account %(tenant_id)s prices nothing: %(problem)s (command %(command_id)s)",
                    {
                        "deck_id": each.deck_id,
                        "tenant_id": entry.tenant_id,
                        "problem": each.problem,
                        "command_id": entry.command_id,
                    },
                )
