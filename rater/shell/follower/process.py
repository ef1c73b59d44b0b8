"""The process of the follower: what must be there first, what runs beside it, and the way out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from rater.kafka.broker import Broker
from rater.reconcile.follow.checkpoint import CheckpointError, Checkpoints
from rater.reconcile.follow.partition import FOLLOWED
from rater.reconcile.follow.tail import Tail
from rater.reconcile.reading.kafka_log import committed_consumer
from rater.shell.follower.follower import Follower
from rater.shell.follower.metrics import FollowerMetrics
from rater.shell.follower.settings import FollowerSettings
from rater.shell.follower.sweep import Sweeper
from rater.shell.process.health import Health, HealthServer
from rater.shell.process.metrics import Metrics
from rater.shell.process.pulse import pulse
from rater.shell.process.serving import serve
from rater.shell.process.start import StartError, equal_partitions
from topics.catalog import BY_NAME, CHARGING_SETTINGS, RATE_DECKS, RATE_PLANS


async def run(settings: FollowerSettings) -> int:
    """Follow until a signal; return the exit code."""
    shared = (RATE_DECKS, CHARGING_SETTINGS, RATE_PLANS)
    followed = [BY_NAME[name] for name in FOLLOWED]
    partitions = await equal_partitions(settings.broker, followed, shared)
    metrics = FollowerMetrics(Metrics(rooms=()), settings.sweep_every_h * 3_600)
    health = Health(metrics.shared, parts=("tail",))
    try:
        checkpoints = Checkpoints(settings.folder, await _cluster(settings.broker), partitions)
        with HealthServer(health, metrics.shared, settings.metrics_host, settings.metrics_port):
            async with pulse(settings.broker, health, lambda: None), _tail(settings.broker) as tail:
                follower = Follower(settings, tail, checkpoints, partitions, (metrics, health))
                work = {"follower": follower.run()}
                if settings.sweep_every_h:
                    work["sweeper"] = Sweeper(settings, metrics).run()
                return await serve(settings.broker, health, work, follower.save)
    except CheckpointError as error:
        raise StartError(str(error)) from error


async def _cluster(broker: Broker) -> str:
    """Return the id of the cluster."""
    client = broker.admin()
    try:
        await client.start()
        return str((await client.describe_cluster())["cluster_id"])
    finally:
        await client.close()


@asynccontextmanager
async def _tail(broker: Broker) -> AsyncIterator[Tail]:
    consumer: Any = committed_consumer(broker)
    watcher: Any = broker.consumer(isolation_level="read_uncommitted", enable_auto_commit=False)
    try:
        await consumer.start()
        await watcher.start()
        yield Tail(consumer, watcher)
    finally:
        await watcher.stop()
        await consumer.stop()
