"""What the notifier is told at its start; secrets come from the environment or a file, and show in no text of it."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from rater.shell.notifier.message import Sender

SMTP_PASSWORD = "RATER_SMTP_PASSWORD"  # noqa: S105  # The name of a variable.
WEBHOOK_SECRET = "RATER_WEBHOOK_SECRET"  # noqa: S105

TlsMode: TypeAlias = Literal["starttls", "tls", "none"]
OnDoubt: TypeAlias = Literal["resend", "skip"]


class SecretError(Exception):
    """A secret cannot be read; the message names the variable, never the secret."""


def read_secret(variable: str) -> str | None:
    """Return the secret in VARIABLE, or in the file that VARIABLE_FILE names, less its last line end; or None."""
    if secret := os.environ.get(variable):
        return secret
    path = os.environ.get(f"{variable}_FILE")
    if not path:
        return None
    try:
        secret = Path(path).read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SecretError(f"{variable}_FILE: cannot read {path}: {type(error).__name__}") from error
    if not secret:
        raise SecretError(f"{variable}_FILE: {path} is empty")
    return secret


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
