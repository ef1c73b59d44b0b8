"""`rater worker charging`: run a worker until it is told to stop."""

from collections.abc import Callable
from typing import Any

import click

from rater.cli.service_options import run_service, service_options
from rater.kafka.bounded_records import RECORDS_PER_BATCH
from rater.shell.process.log_lines import Form, start_logging


@click.group()
def worker() -> None:
    """Run a worker."""


def worker_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of every worker, besides those of every service."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option(
        "--records-per-batch",
        default=RECORDS_PER_BATCH,
        show_default=True,
        type=click.IntRange(1, RECORDS_PER_BATCH),
        help="The most records of one transaction.",
    ),
    click.option(
        "--stuck-after",
        "stuck_after_s",
        default=60.0,
        show_default=True,
        type=click.FloatRange(min=5.0),
        help="Seconds without progress while there is lag, after which the worker ends itself.",
    ),
)


@worker.command()
@service_options(9464)
@worker_options
def charging(*, log_level: str, log_format: Form, **settings: Any) -> None:
    """Charge CDRs: rate them, draw on the accounts, write the ledger.

    SIGTERM finishes the batch and leaves the group.
    """
    from rater.shell.charging.worker import run  # noqa: PLC0415
    from rater.shell.process.agent_worker import WorkerSettings  # noqa: PLC0415

    start_logging(log_level, log_format)
    run_service(lambda: run(WorkerSettings(**settings)))


@worker.command()
@service_options(9465)
@worker_options
def recharge(*, log_level: str, log_format: Form, **settings: Any) -> None:
    """Recharge accounts that run low: payment commands, credits and notifications, from balance events and results."""
    from rater.shell.process.agent_worker import WorkerSettings  # noqa: PLC0415
    from rater.shell.recharge.worker import run  # noqa: PLC0415

    start_logging(log_level, log_format)
    run_service(lambda: run(WorkerSettings(**settings)))
