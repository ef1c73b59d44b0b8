"""`rater gatekeeper`: answer switches over HTTP whether calls may start, until told to stop."""

from typing import Any

import click

from rater.cli.service_options import run_service, service_options
from rater.core.limits import DURATION_S_MAX, SECOND_MS
from rater.shell.process.exit_code import ExitCode
from rater.shell.process.log_lines import Form, start_logging


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where questions are taken.")
@click.option(
    "--port",
    default=8090,
    show_default=True,
    type=click.IntRange(0, 65_535),
    help="For /v1/authorise and /v1/release; 0 takes a free one and logs it.",
)
@click.option(
    "--stale-after",
    "stale_after_s",
    default=10.0,
    show_default=True,
    type=click.FloatRange(1.0, 3_600.0),
    help="Seconds after which what is known is not relied on: paid calls are refused.",
)
@click.option(
    "--longest",
    "longest_s",
    default=14_400,
    show_default=True,
    type=click.IntRange(1, DURATION_S_MAX),
    help="Seconds that a call is allowed at most.",
)
@click.option(
    "--hold-for",
    "keep_s",
    default=120,
    show_default=True,
    type=click.IntRange(1, 86_400),
    help="Seconds that a hold outlasts the longest that its call may last: for ringing, and for its CDR.",
)
@click.option(
    "--settle-for",
    "settle_s",
    default=30,
    show_default=True,
    type=click.IntRange(1, 86_400),
    help="Seconds that a hold outlasts its release: until the call's charge is seen.",
)
@click.option(
    "--calls-per-tenant",
    default=1_000,
    show_default=True,
    type=click.IntRange(1, 100_000),
    help="Holds of a tenant at once.",
)
@click.option(
    "--calls-per-user",
    default=10,
    show_default=True,
    type=click.IntRange(1, 100_000),
    help="Holds of a user at once.",
)
@service_options(9468, (ExitCode.STOPPED, ExitCode.FAILED, ExitCode.CANNOT_RUN), has_group=False)
def gatekeeper(log_level: str, log_format: Form, **options: Any) -> None:
    """Answer switches whether a call may start, and for how long at most.

    From memory: it reads statuses, decks, plans and settings, says how old that is, and never writes.
    """
    from rater.core.authorisation.holds import HoldTerms  # noqa: PLC0415
    from rater.shell.gatekeeper.process import run  # noqa: PLC0415
    from rater.shell.gatekeeper.settings import GatekeeperSettings  # noqa: PLC0415

    start_logging(log_level, log_format)
    times_ms = (options.pop(name) * SECOND_MS for name in ("keep_s", "settle_s"))
    most = (options.pop(name) for name in ("calls_per_tenant", "calls_per_user"))
    terms = HoldTerms(*times_ms, *most)
    run_service(lambda: run(GatekeeperSettings(**options, holds=terms)))
