"""The process of the watch: what must be there first, what runs beside it, and the way out; and one look alone."""

import asyncio
import logging
from typing import Any

from rater.kafka.broker import Broker
from rater.shell.process.exit_code import ExitCode
from rater.shell.process.health import Health, HealthServer
from rater.shell.process.metrics import Metrics
from rater.shell.process.pulse import pulse
from rater.shell.process.refused import log_failed
from rater.shell.process.signals import stopping_event
from rater.shell.process.start import equal_partitions
from rater.shell.watch.metrics import WatchMetrics
from rater.shell.watch.observer import TAKEN, Look, Observer
from rater.shell.watch.settings import WatchSettings
from rater.shell.watch.watcher import LOOK_S, Watcher

log = logging.getLogger(__name__)


async def run(settings: WatchSettings) -> int:
    """Run the watch until a signal; return its exit code."""
    partitions = await equal_partitions(settings.broker, TAKEN)
    metrics = WatchMetrics(Metrics(rooms=()), exporter_names=settings.exporter_names)
    health = Health(metrics.shared, parts=("groups",))
    with HealthServer(health, metrics.shared, settings.metrics_host, settings.metrics_port):
        watcher = Watcher(settings, partitions, metrics, health)
        try:
            async with pulse(settings.broker, health, metrics.forget):
                return await _serve(settings, watcher, health)
        finally:
            await watcher.stop()


async def look_once(broker: Broker) -> Look:
    """Look at all groups once; StartError, NotReachedError, NotAllowedError, KafkaError, TimeoutError."""
    partitions = await equal_partitions(broker, TAKEN)
    async with asyncio.timeout(LOOK_S), Observer(broker, partitions) as observer:
        return await observer.look()


async def _serve(settings: WatchSettings, watcher: Watcher, health: Health) -> int:
    tasks: list[asyncio.Task[Any]] = [
        asyncio.create_task(stopping_event().wait(), name="stopping"),
        asyncio.create_task(watcher.run(), name="watcher"),
    ]
    health.set_state("serving")
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
    except Exception as error:  # noqa: BLE001 (The supervisor starts it anew.)
        log_failed(error, settings.broker)
        return ExitCode.FAILED
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    log.info("stopped")
    return ExitCode.STOPPED
