"""How charging decides a batch: by the rules and the state of its partition, as they are when it begins."""

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from rater.batch.charging.batch import begin
from rater.batch.charging.cdr_batch import CdrBatch
from rater.batch.charging.command_batch import CommandBatch
from rater.batch.charging.decision import Decision
from rater.batch.charging.partition_state import Shard
from rater.batch.charging.status_flush import decide_flush, flush_users
from rater.core.account.plan_warnings import (
    Giving,
    plans_given,
    unknown_plans,
    unlicensed_plans,
)
from rater.core.limits import NEVER_MS
from rater.core.pricing.rules import Rules
from rater.shell.charging.metrics import ChargingMetrics
from rater.shell.charging.suspense_metrics import SuspenseMetrics
from rater.shell.process.broken_invariant import BrokenInvariantError
from rater.shell.process.metrics import Metrics
from rater.shell.stream.batches import RecordBatch, SourceRecord
from topics.records import EntitlementsSet, UserSet

log = logging.getLogger(__name__)

UNTOLD = -1
"""The time of a record whose age is not told."""
FLUSHED_MAX = 5_000
"""Accounts whose owed status one flush publishes; the next tick goes on."""


class Originals(Protocol):
    """Reads entries of the ledger back."""

    async def read(self, partition: int, offsets: Sequence[int]) -> dict[int, bytes]:
        """Return the entries at these offsets of a partition."""

    async def look(self, partition: int, offsets: Sequence[int]) -> dict[int, bytes]:
        """Return those of them that are there."""


