"""A batch of what recharge hears: bytes in, a `RechargeDecision` out. Pure: nothing is written, no state is changed.

What has been applied of each source topic is part of every recharge (D3), so that a record delivered twice is skipped;
a result that comes twice as two records is recognised by its payment.
"""

from collections.abc import Callable, Sequence
from typing import Any, final

from rater.batch.charging.record import Record
from rater.batch.recharge.decision import RechargeDecision
from rater.batch.recharge.partition_state import RechargesShard
from rater.core.cdr import Source
from rater.core.recharge import agent
from rater.core.recharge.journal import IsHeld, RechargeJournal, nothing_held
from rater.core.recharge.payments import Quarantine
from rater.core.recharge.state import Recharge
from rater.wire.malformed import Malformed, Why
from rater.wire.outputs import encode_dead, output_key
from rater.wire.recharge.balance_events import decode_event
from rater.wire.recharge.commands import decode_recharge_command, decode_recharge_timer
from rater.wire.recharge.outputs import encode_quarantined
from rater.wire.recharge.payment_results import decode_result
from rater.wire.recharge.state import decode_recharge
from rater.wire.unread import last_offset_of, why_dead
from topics import catalog
from topics.fields import TEST_CURRENCY
from topics.partitioner import partition_of
from topics.records import PaymentCommand, PaymentResult, RechargeDue, ResumeRecharge
from topics.records.balance import Event

EVENTS = catalog.BALANCE_EVENTS.name
RESULTS = catalog.PAYMENT_RESULTS.name
COMMANDS = catalog.RECHARGE_COMMANDS.name
TIMERS = catalog.RECHARGE_TIMERS.name
SOURCES = (EVENTS, RESULTS, COMMANDS, TIMERS)
"""In the order of a recharge's applied offsets."""


def decide_recharge(
    shard: RechargesShard,
    topic: str,
    records: Sequence[Record],
    place: tuple[int, int],
    held: IsHeld = nothing_held,
) -> RechargeDecision:
    """Decide a batch of one of the SOURCES; `place` is its partition, and how many the topics have."""
    batch = RechargeBatch(shard, topic, place, held)
    batch.read(records)
    batch.decide()
    return batch.decision


