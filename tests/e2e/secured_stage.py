"""The stage of a secured Kafka: a broker with TLS, logins, tokens and the rights of each role, and programs on it."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.kafka.broker import Broker
from deploy.kafka.process import within
from deploy.kafka.secured import Access, Secured
from tests.e2e.token_server import AUDIENCE, ISSUER, TokenServer
from topics.access import rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "org.apache.kafka.common.security"
TIMEOUT_S = 90.0
TOKEN_SECRETS = {"admin": "token-secret-of-admin", "nobody": "token-secret-of-nobody"}
NARROW = "narrow"
"""A user with the rights of charging, but for some."""
WITHOUT = {"no-group": "GROUP", "no-transactions": "TRANSACTIONAL_ID"}
"""Users with the rights of charging, but for those on one kind of thing."""


def _access(tokens: TokenServer) -> Access:
    """Return the rights of all roles and those of narrow users, and a listener that takes tokens and PLAIN, too."""
    granted = [asdict(rule) for rule in rules()]
    charging = [rule for rule in granted if rule["principal"] == "User:charging"]
    for user, kind in WITHOUT.items():
        granted += [
            {**rule, "principal": f"User:{user}"}
            for rule in charging if rule["resource_type"] != kind
        ]  # fmt: skip
    granted += [
        {**rule, "principal": "User:no-read"}
        for rule in charging if (rule["name"], rule["operation"]) != ("cdr.raw.v1", "READ")
    ]  # fmt: skip
    granted.append({**charging[0], "principal": "User:no-read", "resource_type": "TOPIC", "name": "cdr.raw.v1",
                    "pattern_type": "LITERAL", "operation": "DESCRIBE"})  # fmt: skip
    made = Access.of(granted)
    clients = "listener.name.clients"
    settings = {
        f"{clients}.sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN,OAUTHBEARER",
        f"{clients}.plain.sasl.jaas.config": f'{PACKAGE}.plain.PlainLoginModule required user_admin="plain-secret";',
        f"{clients}.oauthbearer.sasl.jaas.config": f"{PACKAGE}.oauthbearer.OAuthBearerLoginModule required;",
        f"{clients}.oauthbearer.sasl.server.callback.handler.class":
            f"{PACKAGE}.oauthbearer.OAuthBearerValidatorCallbackHandler",
        f"{clients}.oauthbearer.connections.max.reauth.ms": "3600000",
        "sasl.oauthbearer.jwks.endpoint.url": tokens.jwks.as_uri(),
        "sasl.oauthbearer.expected.audience": AUDIENCE,
        "sasl.oauthbearer.expected.issuer": ISSUER,
    }  # fmt: skip
    allowed = (
        f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={tokens.jwks.as_uri()}",
        f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.files={tokens.jwks}",
    )
    return Access(made.users, granted, settings, allowed)


@dataclass(frozen=True)
class Stage:
    """A secured broker that runs, and the endpoint whose tokens it takes."""

    broker: Broker
    tokens: TokenServer
    folder: Path

    @property
    def secured(self) -> Secured:
        assert self.broker.secured is not None
        return self.broker.secured

    def user(self, name: str, **other: str) -> dict[str, str]:
        """Return how a process reaches the broker as a user, with other settings instead of some."""
        return {**self.secured.environment(name), **other}

    def certificate(self, **other: str) -> dict[str, str]:
        """Return how one reaches it with the administrator's certificate."""
        return {
            "RATER_BROKER": self.secured.certificates,
            "RATER_KAFKA_SECURITY_PROTOCOL": "SSL",
            "RATER_KAFKA_CA_FILE": str(self.secured.ca),
            "RATER_KAFKA_CERTIFICATE_FILE": str(self.secured.admin.certificate),
            "RATER_KAFKA_KEY_FILE": str(self.secured.admin.key),
            **other,
        }

    def token(self, client: str = "admin", **other: str) -> dict[str, str]:
        """Return how one reaches it with a token."""
        return {
            "RATER_BROKER": self.broker.bootstrap,
            "RATER_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "RATER_KAFKA_SASL_MECHANISM": "OAUTHBEARER",
            "RATER_KAFKA_CA_FILE": str(self.secured.ca),
            "RATER_KAFKA_TOKEN_URL": self.tokens.url,
            "RATER_KAFKA_CLIENT_ID": client,
            "RATER_KAFKA_CLIENT_SECRET": TOKEN_SECRETS[client],
            **other,
        }


@contextmanager
def secured_stage(folder: Path) -> Iterator[Stage]:
    """Start the broker with the topics on it."""
    with TokenServer(folder, TOKEN_SECRETS) as tokens:
        name = f"test-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        broker = Broker(name, short_lived=True, access=_access(tokens))
        try:
            broker.start()
            stage = Stage(broker, tokens, folder)
            code, said = rater(stage.user("operator"), "topics", "create")
            assert code == 0, said
            yield stage
        finally:
            broker.remove()


def rater(environment: Mapping[str, str], *words: str, given: str = "") -> tuple[int, str]:
    """Run a command to its end; return its exit code and all that it said."""
    done = subprocess.run(
        [sys.executable, "-m", "rater", *words], cwd=ROOT, env={**_bare(), **environment}, input=given, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


class Running:
    """A service that goes on; its log is `text`."""

    def __init__(self, environment: Mapping[str, str], log: Path, *words: str) -> None:
        self.log = log
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "rater", *words, "--metrics-port", "0"], cwd=ROOT,
                env={**_bare(), **environment}, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
            )  # fmt: skip

    @property
    def text(self) -> str:
        return self.log.read_text()

    def says(self, words: str) -> bool:
        """Wait until the log says something; False when it ends or takes too long."""
        within(TIMEOUT_S, lambda: words in self.text or self.process.poll() is not None)
        return words in self.text

    def ended(self) -> int:
        """Wait for its end; return its exit code."""
        return self.process.wait(TIMEOUT_S)


@contextmanager
def service(stage: Stage, environment: Mapping[str, str], *words: str) -> Iterator[Running]:
    """Run a service for as long as the context lasts."""
    running = Running(environment, stage.folder / f"{uuid.uuid4().hex[:8]}.log", *words)
    try:
        yield running
    finally:
        running.process.terminate()
        running.process.wait(TIMEOUT_S)


def _bare() -> dict[str, str]:
    """Return the environment without what it says of Kafka."""
    said = {
        name: value for name, value in os.environ.items() if not name.startswith("RATER_KAFKA_")
    }
    return {**said, "PYTHONPATH": str(ROOT)}
