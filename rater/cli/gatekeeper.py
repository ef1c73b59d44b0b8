"""`rater gatekeeper`: answer switches over HTTP whether calls may start, until told to stop."""

from typing import Any

import click

from rater.cli.service_options import read_or_end, run_service, service_options
from rater.shell.gatekeeper.settings import GatekeeperSettings
from rater.shell.process.exit_code import ExitCode
from rater.shell.process.log_lines import start_logging


@click.command()
@service_options(GatekeeperSettings, (ExitCode.STOPPED, ExitCode.FAILED, ExitCode.CANNOT_RUN))
def gatekeeper(given: dict[str, Any]) -> None:
    """Answer switches whether a call may start, and for how long at most.

    From memory: it reads statuses, decks, plans and settings, says how old that is, and never writes.
    """
    from rater.shell.gatekeeper.process import run  # noqa: PLC0415

    settings = read_or_end(GatekeeperSettings, given).settings
    start_logging(settings.log_level, settings.log_format)
    run_service(lambda: run(settings))
