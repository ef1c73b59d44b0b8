"""The step: read, decide, commit, apply. One batch of one partition is one Kafka transaction (D1).

1. Under the partition's lock, the batch is decided in plain Python (`cdr_batch`, `command_batch`): nothing changes yet.
2. Entries, events, statuses, suspense, dead letters and the touched accounts are sent.
3. Once the entries are in the log, the batch manifest names their offsets (D8).
4. Everything and the source offset are committed at once. Killed anywhere before: nothing of it has happened.
5. Only now memory changes.

A broken invariant halts the partition, loudly; its neighbours go on (D9). A transaction that fails ends the worker.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from operator import attrgetter
from time import perf_counter
from typing import Any

from rater.batch.charging.cdr_batch import CdrBatch
from rater.batch.charging.command_batch import decide_commands
from rater.batch.charging.decision import Decision, Records
from rater.batch.charging.partition_state import Shard
from rater.batch.charging.status_flush import decide_flush
from rater.core.entries import Charge
from rater.core.pricing.rules import Rules
from rater.core.standing_entries import DeckWarning
from rater.shell.process.failpoints import failpoint
from rater.shell.process.health import Health
from rater.shell.process.metrics import BatchReport, Metrics
from rater.shell.process.step import OpenStep, halt, outcomes_of
from rater.shell.stream.batches import RecordBatch
from topics import catalog

logger = logging.getLogger(__name__)

_amount = attrgetter("charge_micros")

FLUSHED_MAX = 5_000
"""Accounts whose owed status one flush publishes; the next tick goes on."""


STRIDE = 64
"""Records read before a step yields: the largest of them, and the slowest to read, take a quarter of a second."""


class Stepper:
    """Takes the batches of all partitions of one worker."""

    def __init__(
        self,
        transactions: Callable[[], Any],
        shard: Callable[[int], Shard],
        rules: Callable[[], Rules],
        metrics: Metrics,
        health: Health,
    ) -> None:
        """`transactions`, `shard` and `rules` are asked anew for every batch: assignment and decks change."""
        self._transactions = transactions
        self._shard = shard
        self._rules = rules
        self._metrics = metrics
        self._health = health
        self.partitions = catalog.PARTITIONS

    async def take(self, batch: RecordBatch) -> None:
        """Take one batch through its step."""
        partition = batch.tp.partition
        async with self._transactions().step(batch.tp) as step:
            # Only now: until its turn comes, the batch has waited for others.
            began = perf_counter()
            shard = self._shard(partition)
            try:
                decision, decoded = await self._decide(shard, batch)
            except AssertionError as broken:
                halt(self._transactions(), self._metrics, self._health, partition, broken)
                return
            decided = perf_counter()
            await self._commit(step, shard, decision, batch)
            done = perf_counter()
        self._report(decision, (decoded - began, decided - decoded, done - decided))

    async def flush(self, partition: int, now_ms: int) -> int:
        """Publish the statuses that accounts of a partition owe; return how many."""
        async with self._transactions().step(partition) as step:
            shard = self._shard(partition)
            decision = decide_flush(shard, shard.accounts.dirty()[:FLUSHED_MAX], now_ms)
            if not decision.changed:
                return 0
            accounts = decision.accounts()
            step.send_nowait(catalog.ACCOUNT_STATUS.name, partition, decision.statuses())
            step.send_nowait(catalog.ACCOUNTS_CHANGELOG.name, partition, list(accounts.items()))
            await step.commit()
            shard.accounts.put(accounts)
            return len(accounts)

    async def _decide(self, shard: Shard, batch: RecordBatch) -> tuple[Decision, float]:
        """Decide a batch; return when its records had been read, too. Reading yields: others run meanwhile."""
        if batch.tp.topic == catalog.CDR_RAW.name:
            cdrs = CdrBatch(shard, self._rules(), self.partitions)
            for first in range(0, len(batch.records), STRIDE):
                cdrs.read(batch.records[first : first + STRIDE])
                await asyncio.sleep(0)
            decoded = perf_counter()
            return cdrs.decide_all(), decoded
        decoded = perf_counter()
        decision = decide_commands(shard, batch.records, self._rules(), self.partitions)
        return decision, decoded

    async def _commit(
        self, step: OpenStep, shard: Shard, decision: Decision, batch: RecordBatch
    ) -> None:
        accounts = decision.accounts()
        outputs: tuple[tuple[str, Records], ...] = (
            (catalog.BALANCE_EVENTS.name, decision.events()),
            (catalog.ACCOUNT_STATUS.name, decision.statuses()),
            (catalog.DEAD.name, decision.dead),
            (catalog.ACCOUNTS_CHANGELOG.name, list(accounts.items())),
            (catalog.LOTS_CHANGELOG.name, list(decision.lot_ids.items())),
        )
        failpoint("before_sends")
        for topic, records in outputs:
            if records:
                step.send_nowait(topic, shard.partition, records)
        failpoint("before_ledger")
        ledger, suspense = await asyncio.gather(
            _place(step, catalog.LEDGER.name, shard.partition, decision.ledger()),
            _place(step, catalog.SUSPENSE.name, shard.partition, decision.suspense),
        )
        failpoint("before_manifest")
        packed = decision.packed(ledger, suspense)
        manifest = decision.manifest(batch.first_offset, batch.next_offset, packed)
        key = decision.source_topic.encode()
        step.send_nowait(catalog.BATCHES_CHANGELOG.name, shard.partition, [(key, manifest)])
        failpoint("before_commit")
        await step.commit(batch.next_offset)
        failpoint("before_apply")
        shard.apply(accounts, packed, decision.stream_ms, decision.lot_ids)
        failpoint("after_apply")

    def _report(self, decision: Decision, seconds: tuple[float, float, float]) -> None:
        self._metrics.batch_done(
            BatchReport(
                topic=decision.source_topic,
                records=decision.records,
                outcomes=outcomes_of(decision.outcomes),
                charged_micros=_charged(decision),
                decode_s=seconds[0],
                decide_s=seconds[1],
                commit_s=seconds[2],
            )
        )
        self._metrics.transaction_done(seconds[2])
        if decision.source_topic == catalog.ACCOUNT_COMMANDS.name:
            self._tell_deck_warnings(decision)

    def _tell_deck_warnings(self, decision: Decision) -> None:
        for entry in decision.journal.entries:
            if isinstance(entry, DeckWarning):
                for each in entry.decks:
                    self._metrics.deck_warned(each.problem)
                    logger.warning(
                        "deck %s of account %s prices nothing: %s (command %s)",
                        each.deck_id, entry.tenant_id, each.problem, entry.command_id,
                    )  # fmt: skip


def _charged(decision: Decision) -> dict[str, int]:
    """Return the sum of the charges by currency; nearly every batch has one currency."""
    charges = [entry for entry in decision.journal.entries if type(entry) is Charge]
    currencies = {account.currency for account in decision.changed.values()}
    if len(currencies) == 1:
        return {currencies.pop(): sum(map(_amount, charges))}
    return {c: sum(e.charge_micros for e in charges if e.currency == c) for c in currencies}


async def _place(step: OpenStep, topic: str, partition: int, records: Records) -> Sequence[int]:
    """Write records and return their offsets; none for none."""
    return await step.send(topic, partition, records) if records else ()
