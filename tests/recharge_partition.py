"""A partition of a recharge worker in memory: takes records in batches, keeps all that comes of them.

`History` makes one by chance: several tenants, a gateway that answers as it likes, a timer, administrators, and bytes
that are none of these. It is made record by record; how it is cut into batches is for the test to choose.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from rater.batch.recharge.batch import (
    COMMANDS,
    EVENTS,
    RESULTS,
    TIMERS,
    decide_recharge,
)
from rater.batch.recharge.decision import RechargeDecision
from rater.batch.recharge.partition_state import RechargesShard
from rater.core.recharge.journal import IsHeld, nothing_held
from rater.core.recharge.state import Recharge
from rater.wire.recharge.commands import due_command
from rater.wire.recharge.state import decode_recharge
from tests.build import Stored
from tests.units import DAY, HOUR, MINUTE, NOW, UNIT
from topics import catalog

Batch = tuple[str, list[Stored]]
PAYMENTS, CREDITS = catalog.PAYMENT_COMMANDS.name, catalog.ACCOUNT_COMMANDS.name
NOTICES = catalog.NOTIFICATIONS.name
QUARANTINE, DEAD = catalog.PAYMENT_QUARANTINE.name, catalog.RECHARGE_DEAD.name
MONEY = (PAYMENTS, CREDITS, NOTICES)


class RechargePartition:
    """One partition; without a number of partitions it is the only one."""

    def __init__(self, partition: int = 0, partitions: int = 1) -> None:
        self.partition = partition
        self.partitions = partitions
        self.held: IsHeld = nothing_held
        self.shard = RechargesShard()
        self.outputs: dict[str, list[bytes]] = defaultdict(list)
        self.keys: list[tuple[str, bytes | None]] = []
        self.outcomes: Counter[str] = Counter()
        self.changelog: list[tuple[bytes | None, bytes | None]] = []
        self.log: list[tuple[str, Stored]] = []
        self._ends: Counter[str] = Counter()

    def send(
        self, topic: str, key: bytes | None, value: bytes | None, at_ms: int = NOW
    ) -> RechargeDecision:
        """Take a record as a batch of its own."""
        record = Stored(self._ends[topic], at_ms, key, value)
        self._ends[topic] += 1
        self.log.append((topic, record))
        return self.take(topic, [record])

    def tell(self, topic: str, said: dict[str, Any], at_ms: int = NOW) -> RechargeDecision:
        """Take a record of its tenant's key."""
        return self.send(topic, said["tenant_id"].encode(), json.dumps(said).encode(), at_ms)

    def take(self, topic: str, records: Sequence[Stored]) -> RechargeDecision:
        """Take records, with the offsets that they have, as one batch."""
        decision = decide_recharge(
            self.shard, topic, records, (self.partition, self.partitions), self.held
        )
        for name, written in decision.outputs():
            self.outputs[name] += [value or b"" for _, value in written]
            self.keys += [(name, key) for key, _ in written]
        self.outcomes += decision.outcomes
        changed = decision.recharges()
        self.changelog += list(changed.items())
        self.shard.apply(decision)
        return decision

    def restart(self) -> None:
        """Forget what is in memory, and read it back from the changelog."""
        self.shard = RechargesShard()
        self.shard.load(self.changelog)

    def read(self, topic: str) -> list[dict[str, Any]]:
        """Return what was written to a topic."""
        return [json.loads(value) for value in self.outputs[topic]]

    def recharge(self, tenant_id: str = "acme") -> Recharge:
        """Return a tenant's recharge."""
        value = self.shard.get(tenant_id.encode())
        assert value is not None, tenant_id
        return decode_recharge(value)

    def state(self) -> dict[bytes, bytes]:
        """Return all recharges, as bytes."""
        return dict(self.shard.items())

    def cross(self, tenant_id: str = "acme", at_ms: int = NOW) -> dict[str, Any]:
        """Set a tenant up just below its trigger; return its payment command."""
        self.tell(EVENTS, methods_event(tenant_id, "pm_1", at_ms=at_ms))
        self.tell(EVENTS, settings_event(tenant_id, at_ms=at_ms))
        return self.read(PAYMENTS)[-1]


def event(tenant_id: str, kind: str, /, **fields: Any) -> dict[str, Any]:
    """Return a balance event, of a balance just below the trigger."""
    return {
        "kind": kind,
        "event_id": f"{tenant_id}/{fields.get('seq', 1)}/{kind}",
        "tenant_id": tenant_id,
        "seq": 1,
        "at_ms": NOW,
        "currency": "USD",
        "balance_micros": 99_900_000,
        "cause": "settings",
        "cause_id": "cmd-1",
        "hours_remaining": None,
        **fields,
    }


def methods_event(tenant_id: str, *references: str, **fields: Any) -> dict[str, Any]:
    """Return the event of new payment methods."""
    methods = [{"reference": each, "label": f"Card {each}"} for each in references]
    return event(tenant_id, "payment_methods_changed", methods=methods, **fields)


