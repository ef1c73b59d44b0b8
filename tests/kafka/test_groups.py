"""Groups from outside: no answer is taken for the answer that nothing was ever committed."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import (
    CoordinatorLoadInProgressError,
    GroupAuthorizationFailedError,
    GroupCoordinatorNotAvailableError,
    NotCoordinatorForGroupError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from aiokafka.protocol.commit import OffsetFetchRequest

from rater.kafka.groups import Groups
from rater.kafka.rights import NotAllowedError
from rater.kafka.security import PLAINTEXT

PARTS = [TopicPartition("t", 0), TopicPartition("t", 1)]


class Client:
    """An admin client whose broker answers as it is told."""

    def __init__(
        self, code: int = 0, part_code: int = 0, coordinator: Exception | None = None
    ) -> None:
        self.broker = SimpleNamespace(security=PLAINTEXT)
        self.code, self.part_code, self.coordinator = code, part_code, coordinator
        self.asked: list[tuple[int, str]] = []

    async def find_coordinator(self, group: str) -> int:
        if self.coordinator is not None:
            raise self.coordinator
        self.asked.append((0, group))
        return len(group) % 2

    async def _send_request(self, request: Any, node: int) -> Any:
        self.asked.append((node, type(request).__name__))
        if isinstance(request, OffsetFetchRequest):
            parts = [(0, 7, "", self.part_code), (1, -1, "", 0)]
            return SimpleNamespace(error_code=self.code, topics=[] if self.code else [("t", parts)])
        described = [(self.code, name, "Stable", "consumer", "", ["m"] * len(name), 0)
                     for name in request._groups]  # fmt: skip
        return SimpleNamespace(groups=described)


async def test_a_partition_without_an_offset_is_absent() -> None:
    assert await Groups(Client()).committed("g", PARTS) == {PARTS[0]: 7}  # type: ignore[arg-type]


async def test_members_are_asked_for_a_group_at_a_time_and_coordinators_are_remembered() -> None:
    client = Client()
    groups = Groups(client)  # type: ignore[arg-type]

    assert [await groups.members(name) for name in ("a", "bb", "bb")] == [1, 2, 2]
    assert [kind for _, kind in client.asked] == [
        *("a", "DescribeGroupsRequest", "bb", "DescribeGroupsRequest", "DescribeGroupsRequest"),
    ]
    assert [node for node, kind in client.asked if kind == "DescribeGroupsRequest"] == [1, 0, 0]


async def test_a_coordinator_that_is_being_found_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rater.kafka.groups.AGAIN_S", 0.001)
    client = Client(coordinator=GroupCoordinatorNotAvailableError("g"))
    asyncio.get_running_loop().call_later(0.05, setattr, client, "coordinator", None)

    assert await Groups(client).committed("g", PARTS) == {PARTS[0]: 7}  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [CoordinatorLoadInProgressError, NotCoordinatorForGroupError])
async def test_a_coordinator_that_moves_is_looked_for_again(
    monkeypatch: pytest.MonkeyPatch, error: Any
) -> None:
    monkeypatch.setattr("rater.kafka.groups.AGAIN_S", 0.001)
    client = Client(code=error.errno)
    groups = Groups(client)  # type: ignore[arg-type]
    asyncio.get_running_loop().call_later(0.05, setattr, client, "code", 0)
    assert await groups.committed("g", PARTS) == {PARTS[0]: 7}
    client.code = error.errno
    asyncio.get_running_loop().call_later(0.05, setattr, client, "code", 0)
    assert await groups.members("g") == 1
    assert client.asked.count((0, "g")) > 2


async def test_any_other_error_is_raised() -> None:
    error = UnknownTopicOrPartitionError
    for client in (Client(code=error.errno), Client(part_code=error.errno)):
        with pytest.raises(error):
            await Groups(client).committed("g", PARTS)  # type: ignore[arg-type]
    with pytest.raises(error):
        await Groups(Client(code=error.errno)).members("g")  # type: ignore[arg-type]


async def test_a_missing_right_is_told_with_who_needs_it_on_what() -> None:
    group = GroupAuthorizationFailedError
    for client in (Client(code=group.errno), Client(coordinator=group("g"))):
        with pytest.raises(NotAllowedError, match="ANONYMOUS needs Describe on group g"):
            await Groups(client).committed("g", PARTS)  # type: ignore[arg-type]
    denied = Client(part_code=TopicAuthorizationFailedError.errno)
    with pytest.raises(NotAllowedError, match="needs Describe on topic t"):
        await Groups(denied).committed("g", PARTS)  # type: ignore[arg-type]
