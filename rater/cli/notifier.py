"""`rater notifier`: send e-mail and webhooks for notifications until told to stop."""

import logging
from typing import Any

import click

from rater.cli.broker import CannotRunError
from rater.cli.service_options import read_or_end, run_service, service_options
from rater.shell.notifier.settings import WEBHOOK_SECRET, NotifierSettings
from rater.shell.notifier.webhook_keys import written_key
from rater.shell.process.log_lines import start_logging


@click.group(invoke_without_command=True)
@service_options(NotifierSettings)
@click.pass_context
def notifier(ctx: click.Context, /, given: dict[str, Any]) -> None:
    """Send e-mail and webhooks for notifications, each once in effect. SIGTERM finishes what is being sent."""
    if ctx.invoked_subcommand is not None:
        ctx.obj = given
        return
    from rater.shell.notifier.service import run  # noqa: PLC0415

    settings = read_or_end(NotifierSettings, given).settings
    start_logging(settings.log_level, settings.log_format)
    if settings.webhook_secrets is None:
        logging.getLogger(__name__).warning(
            "%(variable)s is not set: webhooks become dead letters", {"variable": WEBHOOK_SECRET}
        )
    run_service(lambda: run(settings))


@notifier.command(name="webhook-key")
@click.argument("tenant")
@click.pass_obj
def webhook_key(given: dict[str, Any], /, tenant: str) -> None:
    """Print the keys with which the webhooks of TENANT are signed; give them to its administrator alone.

    They are written as Standard Webhooks writes them, `whsec_` and base64; its libraries verify with them.
    A line for each version that counts: current, and previous while RATER_WEBHOOK_SECRET_PREVIOUS is set.
    """
    from rater.wire.cdrs import is_tenant_id  # noqa: PLC0415

    if not tenant or not is_tenant_id(tenant):
        raise CannotRunError(f"not a tenant: {tenant!r}")
    secrets = read_or_end(NotifierSettings, given).settings.webhook_secrets
    if secrets is None:
        raise CannotRunError(f"set {WEBHOOK_SECRET} or {WEBHOOK_SECRET}_FILE")
    for version, key in secrets.keys(tenant).items():
        click.echo(f"{version} {written_key(key)}")
