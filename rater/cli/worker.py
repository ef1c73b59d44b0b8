"""`rater worker charging`: run a worker until it is told to stop."""

import asyncio
import logging
import sys

import click
import uvloop

from rater.cli.topics import CannotRunError, broker_option
from rater.core.limits import RECHARGE_MINIMUM_MICROS, UNIT_MICROS, WINDOW_DAYS


@click.group()
def worker() -> None:
    """Run a worker."""


@worker.command()
@broker_option
@click.option("--metrics-host", default="127.0.0.1", show_default=True)
@click.option(
    "--metrics-port",
    default=9464,
    show_default=True,
    type=click.IntRange(0, 65_535),
    help="/metrics, /livez and /readyz; 0 takes a free one and logs it.",
)
@click.option("--window-days", default=WINDOW_DAYS, show_default=True, type=click.IntRange(3, 400))
@click.option(
    "--records-per-batch", default=5_000, show_default=True, type=click.IntRange(1, 10_000)
)
@click.option(
    "--session-timeout",
    "session_timeout_s",
    default=10.0,
    show_default=True,
    type=click.FloatRange(1.0, 300.0),
    help="Seconds after which the group gives a dead worker's partitions to others.",
)
@click.option(
    "--stuck-after",
    "stuck_after_s",
    default=60.0,
    show_default=True,
    type=click.FloatRange(min=5.0),
    help="Seconds without progress while there is lag, after which the worker ends itself.",
)
@click.option(
    "--recharge-minimum",
    "recharge_minimum_units",
    default=RECHARGE_MINIMUM_MICROS // UNIT_MICROS,
    show_default=True,
    type=click.IntRange(1, 1_000_000),
    help="Least amount, target and trigger of auto-recharge, in whole units. Alike for all workers of a group.",
)
@click.option("--log-level", default="INFO", show_default=True)
def charging(
    *,
    broker: str,
    metrics_host: str,
    metrics_port: int,
    window_days: int,
    records_per_batch: int,
    session_timeout_s: float,
    stuck_after_s: float,
    recharge_minimum_units: int,
    log_level: str,
) -> None:
    """Charge CDRs: rate them, draw on the accounts, write the ledger. SIGTERM finishes the batch and leaves the group.

    Exit codes: 0 stopped, 1 failed, 2 could not start, 70 stuck, 75 fenced by another worker.
    """
    from rater.shell.charging_worker import StartError, WorkerSettings, run  # noqa: PLC0415

    _quiet = ("faust", "mode") if log_level.upper() != "DEBUG" else ()
    logging.basicConfig(
        level=log_level.upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    for name in _quiet:
        logging.getLogger(name).setLevel(logging.WARNING)
    settings = WorkerSettings(
        broker=broker,
        metrics_host=metrics_host,
        metrics_port=metrics_port,
        window_days=window_days,
        records_per_batch=records_per_batch,
        session_timeout_s=session_timeout_s,
        stuck_after_s=stuck_after_s,
        recharge_minimum_micros=recharge_minimum_units * UNIT_MICROS,
    )
    try:
        # The policy, not just a runner: the consumer's thread makes a loop of its own.
        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
        sys.exit(asyncio.run(run(settings)))
    except StartError as error:
        raise CannotRunError(str(error)) from error
