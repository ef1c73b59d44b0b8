"""`rater recycler`: release calls from suspense by itself, once what they waited for is there."""

from typing import Any

import click

from rater.cli.service_options import read_or_end, run_service, service_options
from rater.shell.process.exit_code import ExitCode
from rater.shell.process.log_lines import start_logging
from rater.shell.recycler.settings import RecyclerSettings


@click.command()
@service_options(RecyclerSettings, (ExitCode.STOPPED, ExitCode.FAILED, ExitCode.CANNOT_RUN))
def recycler(given: dict[str, Any]) -> None:
    """Look again and again at what waits in suspense, and have charged what can be charged now.

    Where that would take more of a tenant's balance than --balance-percent in an hour, or release more calls than
    --calls-a-minute, it asks: a line in its log, a metric, an alert. `rater suspense recycle` is the answer.
    """
    from rater.shell.recycler.process import run  # noqa: PLC0415

    settings = read_or_end(RecyclerSettings, given).settings
    start_logging(settings.log_level, settings.log_format)
    run_service(lambda: run(settings))
