"""Loops that are late, and collections that stop everything: counted by whom they concern."""

import asyncio
import gc
import time

from prometheus_client import CollectorRegistry, generate_latest

from rater.shell.process import pulse as pulses
from rater.shell.process.health import Health, HealthServer
from rater.shell.process.metrics import ROOMS, Metrics
from rater.shell.process.runtime_metrics import CollectionMetrics


def collections(registry: CollectorRegistry, generation: int = 2) -> float | None:
    name, labels = "rater_gc_pause_seconds_count", {"generation": str(generation)}
    return registry.get_sample_value(name, labels)


def test_collections_are_counted_by_generation_while_they_are_watched() -> None:
    registry = CollectorRegistry()
    watched = CollectionMetrics(registry)
    gc.collect()
    before = collections(registry)
    watched.watch()
    gc.collect()
    gc.collect(0)
    watched.leave()
    gc.collect()

    labels = {"generation": "2"}
    assert before == 0
    assert collections(registry) == 1
    assert (collections(registry, 0) or 0) >= 1
    assert (registry.get_sample_value("rater_gc_pause_seconds_sum", labels) or 0) > 0
    assert registry.get_sample_value("rater_gc_pause_seconds_bucket", {**labels, "le": "+Inf"}) == 1


def test_a_process_counts_them_as_long_as_it_is_served() -> None:
    metrics = Metrics(rooms=())
    watchers = len(gc.callbacks)
    with HealthServer(Health(metrics, ()), metrics, "127.0.0.1", 0):
        gc.collect()
        watched = len(gc.callbacks)

    assert (watched, len(gc.callbacks)) == (watchers + 1, watchers)
    assert collections(metrics.registry) == 1


async def test_a_loop_that_was_held_up_says_by_how_much() -> None:
    metrics = Metrics(rooms=())
    health = Health(metrics, ())
    task = asyncio.create_task(pulses._tick_forever(health, lambda: None))
    await asyncio.sleep(0.1)
    time.sleep(1.2)  # noqa: ASYNC251  # That is what is looked for.
    await asyncio.sleep(0.05)
    task.cancel()

    late = metrics.registry.get_sample_value("rater_event_loop_lag_seconds_sum", {"loop": "main"})
    assert late is not None
    assert 0.1 < late < 1.2


def test_the_loop_of_the_consumer_is_one_of_workers_alone() -> None:
    service, worker = Metrics(rooms=()), Metrics(rooms=ROOMS)

    assert b'{le="0.001",loop="main"}' in generate_latest(service.registry)
    assert b'loop="consumer"' not in generate_latest(service.registry)
    assert b'{le="0.001",loop="consumer"}' in generate_latest(worker.registry)
