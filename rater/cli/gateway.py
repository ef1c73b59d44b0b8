"""`rater gateway`: make payments until told to stop."""

from typing import Any

import click

from rater.cli.service_options import read_or_end, run_service, service_options
from rater.shell.gateway.settings import ProcessSettings
from rater.shell.process.exit_code import ExitCode
from rater.shell.process.log_lines import start_logging


@click.command()
@service_options(ProcessSettings, (ExitCode.STOPPED, ExitCode.FAILED, ExitCode.CANNOT_RUN))
def gateway(given: dict[str, Any]) -> None:
    """Make the payments that recharge commands, each once, and tell what became of them."""
    from rater.shell.gateway.process import run  # noqa: PLC0415

    settings = read_or_end(ProcessSettings, given).settings
    start_logging(settings.log_level, settings.log_format)
    run_service(lambda: run(settings))