@final
class RechargeBatch:
    """One batch while it is being decided."""

    def __init__(
        self,
        shard: RechargesShard,
        topic: str,
        place: tuple[int, int],
        held: IsHeld = nothing_held,
    ) -> None:
        """`place` is the partition, and how many there are; `held` says of whom payments are, for all of the batch."""
        self.shard = shard
        partition, self.partitions = place
        self.decision = RechargeDecision(topic, partition, held)
        self.working: dict[str, Recharge] = {}
        self.decode, self.take, self.watermark = _SOURCES[topic]
        self._waiting: Sequence[Record] = ()

    def read(self, records: Sequence[Record]) -> int:
        """Take records to be decided, all of them: each is read when its turn comes."""
        self._waiting = [*self._waiting, *records]
        return len(records)

    def decide(self) -> None:
        """Decide what was taken, in order."""
        waiting, self._waiting = self._waiting, ()
        for record in waiting:
            self._decide(record)

    def _decide(self, record: Record) -> None:
        """Read one record and take it to its tenant's recharge, or say why not."""
        decision = self.decision
        decision.records += 1
        decision.at_ms = max(decision.at_ms, record.timestamp)
        source = Source(
            decision.source_topic, decision.partition, record.offset, max(record.timestamp, 0)
        )
        said = self.decode(record.value)
        if isinstance(said, Malformed):
            self._bury(record, source, said)
            return
        if stray := self._stray(said.tenant_id, record.key):
            self._refuse(said, record, source, Quarantine("misrouted", stray))
            return
        self._take(said, record, source)

    def _take(self, said: Any, record: Record, source: Source) -> None:
        decision = self.decision
        recharge = self._recharge(said)
        if recharge is None:
            detail = f"tenant_id: {said.tenant_id} is not known here"
            self._refuse(said, record, source, Quarantine("unknown_command", detail))
            return
        if record.offset <= getattr(recharge, self.watermark):
            decision.outcomes["skipped"] += 1
            return
        payments = decision.journal.payments
        asked = len(payments)
        decision.journal.heard_ms = source.at_ms
        outcome = self.take(recharge, said, source, decision.journal)
        if (
            isinstance(said, Event)
            and said.cause == "charge"
            and said.currency != TEST_CURRENCY  # Canaries have it, and no objective counts them.
        ):
            # The event has the time of the CDR's record; whatever asks later has waited for something else.
            new = (each for each in payments[asked:] if isinstance(each, PaymentCommand))
            decision.asked_ms += [said.at_ms for _ in new]
        setattr(recharge, self.watermark, record.offset)
        decision.changed[recharge.tenant_id] = self.working[recharge.tenant_id] = recharge
        if isinstance(outcome, Quarantine):
            self._refuse(said, record, source, outcome)
        else:
            decision.outcomes[outcome] += 1

    def _refuse(self, said: Any, record: Record, source: Source, why: Quarantine) -> None:
        """Put a result that must not be credited in quarantine; another record that is nobody's is a dead letter."""
        decision = self.decision
        if isinstance(said, PaymentResult):
            decision.outcomes[f"quarantined.{why.reason}"] += 1
            value = encode_quarantined(record.value or b"", source, said, why)
            decision.quarantined.append((output_key(record.key), value))
        else:
            detail = f"{why.reason}: {why.detail}"
            self._bury(record, source, Malformed(Why.UNKNOWN_VALUE, "tenant_id", detail))

    def _bury(self, record: Record, source: Source, why: Malformed) -> None:
        decision, why = self.decision, why_dead(record, why)
        decision.outcomes[f"dead.{why.reason}"] += 1
        letter = encode_dead(record.key, record.value, source, why, last_offset_of(record))
        decision.dead.append((output_key(record.key), letter))

    def _stray(self, tenant_id: str, key: bytes | None) -> str | None:
        tenant = tenant_id.encode()
        right = partition_of(tenant, self.partitions)
        if key == tenant and right == self.decision.partition:
            return None
        shown = None if key is None else key[:64].decode(errors="replace")
        here = self.decision.partition
        return f"key: {shown!r} in partition {here}; {tenant_id} belongs to {right}"

    def _recharge(self, said: Any) -> Recharge | None:
        """Return the working copy of a tenant's recharge; the first event of an account makes it."""
        tenant_id: str = said.tenant_id
        if tenant_id not in self.working:
            value = self.shard.get(tenant_id.encode())
            if value is not None:
                self.working[tenant_id] = decode_recharge(value)
            elif isinstance(said, Event):
                self.working[tenant_id] = Recharge(tenant_id, said.currency)
        return self.working.get(tenant_id)


def _hear(recharge: Recharge, event: Event, _source: Source, journal: RechargeJournal) -> str:
    return agent.hear(recharge, event, journal)


def _take_result(
    recharge: Recharge, result: PaymentResult, source: Source, journal: RechargeJournal
) -> str | Quarantine:
    return agent.take_result(recharge, result, source.at_ms, journal)


def _resume(recharge: Recharge, _: ResumeRecharge, source: Source, journal: RechargeJournal) -> str:
    return agent.resume(recharge, source.at_ms, journal)


def _fall_due(recharge: Recharge, _: RechargeDue, source: Source, journal: RechargeJournal) -> str:
    return agent.fall_due(recharge, source.at_ms, journal)


_Taker = Callable[[Recharge, Any, Source, RechargeJournal], str | Quarantine]

_SOURCES: dict[str, tuple[Callable[[bytes | None], Any], _Taker, str]] = {
    EVENTS: (decode_event, _hear, "events_offset"),
    RESULTS: (decode_result, _take_result, "results_offset"),
    COMMANDS: (decode_recharge_command, _resume, "commands_offset"),
    TIMERS: (decode_recharge_timer, _fall_due, "timers_offset"),
}
