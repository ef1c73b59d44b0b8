"""The step of recharge: in which order it writes, commits and remembers, and what it does when an invariant breaks.

That it survives being killed at each of these places is for the tests on Kafka.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry

from rater.batch.recharge.batch import EVENTS, RESULTS, RechargeBatch
from rater.batch.recharge.partition_state import RechargesShard
from rater.core.recharge.machine import State
from rater.shell import step
from rater.shell.admin.validation import RecordCheck
from rater.shell.process.failpoints import RECHARGE_FAILPOINTS
from rater.shell.process.health import Health
from rater.shell.process.metrics import Metrics
from rater.shell.recharge import decider
from rater.shell.recharge.decider import RechargeDecider
from rater.shell.recharge.metrics import RechargeMetrics
from rater.shell.step import Stepper
from rater.shell.stream.batches import RecordBatch
from rater.wire.settings.currencies import shipped_book
from tests.recharge_partition import (
    CREDITS,
    DEAD,
    NOTICES,
    PAYMENTS,
    QUARANTINE,
    event,
    methods_event,
    result,
    settings_event,
)
from tests.units import NOW
from topics.catalog import RECHARGE_BATCHES, RECHARGES_CHANGELOG


class Transactions:
    """Transactions that write down what is asked of them; `broken` fails the commit."""

    def __init__(self, shard: RechargesShard) -> None:
        self.shard = shard
        self.sent: list[tuple[str, int, list[tuple[bytes | None, bytes]]]] = []
        self.committed: list[int | None] = []
        self.known_at_commit: list[int] = []
        self.halted: dict[int, str] = {}
        self.broken = False

    @asynccontextmanager
    async def step(self, _: Any) -> AsyncIterator["Transactions"]:
        yield self

    def enlist(self, next_offset: int, topics: Any) -> None:
        pass

    def write(self, topic: str, partition: int, records: Any) -> None:
        self.sent.append((topic, partition, records))

    async def commit(self, next_offset: int | None = None) -> None:
        self.known_at_commit.append(len(self.shard))
        if self.broken:
            raise ConnectionError
        self.committed.append(next_offset)

    def halt(self, partition: int, reason: str) -> None:
        self.halted[partition] = reason

    def written(self, topic: str) -> list[dict[str, Any]]:
        found = [records for name, _, records in self.sent if name == topic]
        return [json.loads(value) for records in found for _, value in records]


class Bench:
    """A stepper with all that it needs."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.book = shipped_book()
        self.shard = RechargesShard()
        self.transactions = Transactions(self.shard)
        metrics = Metrics(self.registry)
        rules = RechargeDecider(
            lambda _: self.shard, lambda: self.book, RechargeMetrics(self.registry), 1
        )
        self.stepper = Stepper(lambda: self.transactions, rules, metrics, Health(metrics))
        self.ends = dict.fromkeys((EVENTS, RESULTS), 0)

    async def take(self, topic: str, *said: dict[str, Any] | bytes) -> None:
        first = self.ends[topic]
        records = [
            SimpleNamespace(
                offset=first + number,
                timestamp=NOW,
                key=b"acme",
                value=each if isinstance(each, bytes) else json.dumps(each).encode(),
            )
            for number, each in enumerate(said)
        ]
        self.ends[topic] += len(records)
        tp = SimpleNamespace(topic=topic, partition=0)
        batch = RecordBatch(cast("Any", tp), cast("Any", records), first, self.ends[topic])
        await self.stepper.take(batch)

    async def cross(self) -> dict[str, Any]:
        await self.take(EVENTS, methods_event("acme", "pm_1"), settings_event("acme"))
        return self.transactions.written(PAYMENTS)[-1]

    def sample(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)


async def test_a_batch_is_written_with_state_and_manifest_and_only_then_remembered() -> None:
    bench = Bench()
    await bench.cross()
    topics = [topic for topic, _, _ in bench.transactions.sent]
    (manifest,) = bench.transactions.written(RECHARGE_BATCHES.name)

    assert [PAYMENTS, RECHARGES_CHANGELOG.name, RECHARGE_BATCHES.name] == topics
    assert ([2], [0], 1) == (
        bench.transactions.committed,
        bench.transactions.known_at_commit,
        len(bench.shard),
    )
    assert [] == RecordCheck(RECHARGE_BATCHES).problems(manifest)
    assert (0, 2, {"heard": 2}) == tuple(
        manifest[name] for name in ("first_offset", "next_offset", "outcomes")
    )


