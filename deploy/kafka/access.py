"""Access rules put on a broker, and taken away: Kafka's own requests, for aiokafka's admin client has no call for them.

All rules go in one request; `kafka-acls.sh` would start a JVM for each of its lines. Needs the project's .venv.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiokafka.protocol.admin import CreateAclsRequest_v1, DeleteAclsRequest_v1
from aiokafka.protocol.api import Request

from deploy.kafka.distribution import BrokerError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from topics.access import Rule

_RESOURCES: Final = {"TOPIC": 2, "GROUP": 3, "TRANSACTIONAL_ID": 5}
_PATTERNS: Final = {"LITERAL": 3, "PREFIXED": 4}
_OPERATIONS: Final = {"READ": 3, "WRITE": 4, "CREATE": 5, "DESCRIBE": 8, "DESCRIBE_CONFIGS": 10}
_ALLOW: Final = 3
"""Numbers of Kafka's protocol (`ResourceType`, `PatternType`, `AclOperation`, `AclPermissionType`)."""


class _Create(Request[CreateAclsRequest_v1]):  # type: ignore[misc]
    API_KEY = CreateAclsRequest_v1.API_KEY

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rows = [_row(rule) for rule in rules]

    def build(self, request_struct_class: type[Any]) -> Any:
        return request_struct_class(self._rows)


class _Delete(Request[DeleteAclsRequest_v1]):  # type: ignore[misc]
    API_KEY = DeleteAclsRequest_v1.API_KEY

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rows = [_row(rule) for rule in rules]

    def build(self, request_struct_class: type[Any]) -> Any:
        return request_struct_class(self._rows)


def _row(rule: Rule) -> tuple[int, str, int, str, str, int, int]:
    return (
        *(_RESOURCES[rule.resource_type], rule.name, _PATTERNS[rule.pattern_type]),
        *(rule.principal, rule.host, _OPERATIONS[rule.operation], _ALLOW),
    )


async def grant(admin: Any, rules: Iterable[Rule]) -> None:
    """Add rules, through a started admin client of somebody who may; BrokerError when the broker refuses one."""
    answer = await admin._send_request(_Create(rules))  # noqa: SLF001
    _raise_refused(answer.creation_responses)


async def withdraw(admin: Any, rules: Iterable[Rule]) -> None:
    """Take rules away; those that are not there are none the less gone."""
    answer = await admin._send_request(_Delete(rules))  # noqa: SLF001
    _raise_refused(answer.filter_responses)


def _raise_refused(answers: Iterable[tuple[Any, ...]]) -> None:
    refused = {f"{message} ({code})" for code, message, *_ in answers if code}
    if refused:
        raise BrokerError(f"access rules refused: {', '.join(sorted(refused))}")
