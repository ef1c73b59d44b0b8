"""The stage of the access rules: a broker that knows each role by a login, and lets it do what was granted, no more.

It writes down what it allowed and refused (Kafka's authorizer, at DEBUG): so which rules are used is seen, not guessed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from deploy.kafka.access import grant
from deploy.kafka.address import HOST, free_ports
from deploy.kafka.broker import Broker
from tests.e2e.broker import admin
from topics.access import Rule, rules
from topics.roles import ROLES, Role

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

Client = TypeVar("Client", AIOKafkaConsumer, AIOKafkaProducer)

ROOT = Path(__file__).resolve().parents[2]
LOGINS = ROOT / "deploy" / "kafka" / "logins.properties.in"
TIMEOUT_S = 90.0
TELL_ALL = "-Drater.access.log=DEBUG"
_TOLD = re.compile(
    r"Principal = User:(?P<user>\S+) is (?P<verdict>Allowed|Denied) operation = (?P<operation>\w+) "
    r"from host = \S+ on resource = (?P<type>\w+):LITERAL:(?P<name>\S+) for request = (?P<request>\w+)"
)
_TYPES = {"Topic": "TOPIC", "Group": "GROUP", "TransactionalId": "TRANSACTIONAL_ID"}


class Told(NamedTuple):
    """What the authorizer said of one request."""

    user: str
    verdict: str
    operation: str
    resource_type: str
    name: str
    request: str


class AccessBroker(Broker):
    """A broker with a second listener, which asks for a login; each role's password is its name."""

    def __init__(self) -> None:
        """Name it; nothing is started yet."""
        super().__init__(f"test-{os.getpid()}-{uuid.uuid4().hex[:8]}", short_lived=True)
        self.options = (*self.options, TELL_ALL)
        (self.login_port,) = free_ports(1)

    @property
    def logins(self) -> str:
        """The address of the listener that asks for a login."""
        return f"{HOST}:{self.login_port}"

    def _write_settings(self) -> Path:
        settings = super()._write_settings()
        text = settings.read_text()
        controller = re.search(r"controller\.quorum\.voters=1@\S+:(\d+)", text)
        assert controller, text
        more = LOGINS.read_text()
        users = " ".join(f'user_{role.principal}="{role.principal}"' for role in ROLES)
        for name, value in {
            "port": self.port,
            "controller_port": controller[1],
            "login_port": self.login_port,
            "users": users,
        }.items():
            more = more.replace("{" + name + "}", str(value))
        settings.write_text(f"{text}\n{more}")
        return settings

    def told(self) -> Iterable[Told]:
        """Yield all that the authorizer has said so far."""
        for log in self.log.parent.glob("server*.log"):
            with log.open(errors="replace") as lines:
                for line in lines:
                    if found := _TOLD.search(line):
                        resource_type = _TYPES.get(found["type"], found["type"])
                        yield Told(
                            *(found["user"], found["verdict"], found["operation"]),
                            *(resource_type, found["name"], found["request"]),
                        )


async def grant_all(broker: AccessBroker, without: Iterable[Rule] = ()) -> None:
    """Give every role its rules."""
    left_out = set(without)
    async with admin(broker.bootstrap) as client:
        await grant(client, [rule for rule in rules() if rule not in left_out])


def environment(broker: AccessBroker, role: Role) -> dict[str, str]:
    """Return what makes a program of Rater log in as a role."""
    return {
        "RATER_BROKER": broker.logins,
        "RATER_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "RATER_KAFKA_SASL_MECHANISM": "PLAIN",
        "RATER_KAFKA_USERNAME": role.principal,
        "RATER_KAFKA_PASSWORD": role.principal,
    }


class Ended(NamedTuple):
    """A command that has ended."""

    code: int
    out: str
    err: str


def rater(broker: AccessBroker, role: Role, *arguments: str, given: str = "") -> Ended:
    """Run a command to its end, logged in as a role."""
    done = subprocess.run(
        [sys.executable, "-m", "rater", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment(broker, role)},
        input=given,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def options(broker: AccessBroker, role: Role) -> dict[str, Any]:
    """Return what a client of aiokafka logs in as a role with."""
    return {
        "bootstrap_servers": broker.logins,
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "PLAIN",
        "sasl_plain_username": role.principal,
        "sasl_plain_password": role.principal,
    }


@asynccontextmanager
async def _running(client: Client) -> AsyncIterator[Client]:
    try:
        await client.start()
        yield client
    finally:
        await client.stop()


def producing(
    broker: AccessBroker, role: Role, transactional_id: str | None = None
) -> AbstractAsyncContextManager[AIOKafkaProducer]:
    """Open a producer of a role; without a transactional id, an idempotent one."""
    more: dict[str, Any] = {"transactional_id": transactional_id}
    if transactional_id is None:
        more["enable_idempotence"] = True
    return _running(AIOKafkaProducer(**options(broker, role), **more))


def consuming(
    broker: AccessBroker, role: Role, *topics: str, group: str | None = None
) -> AbstractAsyncContextManager[AIOKafkaConsumer]:
    """Open a consumer of a role."""
    return _running(AIOKafkaConsumer(*topics, **options(broker, role), group_id=group))


@asynccontextmanager
async def administering(broker: AccessBroker, role: Role) -> AsyncIterator[AIOKafkaAdminClient]:
    """Open an admin client of a role."""
    client = AIOKafkaAdminClient(**options(broker, role))
    try:
        await client.start()
        yield client
    finally:
        await client.close()
