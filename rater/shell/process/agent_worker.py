"""The process of a worker: what must be there first, what runs beside Faust, and the way out."""

import gc
import logging
from collections.abc import Callable, Collection, Iterable

from rater.shell.process.agent_app import AgentApp
from rater.shell.process.clock import warn_if_ahead
from rater.shell.process.health import Health, HealthServer
from rater.shell.process.hot_path import is_compiled
from rater.shell.process.metrics import Metrics, Room
from rater.shell.process.runner import run_worker
from rater.shell.process.settings.worker import WorkerSettings
from rater.shell.process.start import equal_partitions
from topics import catalog
from topics.access import topics_of
from topics.roles import Role

log = logging.getLogger(__name__)

GC_THRESHOLD = 200_000
"""Allocations between collections: a batch makes tens of thousands of objects and no cycles."""


Make = Callable[[int, Metrics, Health], AgentApp]
"""Makes the app, given the partition count of the topics."""


async def serve(
    settings: WorkerSettings, role: Role, make: Make, parts: Iterable[str], rooms: Collection[Room]
) -> int:
    """Run a worker of a role until it is told to stop; return its exit code.

    `parts` must be there before it is ready. Of topics that are not its role's a broker may tell it nothing.
    """
    log.info("hot path: compiled: %(compiled)s", {"compiled": str(is_compiled()).lower()})
    warn_if_ahead()
    keyed = [t for t in topics_of(role) if t.partitions == catalog.PARTITIONS]
    others = [t for t in topics_of(role) if t not in keyed]
    partitions = await equal_partitions(settings.broker, keyed, others)
    metrics = Metrics(rooms=rooms)
    health = Health(metrics, parts)
    server = HealthServer(health, metrics, settings.metrics_host, settings.metrics_port)
    agent = make(partitions, metrics, health)
    with server:
        await agent.start_parts()
        gc.collect()
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD, 20, 20)
        try:
            return await run_worker(
                agent.app, stuck_after_s=settings.stuck_after_s, is_held=agent.is_held
            )
        finally:
            await agent.stop_parts()