def settings_event(tenant_id: str, **fields: Any) -> dict[str, Any]:
    """Return the event of auto-recharge that is on: 200 below 100."""
    terms = {
        "enabled": True,
        "mode": "fixed",
        "trigger_micros": 100 * UNIT,
        "amount_micros": 200 * UNIT,
    }
    return event(tenant_id, "auto_recharge_changed", **{**terms, **fields})


def result(command: dict[str, Any], outcome: str = "succeeded", /, **fields: Any) -> dict[str, Any]:
    """Return a result of a payment command."""
    told = {
        "outcome": outcome,
        "command_id": command["command_id"],
        "tenant_id": command["tenant_id"],
        "at_ms": NOW,
        "provider": "test",
        "mode": "test",
    }
    if outcome == "succeeded":
        told |= {
            "payment_id": f"pay/{command['command_id']}",
            "amount_micros": command["amount_micros"],
            "currency": command["currency"],
            "livemode": False,
        }
    if outcome == "declined":
        told |= {"decline_class": "hard", "code": "expired_card"}
    return told | fields


@dataclass
class History:
    """A partition to which much happens, as one batch a record; `log` is what has happened."""

    chance: Random
    partition: RechargePartition = field(default_factory=RechargePartition)
    now: int = NOW
    seq: int = 0
    tenants: tuple[str, ...] = ("acme", "globex", "initech")

    def run(self, bursts: int) -> RechargePartition:
        """Let so many bursts happen, each of one topic; return the partition."""
        for tenant in self.tenants:
            self.partition.tell(EVENTS, methods_event(tenant, "pm_1", "pm_2"), self.now)
            self.partition.tell(EVENTS, settings_event(tenant), self.now)
        for _ in range(bursts):
            self.now += self.chance.choice((0, 1, MINUTE, 20 * MINUTE, 2 * HOUR, DAY))
            burst = self.chance.choice(
                (self._events, self._events, self._results, self._results, self._timer, self._noise)
            )
            for _ in range(self.chance.randint(1, 6)):
                burst()
        return self.partition

    def _events(self) -> None:
        tenant, self.seq = self.chance.choice(self.tenants), self.seq + 1
        told = {"seq": self.seq, "at_ms": self.now}
        told["balance_micros"] = self.chance.choice((-500, -1, 40, 99, 100, 150, 400)) * UNIT
        arrived = [c for c in self.partition.read(CREDITS) if c["tenant_id"] == tenant]
        made = [
            event(tenant, "threshold_crossed", threshold_id="low", threshold_micros=UNIT, **told),
            event(tenant, "balance_exhausted", **told),
            settings_event(tenant, **told, count_cap=self.chance.choice((None, 1, 3))),
            settings_event(tenant, **told, enabled=self.chance.random() < 0.5),
            methods_event(tenant, *self.chance.sample(("pm_1", "pm_2", "pm_3"), 2), **told),
        ]
        if arrived:
            credit = self.chance.choice(arrived[-2:])
            lot = {"lot_id": credit["lot_id"], "amount_micros": credit["amount_micros"]}
            made += [event(tenant, "funds_credited", **lot, **told)] * 4
        self.partition.tell(EVENTS, self.chance.choice(made), self.now)

    def _results(self) -> None:
        commands = self.partition.read(PAYMENTS)
        if not commands:
            return
        command = self.chance.choice((commands[-1], commands[-1], self.chance.choice(commands)))
        soft = {"decline_class": "soft", "code": "insufficient_funds"}
        told = self.chance.choice(
            (
                *(result(command), result(command), result(command, "unknown")),
                *(result(command, "declined"), result(command, "declined", **soft)),
                *(result(command, amount_micros=1), result(command, payment_id="pay-x")),
                result(command, command_id="acme/recharge/9/9/9"),
            )
        )
        self.partition.tell(RESULTS, {**told, "at_ms": self.now}, self.now)

    def _timer(self) -> None:
        due = self.partition.shard.due(self.now) or [(self.tenants[0].encode(), self.now)]
        for key, due_ms in due:
            self.partition.send(TIMERS, key, due_command(key.decode(), due_ms), self.now)

    def _noise(self) -> None:
        topic = self.chance.choice((EVENTS, RESULTS, COMMANDS))
        resume = {"type": "resume_recharge", "command_id": "r", "tenant_id": self.tenants[1]}
        value = self.chance.choice((None, b"", b"{", b"[]", b"\xff", json.dumps(resume).encode()))
        self.partition.send(topic, self.tenants[1].encode(), value, self.now)


def cut(log: Sequence[tuple[str, Stored]], most: int) -> Iterator[Batch]:
    """Cut a log into batches of at most so many records, each of one topic."""
    topic, records = "", list[Stored]()
    for name, record in log:
        if records and (name != topic or len(records) == most):
            yield topic, records
            records = []
        topic = name
        records.append(record)
    if records:
        yield topic, records
