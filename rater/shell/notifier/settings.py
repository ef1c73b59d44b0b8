"""What the notifier is told at its start; secrets come from the environment or a file, and show in no text of it."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Literal, TypeAlias

from rater.kafka.broker import Broker
from rater.shell.notifier.message import Sender
from rater.shell.notifier.webhook_keys import WebhookSecrets

SMTP_PASSWORD = "RATER_SMTP_PASSWORD"  # noqa: S105  # The name of a variable.
"""Secret: of the mail server, with --smtp-user."""
WEBHOOK_SECRET = "RATER_WEBHOOK_SECRET"  # noqa: S105
"""Secret: from which the key is derived that signs a tenant's webhooks."""
WEBHOOK_SECRET_PREVIOUS = "RATER_WEBHOOK_SECRET_PREVIOUS"  # noqa: S105
"""Secret: the one before, while receivers change; webhooks carry a signature by each."""

TENANT_TURNS = 4
HOST_TURNS = 2

TlsMode: TypeAlias = Literal["starttls", "tls", "none"]
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


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierSettings:
    """What the command line gives."""

    broker: Broker
    metrics_host: str
    metrics_port: int
    sender: Sender
    smtp: SmtpSettings
    retry: RetryPolicy
    on_doubt: OnDoubt
    deliveries: int
    """At most so many e-mails are sent at once, and so many in doubt."""
    in_flight: int
    """At most about so many e-mails of a partition wait, retries included, before it is read no further."""
    session_timeout_s: float
    mails_per_hour: int = 10
    """E-mails an hour to one address of a tenant; beyond, they are held back and told of in one."""
    webhook_deliveries: int = 128
    """At most so many webhooks are sent at once; of a tenant TENANT_TURNS, of a host of a tenant HOST_TURNS."""
    webhook_secrets: WebhookSecrets | None = None
    webhook_deny: tuple[IPv4Network | IPv6Network, ...] = ()
    webhook_allow_insecure: bool = False
