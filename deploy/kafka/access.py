"""Access rules put on a broker, and taken away: Kafka's own requests, for aiokafka's admin client has no call for them.

All rules go in one request; `kafka-acls.sh` would start a JVM for each of its lines. Needs the project's .venv.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from aiokafka.protocol.admin import (
    CreateAclsRequest_v1,
    DeleteAclsRequest_v1,
    DescribeAclsRequest_v1,
)
from aiokafka.protocol.api import Request

from deploy.kafka.distribution import BrokerError
from deploy.kafka.wire import ALLOW, OPERATIONS, PATTERNS, RESOURCES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from topics.access import Rule

HOLD_S: Final = 30.0
"""How long a broker may take to go by rules that the controller has."""
_ANY: Final = 1
"""Any kind of resource, of pattern, of operation: a number of Kafka's protocol."""


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


class _Describe(Request[DescribeAclsRequest_v1]):  # type: ignore[misc]
    API_KEY = DescribeAclsRequest_v1.API_KEY

    def build(self, request_struct_class: type[Any]) -> Any:
        return request_struct_class(_ANY, None, _ANY, None, None, _ANY, _ANY)


_Row = tuple[int, str, int, str, str, int, int]


def _row(rule: Rule) -> _Row:
    return (
        *(RESOURCES[rule.resource_type], rule.name, PATTERNS[rule.pattern_type]),
        *(rule.principal, rule.host, OPERATIONS[rule.operation], ALLOW),
    )


async def grant(admin: Any, rules: Iterable[Rule]) -> None:
    """Add rules, through a started admin client of somebody who may, and wait until they hold.

    BrokerError when the broker refuses one, or does not go by it in time.
    """
    wanted = list(rules)
    answer = await admin._send_request(_Create(wanted))  # noqa: SLF001
    _raise_refused(answer.creation_responses)
    rows = {_row(rule) for rule in wanted}
    await _wait_until(lambda held: rows <= held, admin)


async def withdraw(admin: Any, rules: Iterable[Rule]) -> None:
    """Take rules away, and wait until they hold no more; those that are not there are none the less gone."""
    unwanted = list(rules)
    answer = await admin._send_request(_Delete(unwanted))  # noqa: SLF001
    _raise_refused(answer.filter_responses)
    rows = {_row(rule) for rule in unwanted}
    await _wait_until(lambda held: not rows & held, admin)


async def _wait_until(is_so: Callable[[set[_Row]], bool], admin: Any) -> None:
    """Ask a broker by which rules it goes: the controller has them first, and topics may be made in between."""
    try:
        async with asyncio.timeout(HOLD_S):
            while not is_so(await _held(admin)):  # noqa: ASYNC110 (a broker tells nobody)
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        raise BrokerError(f"the broker does not go by the rules after {HOLD_S:.0f} s") from error


async def _held(admin: Any) -> set[_Row]:
    answer = await admin._send_request(_Describe())  # noqa: SLF001
    return {
        (kind, name, pattern, principal, host, operation, permission)
        for kind, name, pattern, rules in answer.resources
        for principal, host, operation, permission in rules
    }


def _raise_refused(answers: Iterable[tuple[Any, ...]]) -> None:
    refused = {f"{message} ({code})" for code, message, *_ in answers if code}
    if refused:
        raise BrokerError(f"access rules refused: {', '.join(sorted(refused))}")
