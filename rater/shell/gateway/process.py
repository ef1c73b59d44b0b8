"""The process of a gateway: what must be there first, what runs beside it, and the way out.

Exit codes: 0 stopped by SIGTERM or SIGINT, 1 failed (a supervisor starts it anew), 2 could not start.
"""

import asyncio
import logging
import os
import signal
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from rater.shell.gateway.api_base import API_BASE_VARIABLE, ApiBaseError, check_api_base
from rater.shell.gateway.metrics import GatewayMetrics
from rater.shell.gateway.mode import Mode, ModeError, mode_of, mode_of_simulator
from rater.shell.gateway.provider import Provider
from rater.shell.gateway.service import Gateway, GatewaySettings
from rater.shell.gateway.simulator import Simulator
from rater.shell.process.health import Health, HealthServer, PortError
from rater.shell.process.metrics import Metrics
from rater.shell.process.pulse import pulse
from rater.shell.process.secret import Secret, SecretError, require_secret
from rater.shell.process.start import StartError, equal_partitions
from topics.catalog import PAYMENT_COMMANDS, PAYMENT_RESULTS, RECHARGE_DEAD

KEY_VARIABLE = "RATER_STRIPE_KEY"
WEBHOOK_SECRET_VARIABLE = "RATER_STRIPE_WEBHOOK_SECRET"  # noqa: S105  # The name, not the secret.
TOPICS = (PAYMENT_COMMANDS, PAYMENT_RESULTS, RECHARGE_DEAD)
EXIT_OK = 0
EXIT_FAILED = 1

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSettings:
    """What the command line gives."""

    broker: str
    provider: str
    mode: Mode | None
    book: Path | None
    webhook_host: str
    webhook_port: int | None
    metrics_host: str
    metrics_port: int
    concurrency: int
    budget_s: float
    drain_s: float
    session_timeout_s: float


async def run(settings: ProcessSettings) -> int:
    """Run a gateway until a signal; return its exit code."""
    partitions = await equal_partitions(settings.broker, TOPICS)
    metrics = GatewayMetrics(Metrics(rooms=()))
    health = Health(metrics.shared, parts=("assigned",))
    try:
        server = HealthServer(health, metrics.shared, settings.metrics_host, settings.metrics_port)
    except PortError as error:
        raise StartError(str(error)) from error
    with server:
        try:
            mode, provider = await _provider(settings, metrics)
        except (SecretError, ModeError, ApiBaseError) as error:
            raise StartError(str(error)) from error
        try:
            return await _serve(settings, (partitions, mode), provider, (metrics, health))
        finally:
            await provider.close()


async def _serve(
    settings: ProcessSettings, place: tuple[int, Mode], provider: Provider,
    reporting: tuple[GatewayMetrics, Health],
) -> int:  # fmt: skip
    metrics, health = reporting
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    gateway = Gateway(
        GatewaySettings(
            broker=settings.broker,
            partitions=place[0],
            mode=place[1],
            concurrency=settings.concurrency,
            budget_s=settings.budget_s,
            drain_s=settings.drain_s,
            session_timeout_s=settings.session_timeout_s,
        ),
        provider, metrics, health,
    )  # fmt: skip
    health.set_state("serving")
    log.info("gateway to %s, %s mode", provider.name, place[1])
    try:
        async with pulse(settings.broker, health, metrics.shared.forget_all_lags):
            await gateway.run(stopping)
    except Exception as error:  # The supervisor starts it anew.
        log.critical("failed: %s", type(error).__name__, exc_info=error)
        return EXIT_FAILED
    log.info("stopped")
    return EXIT_OK


async def _provider(settings: ProcessSettings, metrics: GatewayMetrics) -> tuple[Mode, Provider]:
    """Make the provider that was asked for."""
    if settings.provider == "simulator":
        mode = mode_of_simulator(settings.mode)
        if settings.book is None:
            raise StartError("the simulator needs --book FILE, where it keeps its payments")
        try:
            return mode, Simulator(settings.book)
        except sqlite3.Error as error:
            raise StartError(f"--book {settings.book}: {error}") from error
        except OSError as error:
            raise StartError(f"--book {settings.book}: {error.strerror}") from error
    key = require_secret(KEY_VARIABLE)
    mode = mode_of(settings.mode, key.reveal())
    return mode, await _stripe(settings, metrics, key, mode)


async def _stripe(
    settings: ProcessSettings, metrics: GatewayMetrics, key: Secret, mode: Mode
) -> Provider:
    # The package takes a second to import: only whom it serves waits for it.
    from rater.shell.gateway.stripe_provider import StripeProvider  # noqa: PLC0415
    from rater.shell.gateway.stripe_webhooks import (  # noqa: PLC0415
        StripeWithWebhooks,
        WebhookPortError,
    )

    api_base = check_api_base(os.environ.get(API_BASE_VARIABLE))
    if settings.webhook_port is None:
        return StripeProvider(key, api_base)
    secret = require_secret(WEBHOOK_SECRET_VARIABLE)
    address = (settings.webhook_host, settings.webhook_port)
    provider = StripeWithWebhooks((key, mode), secret, metrics, address, api_base)
    try:
        await provider.listen()
    except WebhookPortError as error:
        await provider.close()
        raise StartError(str(error)) from error
    return provider
