"""Access rules on a real broker: with exactly those of its role everybody does its work, and nobody another's.

That no rule could be left out is seen in what the broker writes down: for every rule there was a request that was
allowed by it alone, for a principal has one rule for each operation on each name.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import NewTopic
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)

from deploy.kafka.access import withdraw
from tests.e2e.access_play import perform
from tests.e2e.access_stage import (
    AccessBroker,
    administering,
    consuming,
    grant_all,
    producing,
    rater,
)
from tests.e2e.broker import admin, chosen_broker, create_topics
from topics import catalog, roles
from topics.access import Rule, rights, rules
from topics.partitioner import partition_of
from topics.roles import ROLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.access_stage import Told

pytestmark = pytest.mark.kafka

REFUSED_S = 20.0
"""How long a refusal may take on a machine that is busy."""
PLATFORM = roles.CALL_PLATFORM
FORGED = (catalog.PAYMENT_COMMANDS, catalog.NOTIFICATIONS)
"""Where the play has put, past all rules, what Rater itself would never write; the reconciler finds it."""
NAMES = {role.principal: role for role in ROLES}


@contextmanager
def access_broker() -> Iterator[AccessBroker]:
    """Run a broker on which every role has its rules."""
    if chosen_broker() is not None:
        pytest.skip("RATER_BROKER is set, and that broker's access rules are not ours to make")
    own = AccessBroker()
    try:
        own.start()
        asyncio.run(grant_all(own))
        yield own
    finally:
        own.remove()


@pytest.fixture
def stage() -> Iterator[AccessBroker]:
    """Give the play a broker of its own: what it allows and refuses is all of the play."""
    with access_broker() as broker:
        yield broker


@pytest.fixture(scope="module")
def broker() -> Iterator[AccessBroker]:
    """Give the other tests a broker that has the topics."""
    with access_broker() as own:
        asyncio.run(create_topics(own.bootstrap, {t.name: t.partitions for t in catalog.CATALOG}))
        yield own


def used(told: Iterator[Told]) -> set[Rule]:
    """Return the rules without which something would have been refused."""
    found = set()
    for each in told:
        role = NAMES.get(each.user)
        if role is None or each.verdict != "Allowed" or _is_courtesy(each):
            continue
        for right in rights(role):
            begins = right.pattern_type == "PREFIXED" and each.name.startswith(right.name)
            same = (right.resource_type, right.operation) == (each.resource_type, each.operation)
            if same and (begins or right.name == each.name):
                found.add(right.of(f"User:{role.principal}"))
    return found


def _is_courtesy(each: Told) -> bool:
    """Say whether a request would have been answered all the same: the settings of a new topic come on top."""
    return (each.request, each.operation) == ("CreateTopics", "DESCRIBE_CONFIGS")


async def test_with_exactly_their_rules_all_roles_do_their_work_and_need_every_one(
    stage: AccessBroker, tmp_path: Path
) -> None:
    said = await perform(stage, tmp_path)

    differences = [line for line in said.splitlines() if line.startswith("DIFFERENCE")]
    assert [line.split(",")[0] for line in differences] == [
        f"DIFFERENCE records: {topic.name}/{_partition()}/2" for topic in FORGED
    ], said
    told = list(stage.told())
    assert {each for each in told if each.verdict == "Denied"} == set()
    granted = set(rules())
    needless = granted - used(iter(told))
    assert needless == set(), sorted(f"{r.principal} {r.operation} {r.name}" for r in needless)


@pytest.mark.parametrize(
    "topic", ["account.commands.v1", "payment.results.v1", "ledger.entries.v1"]
)
async def test_a_platform_writes_no_topic_but_its_own(broker: AccessBroker, topic: str) -> None:
    async with asyncio.timeout(REFUSED_S), producing(broker, PLATFORM) as client:
        with pytest.raises(TopicAuthorizationFailedError):
            await client.send_and_wait(topic, b"{}", b"acme", 0)
        await client.send_and_wait(catalog.CDR_RAW.name, b"{not json", b"acme", 0)


@pytest.mark.parametrize("topic", ["cdr.raw.v1", "ledger.entries.v1", "account.status.v1"])
async def test_a_platform_reads_neither_calls_nor_money(broker: AccessBroker, topic: str) -> None:
    async def read_one() -> None:
        async with asyncio.timeout(REFUSED_S), consuming(broker, PLATFORM, topic) as client:
            client.seek(TopicPartition(topic, 0), 0)
            await client.getone()

    with pytest.raises(TopicAuthorizationFailedError):
        await read_one()


@pytest.mark.parametrize(
    "transactional_id",
    ["rater-charging-0", "rater-deck-load-sample", "rater-config-load", "rater-produce-billing-1"],
)
async def test_a_platform_opens_nobody_elses_transactions(
    broker: AccessBroker, transactional_id: str
) -> None:
    async with asyncio.timeout(REFUSED_S):
        with pytest.raises(TransactionalIdAuthorizationFailed):
            async with producing(broker, PLATFORM, transactional_id):
                pass
        async with producing(broker, PLATFORM, "rater-produce-call-platform-1"):
            pass


async def test_a_platform_joins_no_group_and_makes_no_topic(broker: AccessBroker) -> None:
    async with asyncio.timeout(REFUSED_S):
        with pytest.raises(GroupAuthorizationFailedError):
            async with consuming(broker, PLATFORM, catalog.CDR_RAW.name, group=catalog.APP) as one:
                await one.getone()
        async with administering(broker, PLATFORM) as client:
            made = await client.create_topics([NewTopic("of-my-own", 1, 1)])
            assert [code for _, code, *_ in made.topic_errors] == [
                TopicAuthorizationFailedError.errno
            ]


def test_the_command_line_of_a_platform_publishes_calls_and_no_money(broker: AccessBroker) -> None:
    order = '{"type":"close_account","command_id":"c","tenant_id":"acme"}\n'

    assert rater(broker, PLATFORM, "produce", "account.commands.v1", given=order).code != 0


async def test_a_rule_that_is_withdrawn_holds_no_more(broker: AccessBroker) -> None:
    rule = Rule(
        principal="User:finance",
        resource_type="TOPIC",
        name=catalog.LEDGER.name,
        pattern_type="LITERAL",
        operation="READ",
    )
    assert rule in rules((roles.FINANCE,))
    async with admin(broker.bootstrap) as client:
        await withdraw(client, [rule])
    done = await asyncio.to_thread(
        rater, broker, roles.FINANCE, "topics", "read", catalog.LEDGER.name
    )
    await grant_all(broker)

    assert done.code == 2
    assert catalog.LEDGER.name in done.err


def _partition() -> int:
    return partition_of(b"acme", catalog.PARTITIONS)
