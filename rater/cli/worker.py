"""`rater worker charging`: run a worker until it is told to stop."""

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import click
import uvloop

from rater.cli.topics import CannotRunError, broker_option
from rater.core.limits import RECHARGE_MINIMUM_MICROS, UNIT_MICROS, WINDOW_DAYS


@click.group()
def worker() -> None:
    """Run a worker."""


def worker_options(port: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add the options of every worker; `port` is its default for metrics."""
    metrics_port = click.option(
        "--metrics-port",
        default=port,
        show_default=True,
        type=click.IntRange(0, 65_535),
        help="/metrics, /livez and /readyz; 0 takes a free one and logs it.",
    )

    def add(command: Callable[..., None]) -> Callable[..., None]:
        for option in reversed((*_OPTIONS, metrics_port)):
            command = option(command)
        return command

    return add


_OPTIONS = (
    broker_option,
    click.option("--metrics-host", default="127.0.0.1", show_default=True),
    click.option(
        "--records-per-batch", default=5_000, show_default=True, type=click.IntRange(1, 10_000)
    ),
    click.option(
        "--session-timeout",
        "session_timeout_s",
        default=10.0,
        show_default=True,
        type=click.FloatRange(1.0, 300.0),
        help="Seconds after which the group gives a dead worker's partitions to others.",
    ),
    click.option(
        "--stuck-after",
        "stuck_after_s",
        default=60.0,
        show_default=True,
        type=click.FloatRange(min=5.0),
        help="Seconds without progress while there is lag, after which the worker ends itself.",
    ),
    click.option("--log-level", default="INFO", show_default=True),
)


@worker.command()
@worker_options(9464)
@click.option("--window-days", default=WINDOW_DAYS, show_default=True, type=click.IntRange(3, 400))
@click.option(
    "--recharge-minimum",
    default=RECHARGE_MINIMUM_MICROS // UNIT_MICROS,
    show_default=True,
    type=click.IntRange(1, 1_000_000),
    help="Least amount, target and trigger of a recharge, in whole units of the currency.",
)
def charging(*, log_level: str, **settings: Any) -> None:
    """Charge CDRs: rate them, draw on the accounts, write the ledger. SIGTERM finishes the batch and leaves the group.

    Exit codes: 0 stopped, 1 failed, 2 could not start, 70 stuck, 75 fenced by another worker.
    """
    from rater.shell.charging_worker import ChargingWorkerSettings, run  # noqa: PLC0415

    _run(log_level, lambda: run(ChargingWorkerSettings(**settings)))


@worker.command()
@worker_options(9465)
def recharge(*, log_level: str, **settings: Any) -> None:
    """Recharge accounts that run low: payment commands, credits and notifications, from balance events and results.

    Exit codes as those of charging.
    """
    from rater.shell.agent_worker import WorkerSettings  # noqa: PLC0415
    from rater.shell.recharge_worker import run  # noqa: PLC0415

    _run(log_level, lambda: run(WorkerSettings(**settings)))


def _run(log_level: str, start: Callable[[], Coroutine[Any, Any, int]]) -> None:
    from rater.shell.agent_worker import StartError  # noqa: PLC0415

    logging.basicConfig(
        level=log_level.upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    if log_level.upper() != "DEBUG":
        for name in ("faust", "mode"):
            logging.getLogger(name).setLevel(logging.WARNING)
    try:
        # The policy, not just a runner: the consumer's thread makes a loop of its own.
        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
        sys.exit(asyncio.run(start()))
    except StartError as error:
        raise CannotRunError(str(error)) from error
