"""`rater gateway`: make payments until told to stop."""

from collections.abc import Callable
from typing import Any

import click

from rater.cli.service_options import run_service, service_options
from rater.shell.gateway.providers.registry import OWN_OPTIONS, PROVIDERS
from rater.shell.process.exit_code import ExitCode
from rater.shell.process.log_lines import Form, start_logging


def _own_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that the providers have themselves."""
    for own in reversed(OWN_OPTIONS):
        command = click.option(f"--{own.name}", own.name, metavar=own.metavar, help=own.help)(
            command
        )
    return command


@click.command()
@click.option(
    "--provider",
    required=True,
    type=click.Choice(list(PROVIDERS)),
    help="Stripe takes RATER_STRIPE_KEY or RATER_STRIPE_KEY_FILE from the environment.",
)
@click.option(
    "--mode",
    type=click.Choice(["live", "test"]),
    help="Real money, or play; a key or provider of the other mode is refused. Default: what the key says.",
)
@_own_options
@click.option(
    "--webhook-host", default="127.0.0.1", show_default=True, help="Where the webhook port listens."
)
@click.option(
    "--webhook-port",
    type=click.IntRange(0, 65_535),
    help="For POST /webhooks/stripe; needs RATER_STRIPE_WEBHOOK_SECRET (or _FILE). Without it: no webhooks.",
)
@click.option(
    "--concurrency",
    default=32,
    show_default=True,
    type=click.IntRange(1, 128),
    help="Payments at the provider at once; those of one tenant come one after the other.",
)
@click.option(
    "--budget",
    "budget_s",
    default=30.0,
    show_default=True,
    type=click.FloatRange(1.0, 120.0),
    help="Seconds for one command, retries included; then its outcome is unknown.",
)
@click.option(
    "--drain",
    "drain_s",
    default=20.0,
    show_default=True,
    type=click.FloatRange(0.0, 120.0),
    help="Seconds that SIGTERM leaves to payments at work; the next gateway looks the others up.",
)
@service_options(9466, (ExitCode.STOPPED, ExitCode.FAILED, ExitCode.CANNOT_RUN))
def gateway(log_level: str, log_format: Form, **options: object) -> None:
    """Make the payments that recharge commands, each once, and tell what became of them."""
    from rater.shell.gateway.process import ProcessSettings, run  # noqa: PLC0415

    start_logging(log_level, log_format)
    own = {each.name: options.pop(each.name) for each in OWN_OPTIONS}
    run_service(lambda: run(ProcessSettings(**options, options=own)))  # type: ignore[arg-type]
