"""Occupants: who is on a cluster before a replay: a payment gateway, and tenants that no load test has made.

The broker is asked, once, before anything is sent. A gateway is known by its consumer group: it is live while the group
has members, and where one has left offsets behind, it pays what waits when it begins again. A tenant is known by its
status, and one of a load test by its name alone (`accounts.is_ours`). What reads payment commands in another group,
accounts that are ordered and not open yet, and whoever comes later cannot be known.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiokafka import TopicPartition
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    for_code,
)

from loadtest import accounts, clients, logins, topic_log
from loadtest.replay.faults import ReplayError, shown
from topics.catalog import ACCOUNT_STATUS, GATEWAY_GROUP, PAYMENT_COMMANDS
from topics.roles import WATCH

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiokafka.admin import AIOKafkaAdminClient

    from topics.roles import Role

ASK_S = 30.0
"""So long a coordinator that is being found, or moves, is waited for."""
AGAIN_S = 0.1
SHOWN = 3
"""Tenants that are named; behind the next one nothing more is read."""
_MOVES = (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
)


@dataclass(frozen=True, slots=True)
class Occupants:
    """What was found on a cluster."""

    members: int = 0
    """Of the gateway's group."""
    has_offsets: bool = False
    """A gateway has taken commands here, now or before."""
    tenants: tuple[str, ...] = ()
    """With an account, and no load test's: no more than one beyond those that are named."""

    def said(self) -> str:
        """Return what is at stake; empty where nothing is."""
        parts = []
        if self.members:
            many = "1 member" if self.members == 1 else f"{self.members} members"
            parts.append(
                f"a payment gateway is live (group {GATEWAY_GROUP} has {many}): payments may be made"
            )
        elif self.has_offsets:
            parts.append(
                f"a payment gateway has been at work (group {GATEWAY_GROUP} has committed offsets and no member):"
                " when it begins again, payments may be made"
            )
        if self.tenants:
            named = ", ".join(shown(each) for each in self.tenants[:SHOWN])
            more = " and others" if len(self.tenants) > SHOWN else ""
            parts.append(
                f"{ACCOUNT_STATUS.name} has tenants that no load test has made, {named}{more}:"
                " their accounts may be charged"
            )
        return "; ".join(parts)


async def refuse_occupied(bootstrap: str) -> None:
    """Raise ReplayError where a gateway or tenants of others are found, or where the login may not look.

    LoginError, CommandError and KafkaError are those of its connections.
    """
    try:
        said = (await _found(bootstrap)).said()
    except (GroupAuthorizationFailedError, TopicAuthorizationFailedError) as error:
        raise ReplayError(
            f"{bootstrap}: who is there cannot be known, the login may not look ({error}): it needs Describe on group"
            f" {GATEWAY_GROUP} and on {PAYMENT_COMMANDS.name}, and Read on {ACCOUNT_STATUS.name};"
            " --i-know sends without a look"
        ) from error
    except TimeoutError as error:
        raise ReplayError(
            f"{bootstrap}: who is there cannot be known, the broker did not say in {ASK_S:g} s who is in group"
            f" {GATEWAY_GROUP}; --i-know sends without a look"
        ) from error
    if said:
        raise ReplayError(f"{bootstrap}: {said}. Replay to a broker without, or say --i-know")


async def _found(bootstrap: str) -> Occupants:
    async with asyncio.timeout(ASK_S), _asking(bootstrap, WATCH) as admin:
        members = await _members(admin)
        has_offsets = await _has_offsets(admin)
    return Occupants(members, has_offsets, await _tenants(bootstrap))


async def _members(admin: AIOKafkaAdminClient) -> int:
    """Return how many the gateway's group has, 0 where nobody has joined."""
    while True:
        with suppress(*_MOVES):
            (described,) = await admin.describe_consumer_groups([GATEWAY_GROUP])
            error, _group, _state, _type, _protocol, members, *_ = described.groups[0]
            if error:
                raise for_code(error)(f"group {GATEWAY_GROUP}")
            return len(members)
        await asyncio.sleep(AGAIN_S)


async def _has_offsets(admin: AIOKafkaAdminClient) -> bool:
    # aiokafka passes over the errors of a group here: `_members` has seen that we may ask of it.
    if not (partitions := await _partitions(admin, PAYMENT_COMMANDS.name)):
        return False
    committed = await admin.list_consumer_group_offsets(GATEWAY_GROUP, partitions=partitions)
    return any(at.offset >= 0 for at in committed.values())


async def _tenants(bootstrap: str) -> tuple[str, ...]:
    """Return tenants that have a status and are no load test's; ends when there is one more than is named."""
    topic = ACCOUNT_STATUS.name
    async with _asking(bootstrap, logins.reader_of(topic)) as admin:
        # A consumer waits long for a topic that is not there.
        if not await _partitions(admin, topic):
            return ()
    found: dict[str, None] = {}
    async with aclosing(topic_log.read(bootstrap, topic)) as records:
        async for record in records:
            if record.key and record.value is not None and not accounts.is_ours(record.key):
                found[record.key.decode(errors="backslashreplace")] = None
                if len(found) > SHOWN:
                    break
    return tuple(found)


async def _partitions(admin: AIOKafkaAdminClient, topic: str) -> list[TopicPartition]:
    """Return those of a topic; none where it is not there."""
    (described,) = await admin.describe_topics([topic])
    error = described["error_code"]
    if error == UnknownTopicOrPartitionError.errno:
        return []
    if error:
        raise for_code(error)(f"topic {topic}")
    return [TopicPartition(topic, each["partition"]) for each in described["partitions"]]


@asynccontextmanager
async def _asking(bootstrap: str, role: Role | None) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = clients.admin(bootstrap, role)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()
