"""Logins of the tests: on secured brokers (RATER_TEST_SECURE=1) each process logs in as its role, a test as `tests`.

Such a broker knows the roles with the rights of `topics.access`, and `tests`, which may make, read and write topics.
Nobody is a super user, and nothing of Rater has the login of the tests: what a role lacks, its tests tell.
Without RATER_TEST_SECURE there are no logins, and all of this is what it is without.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from deploy.kafka.secured import Access
from loadtest import clients, logins
from rater.kafka.broker import Broker
from rater.kafka.security import SETTINGS, read
from rater.secret import Secret
from topics import roles
from topics.access import rules
from topics.roles import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

SWITCH = "RATER_TEST_SECURE"
TESTS = Role(name="the tests", principal="tests")
"""Who plays everybody who is not a part of Rater, and looks at what Rater wrote."""
_TESTS_MAY = {
    "TOPIC": ("READ", "WRITE", "CREATE", "DELETE", "ALTER", "DESCRIBE_CONFIGS", "ALTER_CONFIGS"),
    "GROUP": ("READ",),
    "TRANSACTIONAL_ID": ("WRITE",),
}
_STAND_INS = {
    roles.DECK_LOADER: ("READ", "WRITE"),
    roles.CHARGING: ("READ",),
    roles.PRODUCE: ("WRITE",),
    roles.OPERATOR: ("CREATE", "DESCRIBE", "DESCRIBE_CONFIGS"),
}
"""What roles may do with topics that stand in for theirs in a test; their names begin with `t` (`namespace`)."""


def are_wanted() -> bool:
    """Say whether brokers are secured ones."""
    return os.environ.get(SWITCH, "") not in {"", "0"}


def access() -> Access | None:
    """Return who may do what on a broker of the tests; None: it is not secured."""
    return _access() if are_wanted() else None


@contextmanager
def ready() -> Iterator[None]:
    """Let all that is started while the context lasts find the logins, where they are wanted."""
    if not are_wanted():
        yield
        return
    with logins.lying_in(_folder()):
        yield


@cache
def _access() -> Access:
    granted = [asdict(rule) for rule in rules()]
    granted += [
        _rule(TESTS, kind, "*", "LITERAL", operation)
        for kind, operations in _TESTS_MAY.items()
        for operation in operations
    ]
    granted += [
        _rule(role, "TOPIC", "t", "PREFIXED", operation)
        for role, operations in _STAND_INS.items()
        for operation in operations
    ]
    made = Access.of(granted)
    return Access(made.users, granted, folder=_folder())


def _rule(role: Role, kind: str, name: str, pattern: str, operation: str) -> dict[str, str]:
    return {
        "principal": f"User:{role.principal}", "host": "*", "resource_type": kind, "name": name,
        "pattern_type": pattern, "operation": operation, "permission": "ALLOW",
    }  # fmt: skip


@cache
def _held() -> tempfile.TemporaryDirectory[str]:
    """Make the folder of this process; it goes with it."""
    return tempfile.TemporaryDirectory(prefix="rater-logins-")


def _folder() -> Path:
    return Path(_held().name)


def session(seconds: float) -> tuple[str, str]:
    """Return the option for a session that is to be over soon when a worker is killed, and not before.

    A worker's first connections, some for each partition, cost it a TLS handshake and a SCRAM login each, and on a
    busy machine it would be counted out meanwhile.
    """
    return "--session-timeout", str(patience(seconds))


def patience(seconds: float) -> float:
    """Return how long something may take that takes so long without logins: three times as long where there are.

    For bounds of what is waited for, not for what is measured.
    """
    return seconds * (3 if are_wanted() else 1)


def options(bootstrap: str, role: Role = TESTS) -> dict[str, Any]:
    """Return what a client of aiokafka needs to connect: the only way in for one that a test makes."""
    return clients.options(bootstrap, role)


def reaching(bootstrap: str, role: Role) -> Broker:
    """Return the broker as what of Rater runs in the test's own process reaches it."""
    said = logins.variables(role)
    password = options(bootstrap, role).get("sasl_plain_password")
    secrets = {"password": Secret(password)} if password else {}
    settings = {each.name: said.get(each.variable) for each in SETTINGS}
    return Broker(bootstrap, read(settings, secrets))


def environment(*words: str, **more: str) -> dict[str, str]:
    """Return the environment of a process of `rater WORDS`, which logs in as its role, and `more`."""
    return {**logins.environment(logins.role_of(words)), **more}


def runner(role: Role) -> CliRunner:
    """Return what runs a command in the test's own process, logged in as a role."""
    return CliRunner(env=logins.variables(role))
