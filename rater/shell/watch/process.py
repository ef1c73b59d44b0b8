"""The process of the watch: what must be there first, what runs beside it, and the way out; and one look alone."""

import asyncio

from rater.kafka.broker import Broker
from rater.shell.dead_letters.reader import TOPICS
from rater.shell.process.health import Health, HealthServer
from rater.shell.process.metrics import Metrics
from rater.shell.process.pulse import pulse
from rater.shell.process.serving import serve
from rater.shell.process.start import equal_partitions
from rater.shell.watch.letter_metrics import LetterMetrics
from rater.shell.watch.letter_watcher import LetterWatcher
from rater.shell.watch.metrics import WatchMetrics
from rater.shell.watch.observer import TAKEN, Look, Observer
from rater.shell.watch.settings import WatchSettings
from rater.shell.watch.watcher import LOOK_S, Watcher


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
                work = {"watcher": watcher.run(), "letters": letters.run()}
                return await serve(settings.broker, health, work)
        finally:
            await watcher.stop()


async def look_once(broker: Broker) -> Look:
    """Look at all groups once; StartError, NotReachedError, NotAllowedError, KafkaError, TimeoutError."""
    partitions = await equal_partitions(broker, TAKEN)
    async with asyncio.timeout(LOOK_S), Observer(broker, partitions) as observer:
        return await observer.look()
