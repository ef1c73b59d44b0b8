"""The process of a canary: who it may be, its account, its rounds, and the way out."""

import asyncio
import json
import logging
from time import monotonic
from typing import Any

from aiokafka.errors import KafkaError

from rater.core.times import to_text
from rater.kafka.rights import not_allowed
from rater.shell.canary import terms
from rater.shell.canary.metrics import CanaryMetrics
from rater.shell.canary.round import AmissError, Round, Seen
from rater.shell.canary.settings import CanarySettings
from rater.shell.canary.watch import FOLLOWED, Watch
from rater.shell.process.clock import now_ms
from rater.shell.process.exit_code import ExitCode
from rater.shell.process.health import Health, HealthServer
from rater.shell.process.metrics import Metrics
from rater.shell.process.pulse import pulse
from rater.shell.process.refused import log_failed
from rater.shell.process.signals import stopping_event
from rater.shell.process.start import StartError, equal_partitions
from rater.shell.versions.settings_service import SettingsService
from topics.catalog import (
    ACCOUNT_COMMANDS,
    ACCOUNT_REQUESTS,
    ACCOUNT_STATUS,
    CDR_RAW,
    CHARGING_SETTINGS,
    LEDGER,
    Topic,
)

KEYED = (CDR_RAW, ACCOUNT_REQUESTS, ACCOUNT_STATUS, *FOLLOWED)
START_S = 60.0
"""For reading the settings, and the statuses of a partition."""

log = logging.getLogger(__name__)


async def run(settings: CanarySettings, *, once: bool) -> int:
    """Play rounds until a signal, or one; return the exit code. StartError where the tenant is no canary."""
    partitions = await equal_partitions(settings.broker, KEYED, (CHARGING_SETTINGS,))
    metrics = CanaryMetrics(Metrics(rooms=()))
    health = Health(metrics.shared, parts=("canary",))
    with HealthServer(health, metrics.shared, settings.metrics_host, settings.metrics_port):
        canary = Canary(settings, partitions, metrics, health)
        try:
            async with pulse(settings.broker, health, lambda: None):
                return await canary.live(stopping_event(), once=once)
        except StartError:
            raise
        except Exception as error:  # noqa: BLE001 (The supervisor starts it anew.)
            log_failed(error, settings.broker)
            return ExitCode.CANNOT_RUN if once else ExitCode.FAILED


