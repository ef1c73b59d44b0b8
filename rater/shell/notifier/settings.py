"""What the notifier is told at its start; secrets come from the environment or a file, and show in no text of it."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from rater.shell.notifier.message import Sender

SMTP_PASSWORD = "RATER_SMTP_PASSWORD"  # noqa: S105  # The name of a variable.
WEBHOOK_SECRET = "RATER_WEBHOOK_SECRET"  # noqa: S105

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

    broker: str
    metrics_host: str
    metrics_port: int
    sender: Sender
    smtp: SmtpSettings
    retry: RetryPolicy
    on_doubt: OnDoubt
    deliveries: int
    """At most so many are sent at once, and so many in doubt, on each channel."""
    in_flight: int
    """At most about so many notifications of a partition wait, retries included, before it is read no further."""
    session_timeout_s: float
    webhook_secret: str | None = field(repr=False)
    webhook_allow_insecure: bool = False
