"""The process of a charging worker: what must be there first, what runs beside Faust, and the way out."""

import gc
import logging
from dataclasses import dataclass

from aiokafka.errors import KafkaError

from rater.shell.charging import Charging, ChargingSettings
from rater.shell.health import Health, HealthServer, PortInUseError
from rater.shell.hot_path import is_compiled
from rater.shell.metrics import Metrics
from rater.shell.stream.runner import run_worker
from rater.shell.topic_admin import BrokerUnreachableError, connected
from topics import catalog

logger = logging.getLogger(__name__)

GC_THRESHOLD = 200_000
"""Allocations between collections: a batch makes tens of thousands of objects and no cycles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """What the command line gives."""

    broker: str
    metrics_host: str
    metrics_port: int
    window_days: int
    records_per_batch: int
    session_timeout_s: float
    stuck_after_s: float
    recharge_minimum_micros: int


class StartError(Exception):
    """The worker could not start; the message says what to do."""


async def run(settings: WorkerSettings) -> int:
    """Run a charging worker; return its exit code."""
    logger.info("hot path: compiled: %s", str(is_compiled()).lower())
    partitions = await _partitions(settings.broker)
    metrics = Metrics()
    health = Health(metrics)
    try:
        server = HealthServer(health, metrics, settings.metrics_host, settings.metrics_port)
    except PortInUseError as error:
        raise StartError(str(error)) from error
    charging = Charging(
        ChargingSettings(
            broker=settings.broker,
            partitions=partitions,
            records_per_batch=settings.records_per_batch,
            session_timeout_s=settings.session_timeout_s,
            window_days=settings.window_days,
            recharge_minimum_micros=settings.recharge_minimum_micros,
        ),
        metrics,
        health,
    )
    with server:
        await charging.start_parts()
        gc.collect()
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD, 20, 20)
        try:
            return await run_worker(charging.app, stuck_after_s=settings.stuck_after_s)
        finally:
            await charging.stop_parts()


async def _partitions(broker: str) -> int:
    """Return the partition count of the topics keyed by tenant; they must be there, and agree."""
    try:
        async with connected(broker) as admin:
            counts = await admin.partition_counts()
    except (BrokerUnreachableError, KafkaError) as error:
        msg = f"{error} (set --broker or RATER_BROKER)"
        raise StartError(msg) from error
    missing = [topic.name for topic in catalog.CATALOG if topic.name not in counts]
    if missing:
        msg = f"topics missing on {broker}: {', '.join(missing)}; run `rater topics create`"
        raise StartError(msg)
    tenant_topics = [t for t in catalog.CATALOG if t.partitions == catalog.PARTITIONS]
    found = {topic.name: counts[topic.name] for topic in tenant_topics}
    if len(set(found.values())) != 1:
        msg = f"topics keyed by tenant must have equal partition counts, found {found}"
        raise StartError(msg)
    logging.getLogger("aiokafka").setLevel(logging.WARNING)
    return counts[catalog.CDR_RAW.name]
