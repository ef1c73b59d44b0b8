"""What the notifier is told at its start; secrets come from the environment or a file, and show in no text of it."""

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, ClassVar, Final, Literal, TypeAlias

from pydantic import BeforeValidator, FilePath, InstanceOf

from rater.secret import Secret
from rater.shell.notifier.message import Sender, read_sender
from rater.shell.notifier.webhook_keys import WebhookSecrets
from rater.shell.process.settings.declaration import Names, setting
from rater.shell.process.settings.effect import Only
from rater.shell.process.settings.service import GroupSettings, Host, Wrong, metrics_port

SMTP_PASSWORD = "RATER_SMTP_PASSWORD"  # noqa: S105  # The name of a variable.
"""Secret: of the mail server, with --smtp-user."""
WEBHOOK_SECRET = "RATER_WEBHOOK_SECRET"  # noqa: S105
"""Secret: from which the key is derived that signs a tenant's webhooks."""
WEBHOOK_SECRET_PREVIOUS = "RATER_WEBHOOK_SECRET_PREVIOUS"  # noqa: S105
"""Secret: the one before, while receivers change; webhooks carry a signature by each."""

_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
TENANT_TURNS = 4
HOST_TURNS = 2

TlsMode: TypeAlias = Literal["starttls", "tls", "none"]
Network: TypeAlias = IPv4Network | IPv6Network
OnDoubt: TypeAlias = Literal["resend", "skip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """The mail server, and how to speak with it. `tls` "starttls" insists on it."""

    host: str
    port: int
    tls: TlsMode = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often a delivery is tried and how long it waits in between: `first_wait_s`, then twice as long each time."""

    tries: int = 10
    first_wait_s: float = 7.0


def _read_sender(given: object) -> Sender:
    return given if isinstance(given, Sender) else read_sender(str(given))


def _read_network(given: object) -> Network:
    try:
        return ip_network(given)  # type: ignore[arg-type]
    except ValueError as error:
        raise ValueError(f"not a network like 203.0.113.0/24: {error}") from None


class NotifierSettings(GroupSettings):
    """Of `rater notifier`."""

    table: ClassVar[str] = "notifier"
    only_with: ClassVar[Mapping[str, tuple[Only, ...]]] = {
        "smtp_ca": (Only("smtp_tls", ("starttls", "tls")),),
        "smtp_password": (Only("smtp_user"),),
        "webhook_secret_previous": (Only("webhook_secret"),),
    }

    sender: Annotated[InstanceOf[Sender], BeforeValidator(_read_sender)] = setting(
        "Rater <rater@localhost>",
        "Whom the letters are from; its domain ends every Message-ID.",
        Names("from", variable="RATER_MAIL_FROM", option="--from"),
    )
    smtp_host: Host = setting("localhost", "The mail server.", Names(variable="RATER_SMTP_HOST"))
    smtp_port: int | None = setting(
        None,
        "Without it 587, 465 or 25, by --smtp-tls.",
        Names(variable="RATER_SMTP_PORT"),
        low=1,
        high=65_535,
    )
    smtp_tls: TlsMode = setting(
        "starttls", "starttls insists on it.", Names(variable="RATER_SMTP_TLS")
    )
    smtp_ca: FilePath | None = setting(
        None, "Trust this CA file.", Names(variable="RATER_SMTP_CA", metavar="FILE")
    )
    smtp_user: str | None = setting(
        None,
        f"The password is in {SMTP_PASSWORD}, or in the file that {SMTP_PASSWORD}_FILE names.",
        Names(variable="RATER_SMTP_USER"),
    )
    smtp_password: Secret | None = setting(
        None, "Of the mail server, with --smtp-user.", Names(variable=SMTP_PASSWORD)
    )
    smtp_timeout_s: float = setting(
        30.0,
        "Seconds for each answer of the mail server.",
        Names(variable="RATER_SMTP_TIMEOUT"),
        low=0.1,
        high=300.0,
    )
    tries: int = setting(
        10,
        "How often an e-mail or a webhook is tried before it is a dead letter.",
        Names(unit="tries"),
        low=1,
        high=100,
    )
    retry_first_s: float = setting(
        7.0,
        "Seconds before the second try; then twice as long each time: ten tries take an hour.",
        low=0.01,
        high=3_600.0,
    )
    on_doubt: OnDoubt = setting(
        "resend",
        "An e-mail that may have been sent: send it again (at least once), or not (at most once).",
    )
    deliveries: int = setting(8, "E-mails sent at once.", Names(unit="e-mails"), low=1, high=256)
    in_flight: int = setting(
        1_000,
        "E-mails of a partition that may wait, for a turn or another try, before it is read no further.",
        Names(unit="e-mails"),
        low=1,
        high=10_000,
    )
    mails_per_hour: int = setting(
        10,
        "E-mails to one address of a tenant, twice as many where money is in danger; what is beyond is one digest.",
        Names(unit="e-mails"),
        low=1,
        high=100_000,
    )
    webhook_deliveries: int = setting(
        128,
        f"Webhooks sent at once; {TENANT_TURNS} of a tenant, {HOST_TURNS} of a host of a tenant.",
        Names(unit="webhooks"),
        low=1,
        high=1_024,
    )
    webhook_deny: tuple[Annotated[Network, BeforeValidator(_read_network)], ...] = setting(
        (),
        "Also no webhooks to 203.0.113.0/24 or the like, beside what is not public. May be repeated.",
        Names(metavar="NETWORK"),
    )
    webhook_allow_insecure: bool = setting(
        False,
        "Also http, and addresses that are not public: for tests. What is denied stays denied.",
    )
    webhook_secret: Secret | None = setting(
        None,
        "From which the key is derived that signs a tenant's webhooks.",
        Names(variable=WEBHOOK_SECRET),
    )
    webhook_secret_previous: Secret | None = setting(
        None,
        "The one before, while receivers change; webhooks carry a signature by each.",
        Names(variable=WEBHOOK_SECRET_PREVIOUS),
    )
    metrics_port: int = metrics_port(9467)

    @property
    def smtp(self) -> SmtpSettings:
        """Return the mail server."""
        return SmtpSettings(
            host=self.smtp_host,
            port=self.smtp_port or _PORTS[self.smtp_tls],
            tls=self.smtp_tls,
            user=self.smtp_user,
            password=None if self.smtp_password is None else self.smtp_password.reveal(),
            ca_file=None if self.smtp_ca is None else str(self.smtp_ca),
            timeout_s=self.smtp_timeout_s,
        )

    @property
    def retry(self) -> RetryPolicy:
        """Return how often a delivery is tried, and when."""
        return RetryPolicy(tries=self.tries, first_wait_s=self.retry_first_s)

    @property
    def webhook_secrets(self) -> WebhookSecrets | None:
        """Return what webhooks are signed by; None: nothing."""
        current, previous = self.webhook_secret, self.webhook_secret_previous
        if current is None:
            return None
        return WebhookSecrets(current.reveal(), None if previous is None else previous.reveal())

    def contradictions(self) -> Iterator[Wrong]:
        """Yield also what is wrong with the login at the mail server, and with its CA file."""
        yield from super().contradictions()
        user, password = self.smtp_user, self.smtp_password
        if user and self.smtp_tls == "none":
            sentence = "--smtp-user with --smtp-tls none would send the password in clear"
            yield "smtp_user", sentence
        if user and password is None:
            how = f"set {SMTP_PASSWORD} or {SMTP_PASSWORD}_FILE"
            yield "smtp_user", f"--smtp-user {user}: no password; {how}"
        if self.smtp_ca is not None:
            try:
                ssl.create_default_context(cafile=self.smtp_ca)
            except OSError as error:
                why = getattr(error, "reason", None) or error.strerror
                sentence = (
                    f"--smtp-ca must be a PEM file with certificates, found {self.smtp_ca}: {why}"
                )
                yield "smtp_ca", sentence
