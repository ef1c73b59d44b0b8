"""Clients: the only place that connects to a broker; what every connection needs is said here, once.

The variables are those of `rater`, `RATER_KAFKA_...`, which the services of a run get with the rest of the environment.
They are read here by code of our own: this package sees nothing of `rater` (A73).
"""

import os
import ssl
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from loadtest.rater_command import CommandError

_TOKENS = "OAUTHBEARER"


def _said(name: str) -> str | None:
    """Return what a variable of the way to Kafka says; None: nothing."""
    return os.environ.get(f"RATER_KAFKA_{name}", "").strip() or None


def _secret(name: str) -> str | None:
    """Return a secret, which may lie in a file."""
    file = _said(f"{name}_FILE")
    return _said(name) or (Path(file).read_text(encoding="utf-8").strip() if file else None)


def _options(bootstrap: str) -> dict[str, Any]:
    """Return what any client needs to connect."""
    protocol, mechanism = _said("SECURITY_PROTOCOL") or "PLAINTEXT", _said("SASL_MECHANISM")
    options: dict[str, Any] = {"bootstrap_servers": bootstrap, "security_protocol": protocol}
    if protocol.endswith("SSL"):
        options["ssl_context"] = _context()
    if protocol.startswith("SASL_"):
        if mechanism == _TOKENS:
            raise CommandError(f"a load test logs in by password or certificate, not {_TOKENS}")
        options |= {
            "sasl_mechanism": mechanism,
            "sasl_plain_username": _said("USERNAME"),
            "sasl_plain_password": _secret("PASSWORD"),
        }
    return options


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=_said("CA_FILE"))
    context.check_hostname = _said("CHECK_HOSTNAME") not in {"0", "false", "no", "off"}
    if certificate := _said("CERTIFICATE_FILE"):
        # Without a password OpenSSL would ask at the terminal.
        context.load_cert_chain(certificate, _said("KEY_FILE"), _secret("KEY_PASSWORD") or "")
    return context


def consumer(bootstrap: str, *topics: str, **options: Any) -> AIOKafkaConsumer:
    """Make a consumer of committed records, to be started; without a group it gets all partitions at once."""
    given = {"isolation_level": "read_committed", "enable_auto_commit": False, **options}
    return AIOKafkaConsumer(*topics, **_options(bootstrap), **given)


def producer(bootstrap: str, **options: Any) -> AIOKafkaProducer:
    """Make a producer that all replicas acknowledge, to be started."""
    return AIOKafkaProducer(**_options(bootstrap), acks="all", **options)


def admin(bootstrap: str) -> AIOKafkaAdminClient:
    """Make an admin client, to be started."""
    return AIOKafkaAdminClient(**_options(bootstrap))
