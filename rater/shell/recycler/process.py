"""The process of the recycler: what must be there first, what runs beside it, and the way out."""

from rater.shell.process.health import Health, HealthServer
from rater.shell.process.metrics import Metrics
from rater.shell.process.pulse import pulse
from rater.shell.process.serving import serve
from rater.shell.process.start import equal_partitions
from rater.shell.recycler.metrics import RecyclerMetrics
from rater.shell.recycler.published import Published
from rater.shell.recycler.recycler import Recycler
from rater.shell.recycler.settings import RecyclerSettings
from topics.catalog import (
    ACCOUNT_TIMERS,
    ACCOUNTS_CHANGELOG,
    CHARGING_SETTINGS,
    RATE_DECKS,
    RATE_PLANS,
    SUSPENSE_CHANGELOG,
    USERS_CHANGELOG,
)

_KEYED = (ACCOUNT_TIMERS, SUSPENSE_CHANGELOG, ACCOUNTS_CHANGELOG, USERS_CHANGELOG)
_SHARED = (RATE_DECKS, RATE_PLANS, CHARGING_SETTINGS)


async def run(settings: RecyclerSettings) -> int:
    """Run the recycler until a signal; return its exit code."""
    partitions = await equal_partitions(settings.broker, _KEYED, _SHARED)
    metrics = RecyclerMetrics(Metrics(rooms=()))
    health = Health(metrics.shared, parts=("looks",))
    with HealthServer(health, metrics.shared, settings.metrics_host, settings.metrics_port):
        recycler = Recycler(settings, partitions, Published(), (metrics, health))
        async with pulse(settings.broker, health, lambda: None):
            return await serve(settings.broker, health, {"recycler": recycler.run()})
