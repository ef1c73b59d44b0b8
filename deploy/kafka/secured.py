"""What makes a broker a secured one: an authority and certificates, users with passwords, and access rules.

All of it lies in .kafka/INSTANCE/secured/, readable to its owner alone, and goes with the instance:

    ca.pem                      whom clients trust; the keys beside it are for nobody else
    admin.pem, admin.key        the certificate of who set it up, and may do everything (mutual TLS)
    NAME.password               of a user, as RATER_KAFKA_PASSWORD_FILE wants it
    NAME.env                    to be sourced: how a process reaches the broker as that user

Users are `admin`, who may do everything, and whoever is asked for; without rules they may do nothing.
"""

from __future__ import annotations

import json
import os
import secrets
import ssl
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deploy.kafka.address import HOST, free_ports
from deploy.kafka.certificates import LOCAL, Authority, Certificate
from deploy.kafka.distribution import HERE, BrokerError
from deploy.kafka.process import within
from deploy.kafka.wire import Wire, administrator, visitor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

ADMIN = "admin"
USERS_S = 20.0
"""How long users that were made may take to arrive at the broker."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who there is besides the administrator, and what they may do."""

    users: tuple[str, ...] = ()
    rules: Sequence[Mapping[str, str]] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    """Of the broker besides, for tests."""
    options: tuple[str, ...] = ()
    """Of its JVM, likewise."""
    folder: Path | None = None
    """Where certificates and passwords lie, for several brokers that share them; None: with the instance."""

    @classmethod
    def of(cls, rules: Sequence[Mapping[str, str]]) -> Access:
        """Return the users that some rules name, and these: what `rater topics acls --format json` prints."""
        kinds = {rule["principal"].partition(":")[::2] for rule in rules}
        return cls(tuple(sorted(name for kind, name in kinds if kind == "User")), rules)


def read_access(file: Path) -> Access:
    """Read what `rater topics acls --format json` has printed; BrokerError where it is not that."""
    try:
        return Access.of(json.loads(file.read_text()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrokerError(f"{file}: no access rules: {error!r}") from error


class Secured:
    """The secured side of one instance."""

    def __init__(self, folder: Path, access: Access) -> None:
        """Name it; nothing is made yet."""
        self.folder = folder
        self.access = access
        self.port = 0
        self.certificates_port = 0
        """Where clients come with a certificate."""
        self.bootstrap = ""
        """Of the cluster that it is a part of; empty: it is alone."""

    @property
    def ca(self) -> Path:
        """Whom clients trust."""
        return self.folder / "ca.pem"

    @property
    def admin(self) -> Certificate:
        """Of the administrator."""
        return Certificate(self.folder / "admin.pem", self.folder / "admin.key")

    @property
    def certificates(self) -> str:
        """The address for clients with a certificate, `host:port`."""
        return f"{HOST}:{self.certificates_port}"

    def prepare(self, settings: Path, port: int, controller_port: int) -> None:
        """Make what the broker reads, and append its settings; files that are there stay."""
        authority = Authority(self.folder)
        if not self.admin.certificate.exists():
            authority.issue(ADMIN)
            own = authority.issue("broker", LOCAL)
            parts = (own.key, own.certificate, authority.certificate)
            _write_private(self.folder / "broker-store.pem", "".join(p.read_text() for p in parts))
        self.port, (self.certificates_port,) = port, free_ports(1)
        text = (HERE / "secured.properties.in").read_text()
        values = {"port": port, "certificates_port": self.certificates_port,
                  "controller_port": controller_port, "folder": self.folder}  # fmt: skip
        for name, value in values.items():
            text = text.replace("{" + name + "}", str(value))
        text += "".join(f"{name}={value}\n" for name, value in self.access.settings.items())
        _write_private(settings, f"{settings.read_text()}\n{text}")

    def live_nodes(self, timeout_s: float = 1.0) -> frozenset[int]:
        """Return which brokers this one names, as `address.live_nodes` does of one that is not secured."""
        try:
            with Wire.to(self.certificates, self._administrator(), timeout_s) as wire:
                return wire.live_nodes()
        except (OSError, struct.error, ValueError):
            return frozenset()

    def set_up(self, port: int) -> None:
        """Make the users and grant the rules, on a broker that answers; write down how each gets in."""
        self.port = port
        passwords = {name: self._password(name) for name in (ADMIN, *self.access.users)}
        try:
            with Wire.to(self.certificates, self._administrator()) as wire:
                wire.set_passwords(passwords)
                if self.access.rules:
                    wire.grant(self.access.rules)
        except (OSError, struct.error) as error:
            raise BrokerError(f"the secured broker was not set up: {error}") from error
        for name in passwords:
            _write_private(self.folder / f"{name}.env", self._exports(name))
        if not within(USERS_S, lambda: all(map(self._knows, passwords))):
            raise BrokerError(f"users cannot log in after {USERS_S:.0f} s")

    def environment(self, user: str) -> dict[str, str]:
        """Return how a process of Rater reaches the broker as a user."""
        return {
            "RATER_BROKER": self.bootstrap or f"{HOST}:{self.port}",
            "RATER_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "RATER_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "RATER_KAFKA_CA_FILE": str(self.ca),
            "RATER_KAFKA_USERNAME": user,
            "RATER_KAFKA_PASSWORD_FILE": str(self.folder / f"{user}.password"),
        }

    def _exports(self, user: str) -> str:
        lines = (f"export {name}='{value}'\n" for name, value in self.environment(user).items())
        return "".join(lines)

    def _administrator(self) -> ssl.SSLContext:
        return administrator(self.ca, self.admin)

    def _password(self, user: str) -> str:
        file = self.folder / f"{user}.password"
        if not file.exists():
            _write_private(file, f"{secrets.token_urlsafe(24)}\n")
        return file.read_text().strip()

    def _knows(self, user: str) -> bool:
        with (
            suppress(OSError, struct.error),
            Wire.to(f"{HOST}:{self.port}", visitor(self.ca)) as wire,
        ):
            return wire.knows(user)
        return False


def _write_private(file: Path, text: str) -> None:
    """Write a file that its owner alone can read, from the first moment on."""
    with suppress(FileNotFoundError):
        file.unlink()
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)


def environments(folder: Path) -> Iterable[Path]:
    """Return the files to be sourced, that of the administrator first."""
    return sorted(folder.glob("*.env"), key=lambda file: (file.stem != ADMIN, file.stem))
