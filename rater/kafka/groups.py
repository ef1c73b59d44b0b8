"""Consumer groups seen from outside: how far each is, and how many members it has. Nobody joins, nothing is committed.

aiokafka's own `list_consumer_group_offsets` looks at the errors of partitions alone: of a group whose coordinator is
still loading, or which we may not see, it says that nothing was ever committed.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from aiokafka import TopicPartition
from aiokafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    GroupAuthorizationFailedError,
    GroupCoordinatorNotAvailableError,
    NotCoordinatorForGroupError,
    TopicAuthorizationFailedError,
    for_code,
)
from aiokafka.protocol.admin import DescribeGroupsRequest
from aiokafka.protocol.commit import OffsetFetchRequest

from rater.kafka.rights import NotAllowedError

if TYPE_CHECKING:
    from rater.kafka.clients import Admin

AGAIN_S = 0.1
_ASK_AGAIN = {
    error.errno
    for error in (
        CoordinatorLoadInProgressError,
        CoordinatorNotAvailableError,
        NotCoordinatorForGroupError,
    )
}
"""Of a coordinator that is being found, or has moved."""
_NONE = -1
"""Kafka's offset of a partition that was never committed."""


class Groups:
    """Groups of one broker, by an admin client that is started; after an error make another, by another client.

    A coordinator that is being found, or moves, is waited for: whoever asks bounds the time.
    """

    def __init__(self, client: Admin) -> None:
        """Take the client; `broker` of it says whom the broker takes us for."""
        self._client: Any = client
        self._principal = client.broker.security.principal()
        self._coordinators: dict[str, int] = {}

    async def committed(
        self, group: str, partitions: Iterable[TopicPartition]
    ) -> dict[TopicPartition, int]:
        """Return the committed offsets of a group; a partition without one is absent.

        Offsets of a transaction count when it is committed. NotAllowedError, KafkaError.
        """
        asked: dict[str, list[int]] = defaultdict(list)
        for each in partitions:
            asked[each.topic].append(each.partition)
        request = OffsetFetchRequest(group, list(asked.items()))
        answer = await self._ask(group, request, lambda answer: answer.error_code)
        found = {}
        for topic, parts in answer.topics:
            for partition, offset, _, code in parts:
                self._check(code, f"topic {topic}")
                if offset != _NONE:
                    found[TopicPartition(topic, partition)] = offset
        return found

    async def members(self, group: str) -> int:
        """Return how many members a group has, 0 where nobody has joined; NotAllowedError, KafkaError."""
        # One group a request: aiokafka 0.14 reads the answer to version 3 as one of version 2, which has less after
        # each group, so that it cannot read a second one.
        request = DescribeGroupsRequest([group])
        answer = await self._ask(group, request, lambda answer: answer.groups[0][0])
        ((_code, _group, _state, _type, _protocol, members, *_),) = answer.groups
        return len(members)

    async def _ask(self, group: str, request: Any, code_of: Callable[[Any], int]) -> Any:
        """Ask the coordinator of a group, wherever it is by now."""
        while True:
            answer = await self._client._send_request(request, await self._coordinator(group))  # noqa: SLF001
            code = code_of(answer)
            if code not in _ASK_AGAIN:
                self._check(code, f"group {group}")
                return answer
            self._coordinators.pop(group, None)
            await asyncio.sleep(AGAIN_S)

    async def _coordinator(self, group: str) -> int:
        while group not in self._coordinators:
            try:
                self._coordinators[group] = await self._client.find_coordinator(group)
            except GroupAuthorizationFailedError as error:
                raise self._refused(f"group {group}") from error
            except GroupCoordinatorNotAvailableError:
                # A new cluster makes its topic of offsets when it is first asked for a group.
                await asyncio.sleep(AGAIN_S)
        return self._coordinators[group]

    def _check(self, code: int, resource: str) -> None:
        if not code:
            return
        error = for_code(code)
        if error in {GroupAuthorizationFailedError, TopicAuthorizationFailedError}:
            raise self._refused(resource)
        raise error(resource)

    def _refused(self, resource: str) -> NotAllowedError:
        return NotAllowedError(self._principal, "Describe", resource)
