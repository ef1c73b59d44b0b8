"""`rater canary`: play known rounds for a canary tenant, and say what fails."""

from typing import Any

import click

from rater.cli.service_options import read_or_end, run_service, service_options
from rater.shell.canary.settings import CanarySettings
from rater.shell.process.exit_code import ExitCode
from rater.shell.process.log_lines import start_logging


@click.command()
@click.option(
    "--once", is_flag=True, help="Play one round with a refill, and end: exit 0 passed, 1 failed."
)
@service_options(CanarySettings, (ExitCode.STOPPED, ExitCode.FAILED, ExitCode.CANNOT_RUN))
def canary(given: dict[str, Any], *, once: bool) -> None:
    """Play one known round after another for a canary tenant: calls, threshold, payment, credit, each to the micro.

    Its account is opened if it is not there; its deck is rater/data/canary_deck.csv, loaded as `canary` in XTS.
    """
    from rater.shell.canary.process import run  # noqa: PLC0415

    settings = read_or_end(CanarySettings, given).settings
    start_logging(settings.log_level, settings.log_format)
    run_service(lambda: run(settings, once=once))
