"""Access rules written out: for people and `kafka-acls.sh`, for Strimzi's user operator, for programs."""

import json
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Final

from topics.access import USER, Rule

_OPTIONS: Final = {
    "TOPIC": "--topic",
    "GROUP": "--group",
    "TRANSACTIONAL_ID": "--transactional-id",
}
_HEAD: Final = """\
# BROKER is host:port, ADMIN a file with the login of somebody who may alter the cluster:
# rater topics acls | BROKER=localhost:9092 ADMIN=admin.properties sh
"""
_STRIMZI_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_COMMON_NAME: Final = "CN="


class PrincipalError(ValueError):
    """A principal that a format cannot express."""


def as_json(rules: Sequence[Rule]) -> str:
    """Return a list of objects, one for each rule, one a line."""
    lines = ",\n".join(json.dumps(asdict(rule)) for rule in rules)
    return f"[\n{lines}\n]\n"


def as_kafka_acls(rules: Sequence[Rule]) -> str:
    """Return commands of Kafka's own tool: as few as there may be, for each of them starts a JVM."""
    lines = [_HEAD]
    for (principal, resource_type, pattern_type, operations), names in _together(rules):
        words = ["--add", "--allow-principal", principal]
        for operation in operations:
            words += ["--operation", _camel(operation)]
        for name in names:
            words += [_OPTIONS[resource_type], name]
        words += ["--resource-pattern-type", pattern_type.lower()]
        tool = 'kafka-acls.sh --bootstrap-server "$BROKER" --command-config "$ADMIN"'
        lines.append(f"{tool} {shlex.join(words)}\n")
    return "".join(lines)


_Key = tuple[str, str, str, tuple[str, ...]]


def _together(rules: Iterable[Rule]) -> list[tuple[_Key, list[str]]]:
    """Return the names that have principal, kinds and operations in common, and these."""
    names: dict[_Key, list[str]] = {}
    for resource, same in groupby(
        rules, key=lambda rule: (rule.principal, rule.resource_type, rule.name, rule.pattern_type)
    ):
        principal, resource_type, name, pattern_type = resource
        operations = tuple(rule.operation for rule in same)
        names.setdefault((principal, resource_type, pattern_type, operations), []).append(name)
    return list(names.items())


def as_strimzi(rules: Sequence[Rule], cluster: str) -> str:
    """Return one KafkaUser for each principal, of a cluster by this name; PrincipalError where none can be that."""
    users = groupby(rules, key=lambda rule: rule.principal)
    return "".join(_kafka_user(principal, list(own), cluster) for principal, own in users)


def _kafka_user(principal: str, rules: Sequence[Rule], cluster: str) -> str:
    name, authentication = _strimzi_user(principal)
    head = f"""\
---
apiVersion: kafka.strimzi.io/v1
kind: KafkaUser
metadata:
  name: {name}
  labels:
    strimzi.io/cluster: {cluster}
spec:
  authentication:
    type: {authentication}
  authorization:
    type: simple
    acls:
"""
    return head + "".join(
        f"""\
      - resource:
          type: {_lower_camel(resource_type)}
          name: {resource}
          patternType: {"prefix" if pattern_type == "PREFIXED" else "literal"}
        operations: [{", ".join(map(_camel, operations))}]
"""
        for (_, resource_type, pattern_type, operations), names in _together(rules)
        for resource in names
    )


def _strimzi_user(principal: str) -> tuple[str, str]:
    """Return a user's name and how it logs in.

    Strimzi's principals are `User:name` and, of those that log in by certificate, `User:CN=name`.
    """
    user = principal.removeprefix(USER)
    name = user.removeprefix(_COMMON_NAME)
    if not principal.startswith(USER) or not _STRIMZI_NAME.fullmatch(name):
        raise PrincipalError(
            f"{principal}: Strimzi has User:name and User:CN=name, of small letters, digits, dashes and dots"
        )
    return name, "scram-sha-512" if name == user else "tls"


def _camel(word: str) -> str:
    return "".join(part.capitalize() for part in word.split("_"))


def _lower_camel(word: str) -> str:
    return word[:1].lower() + _camel(word)[1:]
