"""The process of a gateway: what must be there first, what runs beside it, and the way out."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from rater.kafka.broker import Broker
from rater.secret import SecretError
from rater.shell.gateway.metrics import GatewayMetrics
from rater.shell.gateway.providers.opening import OpeningError, ProviderSettings
from rater.shell.gateway.providers.provider import Mode, Provider
from rater.shell.gateway.providers.registry import PROVIDERS
from rater.shell.gateway.service import Gateway, GatewaySettings
from rater.shell.process.exit_code import ExitCode
from rater.shell.process.health import Health, HealthServer
from rater.shell.process.metrics import Metrics
from rater.shell.process.pulse import pulse
from rater.shell.process.refused import log_failed
from rater.shell.process.signals import stopping_event
from rater.shell.process.start import StartError, equal_partitions
from topics.catalog import PAYMENT_COMMANDS, PAYMENT_RESULTS, RECHARGE_DEAD

TOPICS = (PAYMENT_COMMANDS, PAYMENT_RESULTS, RECHARGE_DEAD)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSettings:
    """What the command line gives."""

    broker: Broker
    provider: str
    mode: Mode | None
    webhook_host: str
    webhook_port: int | None
    metrics_host: str
    metrics_port: int
    concurrency: int
    budget_s: float
    drain_s: float
    session_timeout_s: float
    options: Mapping[str, str | None]
    """Of the providers themselves."""


async def run(settings: ProcessSettings) -> int:
    """Run a gateway until a signal; return its exit code."""
    partitions = await equal_partitions(settings.broker, TOPICS)
    metrics = GatewayMetrics(Metrics(rooms=()))
    health = Health(metrics.shared, parts=("assigned",))
    with HealthServer(health, metrics.shared, settings.metrics_host, settings.metrics_port):
        provider = await _opened(settings, metrics)
        try:
            return await _serve(settings, partitions, provider, (metrics, health))
        finally:
            await provider.close()


async def _serve(
    settings: ProcessSettings, partitions: int, provider: Provider,
    reporting: tuple[GatewayMetrics, Health],
) -> int:  # fmt: skip
    metrics, health = reporting
    stopping = stopping_event()
    gateway = Gateway(
        GatewaySettings(
            broker=settings.broker,
            partitions=partitions,
            concurrency=settings.concurrency,
            budget_s=settings.budget_s,
            drain_s=settings.drain_s,
            session_timeout_s=settings.session_timeout_s,
        ),
        provider, metrics, health,
    )  # fmt: skip
    health.set_state("serving")
    log.info(
        "gateway to %(provider)s, %(mode)s mode", {"provider": provider.name, "mode": provider.mode}
    )
    try:
        async with pulse(settings.broker, health, metrics.shared.forget_all_lags):
            await gateway.run(stopping)
    except Exception as error:  # noqa: BLE001 (The supervisor starts it anew.)
        log_failed(error, settings.broker)
        return ExitCode.FAILED
    log.info("stopped")
    return ExitCode.STOPPED


async def _opened(settings: ProcessSettings, metrics: GatewayMetrics) -> Provider:
    """Open the provider that was asked for."""
    port = settings.webhook_port
    try:
        return await PROVIDERS[settings.provider].open(
            ProviderSettings(
                mode=settings.mode,
                webhook_address=None if port is None else (settings.webhook_host, port),
                count_webhook=metrics.webhook,
                options=settings.options,
            )
        )
    except (OpeningError, SecretError) as error:
        raise StartError(str(error)) from error
