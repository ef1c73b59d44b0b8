"""The process of a gateway: what must be there first, what runs beside it, and the way out."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from rater.shell.gateway.metrics import GatewayMetrics
from rater.shell.gateway.providers.opening import OpeningError
from rater.shell.gateway.providers.provider import Provider
from rater.shell.gateway.providers.registry import CANARIES, PROVIDERS
from rater.shell.gateway.routes import Routes
from rater.shell.gateway.service import Gateway
from rater.shell.gateway.settings import GatewaySettings, ProcessSettings
from rater.shell.process.exit_code import ExitCode
from rater.shell.process.health import Health, HealthServer
from rater.shell.process.metrics import Metrics
from rater.shell.process.pulse import pulse
from rater.shell.process.refused import log_failed
from rater.shell.process.signals import stopping_event
from rater.shell.process.start import StartError, equal_partitions
from rater.shell.versions.settings_service import SettingsService
from topics.catalog import CHARGING_SETTINGS, PAYMENT_COMMANDS, PAYMENT_RESULTS, RECHARGE_DEAD

TOPICS = (PAYMENT_COMMANDS, PAYMENT_RESULTS, RECHARGE_DEAD)
PROGRESS_EVERY_S = 1.0

log = logging.getLogger(__name__)


async def run(settings: ProcessSettings) -> int:
    """Run a gateway until a signal; return its exit code."""
    partitions = await equal_partitions(settings.broker, TOPICS, (CHARGING_SETTINGS,))
    metrics = GatewayMetrics(Metrics(rooms=()))
    health = Health(metrics.shared, parts=("assigned", "settings"))
    with HealthServer(health, metrics.shared, settings.metrics_host, settings.metrics_port):
        own = await _opened(settings, metrics)
        try:
            of_canaries = (
                own if own.name == CANARIES.name else await _for_canaries(settings, metrics)
            )
        except BaseException:
            await own.close()
            raise
        providers = (own, of_canaries)
        try:
            return await _serve(settings, partitions, providers, (metrics, health))
        finally:
            for provider in dict.fromkeys(providers):
                await provider.close()


async def _serve(
    settings: ProcessSettings, partitions: int, providers: tuple[Provider, Provider],
    reporting: tuple[GatewayMetrics, Health],
) -> int:  # fmt: skip
    metrics, health = reporting
    own, of_canaries = providers
    stopping = stopping_event()
    known = SettingsService(settings.broker, metrics.shared)

    def is_canary(tenant_id: str, at_ms: int) -> bool:
        return known.book.is_canary(tenant_id, at_ms)

    gateway = Gateway(
        GatewaySettings(
            broker=settings.broker,
            partitions=partitions,
            concurrency=settings.concurrency,
            budget_s=settings.budget_s,
            drain_s=settings.drain_s,
            session_timeout_s=settings.session_timeout_s,
        ),
        Routes(own, of_canaries, CANARIES.method_prefix, is_canary, metrics), metrics, health,
    )  # fmt: skip
    health.set_state("serving")
    log.info("gateway to %(provider)s, %(mode)s mode", {"provider": own.name, "mode": own.mode})
    try:
        async with (
            pulse(settings.broker, health, metrics.shared.forget_all_lags),
            _read_to_the_end(known, health, stopping),
        ):
            await gateway.run(stopping, known.failed)
    except Exception as error:  # noqa: BLE001 (The supervisor starts it anew.)
        log_failed(error, settings.broker)
        return ExitCode.FAILED
    log.info("stopped")
    return ExitCode.STOPPED


@asynccontextmanager
async def _read_to_the_end(
    known: SettingsService, health: Health, stopping: asyncio.Event
) -> AsyncIterator[None]:
    """Follow the charging settings; begin when all that was there is known, or at once where there is no more to do."""
    await known.start()
    waiting = [asyncio.create_task(known.ready()), asyncio.create_task(stopping.wait())]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if waiting[0].done():
            waiting[0].result()
            health.set_ready("settings", ready=True)
        yield
    finally:
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await known.stop()


async def _opened(settings: ProcessSettings, metrics: GatewayMetrics) -> Provider:
    """Open the provider that was asked for."""
    asked = replace(settings.of_provider(), count_webhook=metrics.webhook)
    try:
        return await PROVIDERS[settings.provider].open(asked)
    except OpeningError as error:
        raise StartError(str(error)) from error


async def _for_canaries(settings: ProcessSettings, metrics: GatewayMetrics) -> Provider:
    """Open what canary tenants have beside the gateway's own provider."""
    given = settings.of_provider()
    asked = replace(given, mode=None, webhook_address=None, count_webhook=metrics.webhook)
    try:
        return await CANARIES.open(asked)
    except OpeningError as error:
        raise StartError(str(error)) from error