class ChargingDecider:
    """The rules of charging and the states of a worker's partitions."""

    PREFIX = ""

    def __init__(
        self,
        shard: Callable[[int], Shard],
        rules: Callable[[], Rules],
        metrics: tuple[Metrics, SuspenseMetrics, ChargingMetrics],
        partitions: int,
        originals: Originals,
    ) -> None:
        """`shard` and `rules` are asked again for every batch: assignment and decks change."""
        self._originals = originals
        self._shard = shard
        self._rules = rules
        self._metrics, self._waiting, self._counted = metrics
        self._partitions = partitions

    def begin(self, batch: RecordBatch) -> CdrBatch | CommandBatch:
        """Begin a batch: all of it is decided by what is known now."""
        shard = self._shard(batch.tp.partition)
        deciding = begin(shard, batch.tp.topic, self._rules(), self._partitions)
        known = shard.batches.next_offsets.get(batch.tp.topic, batch.start_offset)
        deciding.decision.passed_over = max(0, batch.start_offset - known)
        return deciding

    async def fetch(self, deciding: CdrBatch | CommandBatch) -> int:
        """Fetch the ledger entries that corrections and re-ratings among what was read take back; return how many."""
        partition = deciding.decision.partition
        if offsets := deciding.needs():
            deciding.give(await self._originals.read(partition, offsets))
        named = deciding.named() if isinstance(deciding, CommandBatch) else []
        if named:
            deciding.give(await self._originals.look(partition, named))
        return len(offsets) + len(named)

    def stamps(self, records: Sequence[SourceRecord]) -> list[int]:
        """Return the time of each record; none of what no objective counts: canaries' (R32), what was held (A96)."""
        settings = self._rules().settings
        stamps = self._stamps_without_canaries(records)
        if min(stamps, default=NEVER_MS) >= settings.charging_held_until_ms:
            return stamps
        return [UNTOLD if settings.holds_charging(told) else told for told in stamps]

    def _stamps_without_canaries(self, records: Sequence[SourceRecord]) -> list[int]:
        """Return the time of each record; of canary tenants' none."""
        settings = self._rules().settings
        if not settings.canaries:
            return [record.timestamp for record in records]
        canaries = {name.encode(): name for name in settings.canaries}

        def counts(record: SourceRecord) -> bool:
            name = canaries.get(record.key or b"")
            return name is None or not settings.is_canary(name, record.timestamp)

        return [record.timestamp if counts(record) else UNTOLD for record in records]

    def flush(self, partition: int, now_ms: int) -> Decision:
        """Decide to publish statuses that accounts of a partition, and their users, owe."""
        shard = self._shard(partition)
        rules = self._rules()
        owed = shard.accounts.dirty()[:FLUSHED_MAX]
        decision = decide_flush(shard, owed, now_ms, rules.plans)
        flush_users(decision, shard, shard.users.owed()[:FLUSHED_MAX], rules, now_ms)
        return decision

    def prove(self, decision: Decision) -> None:
        """Hold the money that entries say was moved against what accounts hold, by currency (I1)."""
        differences = decision.conservation.differences()
        self._metrics.reconciliation.proven(decision.partition, differences)
        wrong = {currency: micros for currency, micros in differences.items() if micros}
        if wrong:
            message = f"{decision.source_topic}: entries and accounts differ by {wrong} micros"
            raise BrokenInvariantError("conservation", message)

    def apply(self, decision: Decision) -> None:
        """Take what was committed into memory."""
        self._shard(decision.partition).apply(decision)

    def report(self, decision: Decision) -> None:
        """Tell which decks and plans were given that lead nowhere, what was let go, and what came of waiting."""
        self._counted.decided(decision)
        self._waiting.freed(decision.freed)
        self._waiting.recycled(decision.recycled)
        if decision.passed_over:
            self._tell_passed_over(decision)
        for tenant_id, calls in decision.beyond.items():
            self._waiting.not_kept(calls)
            log.error(
                "open suspense of account %(tenant_id)s is full: %(calls)d calls wait without being kept",
                {"tenant_id": tenant_id, "calls": calls},
            )
        for giving in decision.giving:
            self._tell_plans(giving, decision)
        for entry in decision.deck_warnings:
            for each in entry.decks:
                self._metrics.versions.deck_warned(each.problem)
                log.warning(
                    "deck %(deck_id)s of account %(tenant_id)s prices nothing: %(problem)s (command %(command_id)s)",
                    {
                        "deck_id": each.deck_id,
                        "tenant_id": entry.tenant_id,
                        "problem": each.problem,
                        "command_id": entry.command_id,
                    },
                )

    def _tell_passed_over(self, decision: Decision) -> None:
        self._metrics.reconciliation.passed_over(decision.source_topic, decision.passed_over)
        log.error(
            "partition %(partition)d: up to %(records)d records of %(topic)s were passed over: no batch read them",
            {
                "partition": decision.partition,
                "records": decision.passed_over,
                "topic": decision.source_topic,
            },
        )

    def _tell_plans(self, entry: Giving, decision: Decision) -> None:
        """Tell which plans somebody was given that pay nothing, and which licences were let go."""
        plans = decision.journal.plans
        unknown = unknown_plans(plans_given(entry), entry.valid_from_ms, plans)
        for plan_id in unknown:
            self._metrics.plan_unknown()
            log.warning(
                "plan %(plan_id)s of account %(tenant_id)s is in no plan catalog (command %(command_id)s)",
                {
                    "plan_id": plan_id,
                    "tenant_id": entry.tenant_id,
                    "command_id": entry.command_id,
                },
            )
        if isinstance(entry, UserSet):
            account = decision.changed.get(entry.tenant_id)
            contract = None if account is None else account.contract
            self._tell_unlicensed(entry, set(unlicensed_plans(entry, contract)).difference(unknown))
        if isinstance(entry, EntitlementsSet) and entry.forgotten:
            self._metrics.entitlements_forgotten(entry.forgotten)
            log.info(
                "entitlements of account %(tenant_id)s: %(forgotten)d let go (command %(command_id)s)",
                {
                    "tenant_id": entry.tenant_id,
                    "forgotten": entry.forgotten,
                    "command_id": entry.command_id,
                },
            )

    def _tell_unlicensed(self, entry: UserSet, plan_ids: set[str]) -> None:
        """Tell which plans a user has where the account has no licence of them."""
        for plan_id in sorted(plan_ids):
            self._metrics.plan_unlicensed()
            log.warning(
                "plan %(plan_id)s of user %(user_id)s: account %(tenant_id)s has no licence of it in "
                "%(usage_country)s (command %(command_id)s)",
                {
                    "plan_id": plan_id,
                    "user_id": entry.user_id,
                    "tenant_id": entry.tenant_id,
                    "usage_country": entry.usage_country,
                    "command_id": entry.command_id,
                },
            )
