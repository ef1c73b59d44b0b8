"""The process of the watch: what must be there first, what runs beside it, and the way out; and one look alone."""

import asyncio
import logging

from rater.kafka.broker import Broker
from rater.shell.dead_letters.reader import TOPICS
from rater.shell.process.exit_code import ExitCode
from rater.shell.process.health import Health, HealthServer
from rater.shell.process.metrics import Metrics
from rater.shell.process.pulse import pulse
from rater.shell.process.refused import log_failed
from rater.shell.process.signals import work_until_stopped
from rater.shell.process.start import equal_partitions
from rater.shell.watch.letter_metrics import LetterMetrics
from rater.shell.watch.letter_watcher import LetterWatcher
from rater.shell.watch.metrics import WatchMetrics
from rater.shell.watch.observer import TAKEN, Look, Observer
from rater.shell.watch.settings import WatchSettings
from rater.shell.watch.watcher import LOOK_S, Watcher

log = logging.getLogger(__name__)


async def run(settings: WatchSettings) -> int:
    """Run the watch until a signal; return its exit code."""
    partitions = await equal_partitions(settings.broker, (*TAKEN, *TOPICS))
    metrics = WatchMetrics(Metrics(rooms=()), exporter_names=settings.exporter_names)
    health = Health(metrics.shared, parts=("groups",))
    with HealthServer(health, metrics.shared, settings.metrics_host, settings.metrics_port):
        watcher = Watcher(settings, partitions, metrics, health)
        letters = LetterWatcher(settings, partitions, LetterMetrics(metrics.shared))
        try:
            async with pulse(settings.broker, health, metrics.forget):
                return await _serve(settings, (watcher, letters), health)
        finally:
            await watcher.stop()


async def look_once(broker: Broker) -> Look:
    """Look at all groups once; StartError, NotReachedError, NotAllowedError, KafkaError, TimeoutError."""
    partitions = await equal_partitions(broker, TAKEN)
    async with asyncio.timeout(LOOK_S), Observer(broker, partitions) as observer:
        return await observer.look()


async def _serve(
    settings: WatchSettings, watchers: tuple[Watcher, LetterWatcher], health: Health
) -> int:
    watcher, letters = watchers
    health.set_state("serving")
    try:
        await work_until_stopped(watcher=watcher.run(), letters=letters.run())
    except Exception as error:  # noqa: BLE001 (The supervisor starts it anew.)
        log_failed(error, settings.broker)
        return ExitCode.FAILED
    log.info("stopped")
    return ExitCode.STOPPED
