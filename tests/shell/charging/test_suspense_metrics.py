"""Suspense metrics: what waits, for how long, and what became of it, under their names; what is not kept is loud."""

import logging
from collections import Counter

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from rater.batch.charging.decision import Decision
from rater.batch.charging.partition_state import Shard
from rater.core.pricing.plans.book import NO_BOOK
from rater.core.pricing.rules import Rules
from rater.shell.charging.decider import ChargingDecider
from rater.shell.charging.metrics import ChargingMetrics
from rater.shell.charging.suspense_metrics import SuspenseMetrics
from rater.shell.process.metrics import Metrics
from tests.build import RULES


class _Nobody:
    async def read(self, _partition: int, _offsets: object) -> dict[int, bytes]:
        return {}

    async def look(self, _partition: int, _offsets: object) -> dict[int, bytes]:
        return {}


def shown(registry: CollectorRegistry) -> list[str]:
    return generate_latest(registry).decode().splitlines()


def test_what_waits_is_shown() -> None:
    registry = CollectorRegistry()
    metrics = SuspenseMetrics(registry)
    metrics.set_open(3, 1_200, {"no_rate": 86_400})

    lines = shown(registry)
    assert "rater_open_suspense_calls 3.0" in lines
    assert "rater_open_suspense_bytes 1200.0" in lines
    assert 'rater_open_suspense_age_seconds{reason="no_rate"} 86400.0' in lines
    assert 'rater_open_suspense_age_seconds{reason="denied"} 0.0' in lines
    assert "rater_open_suspense_not_kept_total 0.0" in lines


def decider_of(registry: CollectorRegistry) -> ChargingDecider:
    """Return a decider whose batches are told of on a registry."""
    counted = Metrics(registry), SuspenseMetrics(registry), ChargingMetrics(registry)
    shard, rules = Shard.empty(0), RULES

    def of(_partition: int) -> Shard:
        return shard

    def known() -> Rules:
        return rules

    return ChargingDecider(of, known, counted, 1, _Nobody())


def test_a_committed_batch_says_what_it_freed_and_what_it_could_not_keep(
    caplog: pytest.LogCaptureFixture,
) -> None:
    registry = CollectorRegistry()
    decider = decider_of(registry)
    decision = Decision("cdr.raw.v1", 0, 0, NO_BOOK)
    decision.freed = Counter(no_rate=2, denied=1)
    decision.beyond = Counter(acme=4)
    with caplog.at_level(logging.ERROR):
        decider.report(decision)

    lines = shown(registry)
    assert 'rater_calls_freed_total{reason="no_rate"} 2.0' in lines
    assert 'rater_calls_freed_total{reason="denied"} 1.0' in lines
    assert "rater_open_suspense_not_kept_total 4.0" in lines
    assert "open suspense of account acme is full: 4 calls wait without being kept" in caplog.text
