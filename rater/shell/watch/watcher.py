"""Watcher: looks at the groups again and again, shows what it has seen, and shows nothing that is old."""

import asyncio
import logging
from contextlib import suppress
from time import monotonic

from aiokafka.errors import KafkaError

from rater.kafka.rights import NotAllowedError
from rater.shell.process.clock import now_ms
from rater.shell.process.health import Health
from rater.shell.process.signals import rest
from rater.shell.watch.metrics import WatchMetrics
from rater.shell.watch.observer import Observer
from rater.shell.watch.settings import WatchSettings

LOOK_S = 20.0
"""For a look, connecting to the broker included."""
STOP_S = 2.0

log = logging.getLogger(__name__)


class Watcher:
    """One that looks; `run` it, and `stop` it."""

    def __init__(
        self, settings: WatchSettings, partitions: int, metrics: WatchMetrics, health: Health
    ) -> None:
        """Connect to nothing yet."""
        self._settings = settings
        self._partitions = partitions
        self._metrics = metrics
        self._health = health
        self._observer: Observer | None = None
        self._seen_at: float | None = None
        self._is_blind = True

    async def run(self) -> None:
        """Look until cancelled; NotAllowedError where a right is missing: to wait does not help."""
        while True:
            begun = monotonic()
            await self._try_to_look()
            self._tell_age()
            await rest(begun + self._settings.every_s - monotonic())

    async def stop(self) -> None:
        """Close the connections; a broker that is gone is not waited for."""
        observer, self._observer = self._observer, None
        if observer is not None:
            with suppress(KafkaError, OSError, TimeoutError):
                async with asyncio.timeout(STOP_S):
                    await observer.__aexit__()

    async def _try_to_look(self) -> None:
        begun = monotonic()
        try:
            async with asyncio.timeout(LOOK_S):
                if self._observer is None:
                    self._observer = await Observer(
                        self._settings.broker, self._partitions
                    ).__aenter__()
                look = await self._observer.look()
        except NotAllowedError:
            raise
        except (KafkaError, OSError, TimeoutError) as error:
            self._metrics.failed(error)
            if not self._is_blind:
                log.warning("cannot see the groups: %(error)s", {"error": repr(error)})
            self._is_blind = True
            await self.stop()
            return
        self._metrics.show(look, monotonic() - begun, now_ms())
        self._seen_at = begun
        if self._is_blind:
            log.info("sees %(groups)d groups", {"groups": len(look.members)})
        self._is_blind = False

    def _tell_age(self) -> None:
        """Say whether what is shown is fresh, and show it no more where it is not."""
        age_s = None if self._seen_at is None else monotonic() - self._seen_at
        is_fresh = age_s is not None and age_s <= self._settings.stale_after_s
        told = "not seen yet" if age_s is None else f"seen {age_s:.1f} s ago"
        self._health.set_ready("groups", ready=is_fresh, detail=told)
        if not is_fresh:
            self._metrics.forget()
