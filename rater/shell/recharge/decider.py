"""How recharge decides a batch: by the state of its partition, and by whose payments are held."""

import logging
from collections.abc import Callable, Sequence

from rater.batch.recharge.batch import RechargeBatch
from rater.batch.recharge.decision import RechargeDecision
from rater.batch.recharge.partition_state import RechargesShard
from rater.core.charging_settings import SettingsBook
from rater.shell.process.clock import now_ms
from rater.shell.recharge.metrics import RechargeMetrics
from rater.shell.stream.batches import RecordBatch, SourceRecord
from topics import catalog

log = logging.getLogger(__name__)

LOUD = frozenset(("recharge_paused", "recharge_capped", "fraud_suspected"))
"""Notices that operators should see, too: nothing goes on by itself."""


class RechargeDecider:
    """The states of a worker's partitions, and what is held."""

    PREFIX = "recharge_"

    def __init__(
        self,
        shard: Callable[[int], RechargesShard],
        settings: Callable[[], SettingsBook],
        metrics: RechargeMetrics,
        partitions: int,
    ) -> None:
        """`shard` and `settings` are asked again for every batch: assignment and settings change."""
        self._shard = shard
        self._settings = settings
        self._metrics = metrics
        self._partitions = partitions

    def begin(self, batch: RecordBatch) -> RechargeBatch:
        """Begin a batch."""
        tp = batch.tp
        place = tp.partition, self._partitions
        held = self._settings().holds_payments
        return RechargeBatch(self._shard(tp.partition), tp.topic, place, held)

    async def fetch(self, _: RechargeBatch) -> int:
        """Fetch nothing: recharge knows all that it needs."""
        return 0

    def prove(self, decision: RechargeDecision) -> None:
        """Prove nothing more: recharge holds no money."""

    def stamps(self, records: Sequence[SourceRecord]) -> list[int]:
        """Return the time of each record."""
        return [record.timestamp for record in records]

    def apply(self, decision: RechargeDecision) -> None:
        """Take what was committed into memory."""
        self._shard(decision.partition).apply(decision)

    def report(self, decision: RechargeDecision) -> None:
        """Count what was written, and log what needs a human."""
        if quarantined := decision.taken[catalog.PAYMENT_QUARANTINE.name]:
            log.error(
                "partition %(partition)d: %(quarantined)d payment results are in quarantine",
                {"partition": decision.partition, "quarantined": quarantined},
            )
        for kind in LOUD & decision.notices.keys():
            log.warning(
                "partition %(partition)d: %(kind)s: %(count)d",
                {"partition": decision.partition, "kind": kind, "count": decision.notices[kind]},
            )
        held = self._settings().holds_charging
        # No objective counts a call that was charged late by order.
        decision.asked_ms = [at_ms for at_ms in decision.asked_ms if not held(at_ms)]
        self._metrics.step_done(decision, now_ms())
