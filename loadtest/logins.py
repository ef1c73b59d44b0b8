"""Logins: as whom each client and each command of a run reaches a broker that lets nobody do everything.

LOADTEST_LOGINS names a folder with a file ROLE.env for each role, as `make kafka-up SECURE=1` makes it. Then a command
of `rater` logs in as the role whose work it does, and a client of ours as one that may write or read what it does.
Without the folder all are whom the variables RATER_KAFKA_... name, or nobody.
"""

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from topics import roles
from topics.catalog import BY_NAME
from topics.roles import Role

FOLDER = "LOADTEST_LOGINS"
KAFKA = "RATER_KAFKA_"
"""What the variables of the way to Kafka begin with."""
_COMMANDS: Mapping[tuple[str, ...], Role] = {
    ("worker", "charging"): roles.CHARGING,
    ("worker", "recharge"): roles.RECHARGE,
    ("gateway",): roles.GATEWAY,
    ("notifier",): roles.NOTIFIER,
    ("gatekeeper",): roles.GATEKEEPER,
    ("authorise",): roles.GATEKEEPER,
    ("watch",): roles.WATCH,
    ("canary",): roles.CANARY,
    ("deck",): roles.DECK_LOADER,
    ("plan",): roles.PLAN_LOADER,
    ("config",): roles.CONFIG_LOADER,
    ("reconcile",): roles.RECONCILER,
    ("produce",): roles.PRODUCE,
    ("suspense",): roles.RECYCLER,
    ("rerate",): roles.RECYCLER,
    ("dead",): roles.DEAD_LETTERS,
    ("account",): roles.ENQUIRER,
    ("ledger",): roles.ENQUIRER,
    ("calls",): roles.ENQUIRER,
    ("explain",): roles.ENQUIRER,
    ("statement",): roles.ENQUIRER,
    ("export",): roles.ENQUIRER,
    ("topics", "create"): roles.OPERATOR,
    ("topics", "check"): roles.OPERATOR,
    ("topics", "alter"): roles.RETENTION,
}


class LoginError(Exception):
    """There is no login for a role, or no role for a command; the message says which."""


def folder() -> Path | None:
    """Return where the logins lie; None: there is one for all."""
    named = os.environ.get(FOLDER, "").strip()
    return Path(named) if named else None


@contextmanager
def lying_in(place: Path) -> Iterator[None]:
    """Take the logins of a folder for as long as the context lasts; processes started meanwhile do, too."""
    before = os.environ.get(FOLDER)
    os.environ[FOLDER] = str(place)
    try:
        yield
    finally:
        if before is None:
            del os.environ[FOLDER]
        else:
            os.environ[FOLDER] = before


def variables(role: Role | None) -> Mapping[str, str]:
    """Return what says how a role reaches the broker, RATER_KAFKA_... alone; LoginError where it has no file."""
    place = folder()
    if place is None or role is None:
        return {name: value for name, value in os.environ.items() if name.startswith(KAFKA)}
    file = place / f"{role.principal}.env"
    try:
        return read_file(file)
    except OSError as error:
        raise LoginError(f"{FOLDER}: no login for {role}: {file}: {error.strerror}") from error


def read_file(file: Path) -> Mapping[str, str]:
    """Return what the lines NAME=value of a file say, RATER_KAFKA_... alone."""
    lines = file.read_text(encoding="utf-8").splitlines()
    words = (word for line in lines for word in shlex.split(line, comments=True))
    pairs = (word.partition("=") for word in words)
    return {name: value for name, _, value in pairs if name.startswith(KAFKA)}


def environment(role: Role | None) -> dict[str, str]:
    """Return the environment of a process that logs in as a role; None: our own."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(KAFKA)}
    return {**others, **variables(role)}


def role_of(words: Sequence[str]) -> Role | None:
    """Return whose work a command of `rater` does; None where it needs no broker."""
    match tuple(words):
        case ("topics", "read", topic, *_):
            return reader_of(topic)
        case said:
            return _COMMANDS.get(said[:2]) or _COMMANDS.get(said[:1])


def writer_of(topic: str) -> Role | None:
    """Return who writes a topic in earnest: not `rater produce`, which stands in; None where it is none of ours."""
    known = BY_NAME.get(topic)
    return known.writers[0] if known else None


def reader_of(topic: str) -> Role | None:
    """Return who may read a topic: the reconciler, which writes nothing, where it may; None: none of ours."""
    known = BY_NAME.get(topic)
    if known is None:
        return None
    return roles.RECONCILER if roles.RECONCILER in known.readers else known.readers[0]


def member_of(group: str) -> Role | None:
    """Return who reads in a group, and so may see how far it is; None where it is none of ours."""
    return next((role for role in roles.ROLES if role.group == group), None)
