"""The step of recharge: read, decide, commit, apply; one batch of one partition is one Kafka transaction (D1).

As in charging (`step`): what was decided is in memory only once it is committed; a broken invariant halts the
partition, a transaction that fails ends the worker.
"""

import logging
from collections import Counter
from collections.abc import Callable
from time import perf_counter
from typing import Any

from rater.batch.recharge.batch import RechargeDecision, decide_recharge
from rater.batch.recharge.partition_state import RechargesShard
from rater.shell.process.failpoints import failpoint
from rater.shell.process.health import Health
from rater.shell.process.metrics import BatchReport, Metrics
from rater.shell.process.step import OpenStep, halt, outcomes_of
from rater.shell.recharge.metrics import RechargeMetrics
from rater.shell.stream.batches import RecordBatch
from topics import catalog

logger = logging.getLogger(__name__)

LOUD = frozenset(("recharge_paused", "recharge_capped", "fraud_suspected"))
"""Notices that operators should see, too: nothing goes on by itself."""


class RechargeStepper:
    """Takes the batches of all partitions of one recharge worker."""

    def __init__(
        self,
        transactions: Callable[[], Any],
        shard: Callable[[int], RechargesShard],
        metrics: Metrics,
        recharge_metrics: RechargeMetrics,
        health: Health,
    ) -> None:
        """`transactions` and `shard` are asked anew for every batch: the assignment changes."""
        self._transactions = transactions
        self._shard = shard
        self._metrics = metrics
        self._recharge_metrics = recharge_metrics
        self._health = health
        self.partitions = catalog.PARTITIONS

    async def take(self, batch: RecordBatch) -> None:
        """Take one batch through its step."""
        partition = batch.tp.partition
        async with self._transactions().step(batch.tp) as step:
            began = perf_counter()
            shard = self._shard(partition)
            try:
                decision = decide_recharge(
                    shard, partition, batch.tp.topic, batch.records, self.partitions
                )
            except AssertionError as broken:
                halt(self._transactions(), self._metrics, self._health, partition, broken)
                return
            decided = perf_counter()
            await self._commit(step, shard, decision, batch)
            done = perf_counter()
        self._report(decision, decided - began, done - decided)

    async def _commit(
        self,
        step: OpenStep,
        shard: RechargesShard,
        decision: RechargeDecision,
        batch: RecordBatch,
    ) -> None:
        recharges = decision.recharges()
        failpoint("recharge_before_sends")
        for topic, records in decision.outputs():
            if records:
                step.send_nowait(topic, decision.partition, records)
        changelog = catalog.RECHARGES_CHANGELOG.name
        if recharges:
            step.send_nowait(changelog, decision.partition, list(recharges.items()))
        manifest = decision.manifest(batch.first_offset, batch.next_offset)
        key = decision.source_topic.encode()
        step.send_nowait(catalog.RECHARGE_BATCHES.name, decision.partition, [(key, manifest)])
        failpoint("recharge_before_commit")
        await step.commit(batch.next_offset)
        failpoint("recharge_before_apply")
        shard.put(recharges)
        failpoint("recharge_after_apply")

    def _report(self, decision: RechargeDecision, decide_s: float, commit_s: float) -> None:
        if decision.quarantined:
            logger.error(
                "partition %d: %d payment results are in quarantine",
                decision.partition,
                len(decision.quarantined),
            )
        told = Counter(notice.__struct_config__.tag for notice in decision.journal.notices)
        for kind in LOUD & told.keys():
            logger.warning("partition %d: %s: %d", decision.partition, kind, told[kind])
        self._recharge_metrics.step_done(decision)
        self._metrics.batch_done(
            BatchReport(
                topic=decision.source_topic,
                records=decision.records,
                outcomes=outcomes_of(decision.outcomes),
                decode_s=0.0,
                decide_s=decide_s,
                commit_s=commit_s,
            )
        )
        self._metrics.transaction_done(commit_s)
