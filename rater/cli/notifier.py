"""`rater notifier`: send e-mail and webhooks for notifications until told to stop."""

import logging
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

import click

from rater.cli.broker import CannotRunError
from rater.cli.service_options import run_service, service_options
from rater.secret import SecretError, read_secret
from rater.shell.notifier.message import Sender, read_sender
from rater.shell.notifier.settings import (
    HOST_TURNS,
    SMTP_PASSWORD,
    TENANT_TURNS,
    WEBHOOK_SECRET,
    WEBHOOK_SECRET_PREVIOUS,
    NotifierSettings,
    RetryPolicy,
    SmtpSettings,
)
from rater.shell.notifier.webhook_keys import WebhookSecrets, written_key
from rater.shell.process.log_lines import start_logging

_PORTS = {"starttls": 587, "tls": 465, "none": 25}


class Network(click.ParamType):
    """A network such as 203.0.113.0/24, or one address."""

    name = "network"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> IPv4Network | IPv6Network:
        """Read it."""
        try:
            return ip_network(value)
        except ValueError as error:
            self.fail(f"not a network like 203.0.113.0/24: {error}", param, ctx)


def _sender(_ctx: click.Context, _param: click.Parameter, value: str) -> Sender:
    try:
        return read_sender(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _secret(variable: str) -> str | None:
    try:
        secret = read_secret(variable)
    except SecretError as error:
        raise CannotRunError(str(error)) from error
    return None if secret is None else secret.reveal()


@click.group(invoke_without_command=True)
@click.option(
    "--from",
    "sender",
    default="Rater <rater@localhost>",
    show_default=True,
    envvar="RATER_MAIL_FROM",
    show_envvar=True,
    callback=_sender,
    help="Whom the letters are from; its domain ends every Message-ID.",
)
@click.option(
    "--smtp-host",
    default="localhost",
    show_default=True,
    envvar="RATER_SMTP_HOST",
    help="The mail server.",
)
@click.option(
    "--smtp-port",
    type=click.IntRange(1, 65_535),
    envvar="RATER_SMTP_PORT",
    help="Without it 587, 465 or 25, by --smtp-tls.",
)
@click.option(
    "--smtp-tls",
    type=click.Choice(["starttls", "tls", "none"]),
    default="starttls",
    show_default=True,
    help="starttls insists on it.",
)
@click.option("--smtp-ca", type=click.Path(exists=True, dir_okay=False), help="Trust this CA file.")
@click.option(
    "--smtp-user",
    envvar="RATER_SMTP_USER",
    help=f"The password is in {SMTP_PASSWORD}, or in the file that {SMTP_PASSWORD}_FILE names.",
)
@click.option(
    "--smtp-timeout",
    "smtp_timeout_s",
    default=30.0,
    show_default=True,
    type=click.FloatRange(0.1, 300.0),
    help="Seconds for each answer of the mail server.",
)
@click.option(
    "--tries",
    default=10,
    show_default=True,
    type=click.IntRange(1, 100),
    help="How often an e-mail or a webhook is tried before it is a dead letter.",
)
@click.option(
    "--retry-first",
    "first_wait_s",
    default=7.0,
    show_default=True,
    type=click.FloatRange(0.01, 3_600.0),
    help="Seconds before the second try; then twice as long each time: ten tries take an hour.",
)
@click.option(
    "--on-doubt",
    type=click.Choice(["resend", "skip"]),
    default="resend",
    show_default=True,
    help="An e-mail that may have been sent: send it again (at least once), or not (at most once).",
)
@click.option(
    "--deliveries",
    default=8,
    show_default=True,
    type=click.IntRange(1, 256),
    help="E-mails sent at once.",
)
@click.option(
    "--in-flight",
    default=1_000,
    show_default=True,
    type=click.IntRange(1, 10_000),
    help="E-mails of a partition that may wait, for a turn or another try, before it is read no further.",
)
@click.option(
    "--mails-per-hour",
    default=10,
    show_default=True,
    type=click.IntRange(1, 100_000),
    help="E-mails to one address of a tenant, twice as many where money is in danger; what is beyond is one digest.",
)
@click.option(
    "--webhook-deliveries",
    default=128,
    show_default=True,
    type=click.IntRange(1, 1_024),
    help=f"Webhooks sent at once; {TENANT_TURNS} of a tenant, {HOST_TURNS} of a host of a tenant.",
)
@click.option(
    "--webhook-deny",
    multiple=True,
    type=Network(),
    metavar="NETWORK",
    help="Also no webhooks to 203.0.113.0/24 or the like, beside what is not public. May be repeated.",
)
@click.option(
    "--webhook-allow-insecure",
    is_flag=True,
    help="Also http, and addresses that are not public: for tests. What is denied stays denied.",
)
@service_options(9467)
@click.pass_context
def notifier(ctx: click.Context, /, **given: Any) -> None:
    """Send e-mail and webhooks for notifications, each once in effect. SIGTERM finishes what is being sent."""
    if ctx.invoked_subcommand is not None:
        return
    start_logging(given.pop("log_level"), given.pop("log_format"))
    smtp = _smtp(given)
    retry = RetryPolicy(tries=given.pop("tries"), first_wait_s=given.pop("first_wait_s"))
    secrets = _webhook_secrets()
    _run(NotifierSettings(smtp=smtp, retry=retry, webhook_secrets=secrets, **given))


def _webhook_secrets() -> WebhookSecrets | None:
    current, previous = _secret(WEBHOOK_SECRET), _secret(WEBHOOK_SECRET_PREVIOUS)
    if current is not None:
        return WebhookSecrets(current, previous)
    if previous is not None:
        raise CannotRunError(f"{WEBHOOK_SECRET_PREVIOUS} is set, and {WEBHOOK_SECRET} is not")
    return None


def _smtp(given: dict[str, Any]) -> SmtpSettings:
    """Take the options of the mail server out of what was given."""
    user, tls, password = given.pop("smtp_user"), given.pop("smtp_tls"), _secret(SMTP_PASSWORD)
    if user and tls == "none":
        raise CannotRunError("--smtp-user with --smtp-tls none would send the password in clear")
    if user and password is None:
        raise CannotRunError(
            f"--smtp-user {user}: no password; set {SMTP_PASSWORD} or {SMTP_PASSWORD}_FILE"
        )
    if password is not None and not user:
        raise CannotRunError(f"{SMTP_PASSWORD} is set, and --smtp-user is not")
    return SmtpSettings(
        host=given.pop("smtp_host"),
        port=given.pop("smtp_port") or _PORTS[tls],
        tls=tls,
        user=user,
        password=password,
        ca_file=given.pop("smtp_ca"),
        timeout_s=given.pop("smtp_timeout_s"),
    )


def _run(settings: NotifierSettings) -> None:
    from rater.shell.notifier.service import run  # noqa: PLC0415

    if settings.webhook_secrets is None:
        logging.getLogger(__name__).warning(
            "%(variable)s is not set: webhooks become dead letters", {"variable": WEBHOOK_SECRET}
        )
    run_service(lambda: run(settings))


@notifier.command(name="webhook-key")
@click.argument("tenant")
def webhook_key(tenant: str) -> None:
    """Print the keys with which the webhooks of TENANT are signed; give them to its administrator alone.

    They are written as Standard Webhooks writes them, `whsec_` and base64; its libraries verify with them.
    A line for each version that counts: current, and previous while RATER_WEBHOOK_SECRET_PREVIOUS is set.
    """
    from rater.wire.cdrs import is_tenant_id  # noqa: PLC0415

    if not tenant or not is_tenant_id(tenant):
        raise CannotRunError(f"not a tenant: {tenant!r}")
    secrets = _webhook_secrets()
    if secrets is None:
        raise CannotRunError(f"set {WEBHOOK_SECRET} or {WEBHOOK_SECRET}_FILE")
    for version, key in secrets.keys(tenant).items():
        click.echo(f"{version} {written_key(key)}")