async def test_what_could_not_be_committed_is_not_remembered() -> None:
    bench = Bench()
    await bench.cross()
    before = dict(bench.shard.items())
    bench.transactions.broken = True
    command = bench.transactions.written(PAYMENTS)[0]
    with pytest.raises(ConnectionError):
        await bench.take(RESULTS, result(command))

    assert before == dict(bench.shard.items())
    assert bench.sample("rater_recharge_credits_total") == 0


async def test_a_broken_invariant_halts_the_partition_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench()
    await bench.cross()
    sent = len(bench.transactions.sent)

    def broken(*_: Any) -> None:
        raise AssertionError("two commands in flight")

    monkeypatch.setattr(RechargeBatch, "decide", broken)
    await bench.take(RESULTS, b"{}")

    assert {0: "two commands in flight"} == bench.transactions.halted
    assert (sent, [2]) == (len(bench.transactions.sent), bench.transactions.committed)
    assert bench.sample("rater_invariant_violations_total", invariant="engine") == 1


async def test_every_failpoint_of_recharge_is_passed_once_in_a_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passed: list[str] = []
    monkeypatch.setattr(step, "failpoint", passed.append)
    await Bench().cross()

    assert list(RECHARGE_FAILPOINTS) == passed


async def test_what_was_decided_is_counted_after_the_commit() -> None:
    bench = Bench()
    command = await bench.cross()
    await bench.take(RESULTS, result(command, amount_micros=1), result(command), b"{")

    assert [1, 1, 1, 1] == [
        len(bench.transactions.written(topic)) for topic in (CREDITS, NOTICES, QUARANTINE, DEAD)
    ]
    assert [1, 1, 1, 1] == [
        bench.sample("rater_recharge_payments_total"),
        bench.sample("rater_recharge_credits_total"),
        bench.sample("rater_recharge_notices_total", kind="recharge_paused"),
        bench.sample("rater_recharge_quarantined_total", reason="amount_mismatch"),
    ]


def test_there_is_a_gauge_of_every_state_from_the_start() -> None:
    bench = Bench()

    assert [0.0] * len(State) == [
        bench.sample("rater_recharge_tenants", state=state.value) for state in State
    ]


async def test_what_does_not_go_on_by_itself_is_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench()
    command = await bench.cross()
    await bench.take(RESULTS, result(command, amount_micros=1))

    assert [
        ("ERROR", "partition 0: 1 payment results are in quarantine"),
        ("WARNING", "partition 0: recharge_paused: 1"),
    ] == [(record.levelname, record.getMessage()) for record in caplog.records]


async def test_a_payment_that_a_charge_made_necessary_tells_how_old_the_cdr_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decider, "now_ms", lambda: NOW + 700)
    bench = Bench()
    await bench.cross()
    by_hand = bench.sample("rater_cdr_to_payment_command_seconds_count")
    crossing = {"threshold_id": "auto_recharge", "threshold_micros": 10**8, "cause": "charge"}
    other = Bench()
    await other.take(EVENTS, methods_event("acme", "pm_1"))
    settings = settings_event("acme", balance_micros=10**9)
    await other.take(EVENTS, settings, event("acme", "threshold_crossed", **crossing))

    assert by_hand == 0
    assert len(other.transactions.written(PAYMENTS)) == 1
    assert other.sample("rater_cdr_to_payment_command_seconds_count") == 1
    assert other.sample("rater_cdr_to_payment_command_seconds_sum") == 0.7


def test_what_has_not_happened_is_0_and_not_absent() -> None:
    bench = Bench()

    assert 0 == bench.sample("rater_recharge_held_total", reason="money_cap")
    assert 0 == bench.sample("rater_recharge_quarantined_total", reason="mode_mismatch")
    assert 0 == bench.sample("rater_recharge_notices_total", kind="balance_low")
    assert 0 == bench.sample("rater_recharge_reversals_total", outcome="reversed")


def test_for_how_long_money_is_under_way() -> None:
    registry = CollectorRegistry()
    metrics = RechargeMetrics(registry)

    def ages() -> list[float | None]:
        names = ("in_flight", "in_flight_age_seconds", "uncredited_age_seconds")
        return [registry.get_sample_value(f"rater_recharge_{name}") for name in names]

    metrics.set_under_way([(NOW, None), (NOW - 2_000, NOW - 500), (None, None)], 2, NOW)
    some = ages()
    metrics.set_under_way([(None, None)], 0, NOW)

    assert some == [2, 2.0, 0.5]
    assert ages() == [0, 0, 0]
