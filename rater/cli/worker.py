"""`rater worker charging`: run a worker until it is told to stop."""

from typing import Any

import click

from rater.cli.service_options import read_or_end, run_service, service_options
from rater.shell.process.log_lines import start_logging
from rater.shell.process.settings.worker import ChargingWorkerSettings, RechargeWorkerSettings


@click.group()
def worker() -> None:
    """Run a worker."""


@worker.command()
@service_options(ChargingWorkerSettings)
def charging(given: dict[str, Any]) -> None:
    """Charge CDRs: rate them, draw on the accounts, write the ledger.

    SIGTERM finishes the batch and leaves the group.
    """
    from rater.shell.charging.worker import run  # noqa: PLC0415

    settings = read_or_end(ChargingWorkerSettings, given).settings
    start_logging(settings.log_level, settings.log_format)
    run_service(lambda: run(settings))


@worker.command()
@service_options(RechargeWorkerSettings)
def recharge(given: dict[str, Any]) -> None:
    """Recharge accounts that run low: payment commands, credits and notifications, from balance events and results."""
    from rater.shell.recharge.worker import run  # noqa: PLC0415

    settings = read_or_end(RechargeWorkerSettings, given).settings
    start_logging(settings.log_level, settings.log_format)
    run_service(lambda: run(settings))
