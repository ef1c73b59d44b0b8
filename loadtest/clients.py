"""Clients: the only place that connects to a broker; what every connection needs is said here, once.

Each says as which role it connects, for a broker that tells roles apart (`logins`); None: as whoever runs us.
The variables are those of `rater`, `RATER_KAFKA_...`. They are read here by code of our own: this package sees nothing
of `rater` (A73).
"""

import ssl
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from loadtest import logins
from loadtest.rater_command import CommandError
from topics.roles import Role

_TOKENS = "OAUTHBEARER"


class _Parting(ssl.SSLObject):
    """One that does not wait for the broker's good-bye, which may take half a minute."""

    def unwrap(self) -> None:
        with suppress(ssl.SSLWantReadError, ssl.SSLSyscallError):
            super().unwrap()


class _Login:
    """The variables of the way to Kafka."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def said(self, name: str) -> str | None:
        """Return what one says; None: nothing."""
        return self._variables.get(f"{logins.KAFKA}{name}", "").strip() or None

    def secret(self, name: str) -> str | None:
        """Return a secret, which may lie in a file."""
        file = self.said(f"{name}_FILE")
        return self.said(name) or (Path(file).read_text(encoding="utf-8").strip() if file else None)

    def context(self) -> ssl.SSLContext:
        """Make what TLS needs."""
        context = ssl.create_default_context(cafile=self.said("CA_FILE"))
        context.sslobject_class = _Parting
        context.check_hostname = self.said("CHECK_HOSTNAME") not in {"0", "false", "no", "off"}
        if certificate := self.said("CERTIFICATE_FILE"):
            # Without a password OpenSSL would ask at the terminal.
            password = self.secret("KEY_PASSWORD") or ""
            context.load_cert_chain(certificate, self.said("KEY_FILE"), password)
        return context


def options(
    bootstrap: str, role: Role | None, variables: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return what any client of a role needs to connect; `variables`: of another way than the role's own."""
    login = _Login(logins.variables(role) if variables is None else variables)
    protocol = login.said("SECURITY_PROTOCOL") or "PLAINTEXT"
    mechanism = login.said("SASL_MECHANISM")
    needed: dict[str, Any] = {"bootstrap_servers": bootstrap, "security_protocol": protocol}
    if protocol.endswith("SSL"):
        needed["ssl_context"] = login.context()
    if protocol.startswith("SASL_"):
        if mechanism == _TOKENS:
            raise CommandError(f"a load test logs in by password or certificate, not {_TOKENS}")
        needed |= {
            "sasl_mechanism": mechanism,
            "sasl_plain_username": login.said("USERNAME"),
            "sasl_plain_password": login.secret("PASSWORD"),
        }
    return needed


def consumer(
    bootstrap: str,
    *topics: str,
    role: Role | None,
    login: Mapping[str, str] | None = None,
    **more: Any,
) -> AIOKafkaConsumer:
    """Make a consumer of committed records, to be started; without a group it gets all partitions at once."""
    given = {"isolation_level": "read_committed", "enable_auto_commit": False, **more}
    return AIOKafkaConsumer(*topics, **options(bootstrap, role, login), **given)


def producer(bootstrap: str, role: Role | None, **more: Any) -> AIOKafkaProducer:
    """Make a producer that all replicas acknowledge, to be started."""
    return AIOKafkaProducer(**options(bootstrap, role), acks="all", **more)


def admin(bootstrap: str, role: Role | None) -> AIOKafkaAdminClient:
    """Make an admin client, to be started."""
    return AIOKafkaAdminClient(**options(bootstrap, role))