class Canary:
    """One canary and its rounds."""

    def __init__(
        self, settings: CanarySettings, partitions: int, metrics: CanaryMetrics, health: Health
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        self._health = health
        self._known = SettingsService(settings.broker, metrics.shared)
        self._watch = Watch(settings.broker, settings.tenant_id, partitions, settings.patience_s)
        self._is_open = False
        self._refilled_at: float | None = None

    async def live(self, stopping: asyncio.Event, *, once: bool) -> int:
        """Play until stopped, or once."""
        try:
            async with asyncio.timeout(START_S):
                await self._known.start()
                await self._known.ready()
                self._refuse_others()
                await self._watch.start()
            self._health.set_state("serving")
            self._health.set_ready("canary", ready=True)
            passed = await self._rounds(stopping, once=once)
        finally:
            await self._watch.stop()
            await self._known.stop()
        if once:
            return ExitCode.STOPPED if passed else ExitCode.FAILED
        log.info("stopped")
        return ExitCode.STOPPED

    async def _rounds(self, stopping: asyncio.Event, *, once: bool) -> bool:
        """Play until stopped, or once; return whether the last round passed."""
        halt = asyncio.create_task(stopping.wait())
        passed = False
        try:
            while not halt.done():
                began = monotonic()
                self._refuse_others()
                passed = await self._round_until(halt)
                if once:
                    break
                wait_s = max(0.0, self._settings.every_s - (monotonic() - began))
                await asyncio.wait({halt}, timeout=wait_s)
        finally:
            halt.cancel()
        return passed

    async def _round_until(self, halt: asyncio.Task[Any]) -> bool:
        """Play a round, which ends with `halt`; raise what makes all rounds impossible."""
        playing = asyncio.create_task(self._round())
        fatal = (self._known.failed, self._watch.ended)
        ending: list[asyncio.Future[Any]] = [playing, halt, *fatal]
        try:
            await asyncio.wait(ending, return_when=asyncio.FIRST_COMPLETED)
            for each in fatal:
                if each.done():
                    each.result()
            return playing.result() if playing.done() else False
        finally:
            playing.cancel()
            await asyncio.wait({playing})

    def _refuse_others(self) -> None:
        """Raise where the tenant is no canary: its calls would be somebody's money."""
        tenant_id, at_ms = self._settings.tenant_id, now_ms()
        book = self._known.book
        if book.is_canary(tenant_id, at_ms):
            return
        later = [
            each.canaries_from_ms for each in book.versions if tenant_id in each.canary_tenants
        ]
        soon = min((each for each in later if each > at_ms), default=None)
        when = "" if soon is None else f" before {to_text(soon)}"
        raise StartError(
            f"{tenant_id} is no canary{when}: add it to canary_tenants of the charging settings (rater config load)"
        )

    async def _round(self) -> bool:
        """Play one round; return whether all was as expected."""
        self._watch.begin()
        try:
            await self._open()
            refilled = await self._played()
        except AmissError as amiss:
            self._tell(amiss)
            return False
        except KafkaError as error:
            # A broker that is away: the next round tries again.
            self._tell(AmissError("charge", "the broker to take what is sent", str(error)))
            return False
        if refilled:
            self._refilled_at = monotonic()
        self._metrics.passed(now_ms())
        log.info(
            "canary %(tenant_id)s: %(outcome)s",
            {
                "tenant_id": self._settings.tenant_id,
                "outcome": "passed, refilled" if refilled else "passed",
            },
        )
        return True

    async def _played(self) -> bool:
        since = self._refilled_at
        is_due = since is None or monotonic() - since >= self._settings.refill_every_s
        name = f"canary-{now_ms()}"
        return await Round(name, self._watch, self._metrics.took).play(refill=is_due)

    def _tell(self, amiss: AmissError) -> None:
        """Count and log a round that did not pass."""
        self._metrics.failed(amiss.outcome, amiss.step)
        log.error(
            "canary %(tenant_id)s, %(step)s: expected %(expected)s; found %(found)s",
            {
                "tenant_id": self._settings.tenant_id,
                "cdr_id": amiss.cdr_id,
                "step": amiss.step,
                "expected": amiss.expected,
                "found": amiss.found or f"nothing in {self._settings.patience_s:g} s",
            },
        )

    async def _open(self) -> None:
        """See to it that the account is there as it must be; what is there already is left as it is."""
        if self._is_open:
            return
        tenant_id, status = self._settings.tenant_id, self._watch.status
        if status is not None:
            found = (
                f"{status['state']}, {status.get('currency')}, {','.join(status.get('decks', ()))}"
            )
            if status["state"] == "closed" or status.get("currency") != terms.CURRENCY:
                wanted = f"an open account in {terms.CURRENCY} of the canary's own"
                raise AmissError("account", wanted, found)
        try:
            if status is None:
                await self._open_account()
            for request in terms.requests(tenant_id):
                await self._ordered(ACCOUNT_REQUESTS, request, waits=status is None)
        except TimeoutError:
            raise AmissError("account", "the account to be opened and set up", None) from None
        self._is_open = True

    async def _open_account(self) -> None:
        """Open the account where the broker lets us; where it does not, StartError says who does."""
        order = terms.opening(self._settings.tenant_id)
        try:
            await self._ordered(ACCOUNT_COMMANDS, order)
        except KafkaError as error:
            refused = not_allowed(error, self._settings.broker.security.principal())
            if refused is None:
                raise
            raise StartError(
                f"{self._settings.tenant_id} has no account, and to open it is billing's: have it send "
                f"{json.dumps(order)} (rater produce {ACCOUNT_COMMANDS.name}); {refused}"
            ) from error

    async def _ordered(self, topic: Topic, order: terms.Json, *, waits: bool = True) -> None:
        """Send an order, and see it taken; where it may have been taken long ago, nobody answers."""
        await self._watch.order(topic, order)
        if not waits:
            return

        def answers(seen: Seen) -> bool:
            return (
                seen.topic == LEDGER.name and seen.record.get("command_id") == order["command_id"]
            )

        entry = (await self._watch.first(answers)).record
        if entry["kind"] == "command_rejected":
            found = f"{entry.get('reason')}: {entry.get('detail')}"
            raise AmissError("account", f"{order['type']} to be taken", found)
