"""The process of a gatekeeper: what must be there first, what runs beside it, and the way out."""

import asyncio
import gc
import logging

from rater.core.authorisation.holds import Holds
from rater.shell.gatekeeper.desk import Desk
from rater.shell.gatekeeper.metrics import GatekeeperMetrics
from rater.shell.gatekeeper.port import listening
from rater.shell.gatekeeper.settings import GatekeeperSettings
from rater.shell.gatekeeper.view import View
from rater.shell.process.clock import now_ms
from rater.shell.process.health import Health, HealthServer
from rater.shell.process.metrics import Metrics
from rater.shell.process.pulse import pulse
from rater.shell.process.serving import serve
from rater.shell.process.start import equal_partitions
from topics.catalog import ACCOUNT_STATUS, CHARGING_SETTINGS, RATE_DECKS, RATE_PLANS, USER_STATUS

PARTS_KEYED = (ACCOUNT_STATUS, USER_STATUS)
PARTS_SHARED = (RATE_DECKS, RATE_PLANS, CHARGING_SETTINGS)
"""What is read: the topics keyed by tenant, and those of versions."""
REPORT_EVERY_S = 1.0

log = logging.getLogger(__name__)


async def run(settings: GatekeeperSettings) -> int:
    """Run a gatekeeper until a signal; return its exit code."""
    partitions = await equal_partitions(settings.broker, PARTS_KEYED, PARTS_SHARED)
    metrics = GatekeeperMetrics(Metrics(rooms=()))
    health = Health(metrics.shared, parts=("view",))
    with HealthServer(health, metrics.shared, settings.metrics_host, settings.metrics_port):
        holds = Holds(settings.holds)
        view = View(settings.broker, metrics)
        desk = Desk(settings.stale_after_ms, settings.longest_s, view, holds, metrics)
        runner, url = await listening(desk, settings.host, settings.port)
        log.info("questions on %(url)s/v1/authorise", {"url": url})
        try:
            await view.start(partitions)
            async with pulse(settings.broker, health, lambda: None):
                report = _report_forever(settings, view, holds, (metrics, health))
                work = {"view": view.run(), "report": report}
                return await serve(settings.broker, health, work)
        finally:
            await runner.cleanup()
            await view.stop()


async def _report_forever(
    settings: GatekeeperSettings, view: View, holds: Holds,
    reporting: tuple[GatekeeperMetrics, Health],
) -> None:  # fmt: skip
    """Sweep the holds, and say how old the view is."""
    metrics, health = reporting
    is_frozen = False
    while True:
        holds.sweep(now_ms())
        age_ms = view.age_ms()
        is_fresh = age_ms is not None and age_ms <= settings.stale_after_ms
        told = "not yet" if age_ms is None else f"{age_ms / 1_000:.1f} s old"
        health.set_ready("view", ready=is_fresh, detail=told)
        if age_ms is not None:
            metrics.set_view(age_ms, len(view.standings), len(holds))
            if not is_frozen:
                # Decks and statuses stay: a collection that walks over them would hold up answers.
                gc.collect()
                gc.freeze()
                is_frozen = True
        await asyncio.sleep(REPORT_EVERY_S)
