"""Access rules on a real broker: with exactly those of its role everybody does its work, and nobody another's.

That no rule could be left out is seen in what the broker writes down: for every rule there was a request that was
allowed by it alone, for a principal has one rule for each operation on each name.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import NewTopic
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)

from deploy.kafka.access import grant, withdraw
from tests.e2e.access_play import CALLED, CALLER, DATA, SINCE, UNKNOWN, UNPRICED, call, perform
from tests.e2e.access_stage import (
    AccessBroker,
    administering,
    consuming,
    grant_all,
    producing,
    rater,
)
from tests.e2e.broker import admin, chosen_broker, consume, create_topics
from tests.e2e.logins import SWITCH, are_wanted
from topics import catalog, roles
from topics.access import Rule, rights, rules
from topics.partitioner import partition_of
from topics.roles import ROLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.e2e.access_stage import Told
    from topics.access import Operation
    from topics.catalog import Topic
    from topics.roles import Role

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
    if are_wanted():
        pytest.skip(
            f"{SWITCH} is set; this broker is secured in its own way, and knows each role already"
        )
    own = AccessBroker()
    try:
        own.start()
        asyncio.run(grant_all(own))
        yield own
    finally:
        own.remove()


class Played(NamedTuple):
    """What is left of a play."""

    broker: AccessBroker
    folder: Path
    """Logs, mails and answers."""
    said: str
    """What the reconciler says of it."""


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Play once, on a broker of its own: what it allows and refuses is all of the play."""
    folder = tmp_path_factory.mktemp("play")
    with access_broker() as broker:
        yield Played(broker, folder, asyncio.run(perform(broker, folder)))


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


@pytest.mark.xdist_group("access_play")
def test_with_exactly_their_rules_all_roles_do_their_work_and_need_every_one(
    played: Played,
) -> None:
    stage, said = played.broker, played.said
    differences = [line for line in said.splitlines() if line.startswith("DIFFERENCE")]
    assert [line.split(",")[0] for line in differences] == [
        f"DIFFERENCE records: {topic.name}/{_partition()}/2" for topic in FORGED
    ], said
    told = list(stage.told())
    assert {each for each in told if each.verdict == "Denied"} == set()
    granted = set(rules())
    needless = granted - used(iter(told))
    assert needless == set(), sorted(f"{r.principal} {r.operation} {r.name}" for r in needless)


@pytest.mark.xdist_group("access_play")
async def test_where_tails_of_numbers_are_hidden_no_topic_log_letter_or_answer_has_one(
    played: Played,
) -> None:
    """But the CDRs themselves, which others write, and those that wait for a price: their price is asked for again."""
    numbers = [each.removeprefix("+").encode() for each in (CALLED, CALLER, UNPRICED)]
    shown = set()
    for topic in catalog.CATALOG:
        records = await consume(played.broker.bootstrap, topic.name, committed=False)
        texts = [each.key or b"" for each in records] + [_plain(each.value) for each in records]
        assert records, topic.name
        shown |= {(topic.name, number) for number in numbers if any(number in t for t in texts)}
    files = [each for each in played.folder.rglob("*") if each.is_file()]
    for file in files:
        text = file.read_bytes()
        shown |= {(file.name, number) for number in numbers if number in text}

    assert {name for name, _ in shown} == {catalog.CDR_RAW.name, catalog.SUSPENSE_CHANGELOG.name}
    assert (catalog.SUSPENSE_CHANGELOG.name, numbers[0]) not in shown
    told = {"answers.json", "mailbox.jsonl", "webhooks.jsonl"}
    assert told | {"gatekeeper.log", "charging.log", "notifier.log"} <= {
        each.name for each in files
    }
    for topic, hidden in (
        (catalog.LEDGER, b'"+33612******"'),
        (catalog.LEDGER, b'"+33687******"'),
        (catalog.SUSPENSE, b"+99912****"),
        (catalog.DEAD, b"+33687******"),
    ):
        records = await consume(played.broker.bootstrap, topic.name)
        assert any(hidden in _plain(each.value) for each in records), (topic.name, hidden)


@pytest.mark.xdist_group("access_play")
def test_a_webhook_names_whom_else_its_account_has_told_and_no_number(played: Played) -> None:
    """`emails` is there on purpose: the account that is told of named them itself, beside the webhook."""
    bodies = [json.loads(x) for x in (played.folder / "webhooks.jsonl").read_text().splitlines()]

    assert {"recharge_failed", "funds_added"} <= {body["kind"] for body in bodies}
    for body in bodies:
        assert body.pop("emails") == ["it@acme.example", f"gone{UNKNOWN}"]
        text = json.dumps(body)
        assert "@" not in text
        assert not re.search(r"\+[1-9][0-9]{6,14}", text)


def _plain(value: bytes | None) -> bytes:
    """Return a value, and what it has in base64, as text."""
    text = value or b""
    kept = [base64.b64decode(each) for each in re.findall(rb'"[a-z0-9_]*_b64":"([^"]*)"', text)]
    return b"\n".join([text, *kept])


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


@contextmanager
def without(broker: AccessBroker, *taken: Rule, given: Sequence[Rule] = ()) -> Iterator[None]:
    """Take rules away for a while, and give others."""

    async def change(gone: Sequence[Rule], new: Sequence[Rule]) -> None:
        async with admin(broker.bootstrap) as client:
            await withdraw(client, gone)
            await grant(client, new)

    asyncio.run(change(taken, given))
    try:
        yield
    finally:
        asyncio.run(change(given, taken))


def rule_of(role: Role, topic: Topic, operation: Operation) -> Rule:
    """Return the rule of a role."""
    (found,) = (
        rule for rule in rules((role,)) if (rule.name, rule.operation) == (topic.name, operation)
    )
    return found


def test_whoever_may_not_read_is_told_which_topic(broker: AccessBroker) -> None:
    with without(broker, rule_of(roles.FINANCE, catalog.LEDGER, "READ")):
        done = rater(broker, roles.FINANCE, "topics", "read", catalog.LEDGER.name)

    assert (done.code, catalog.LEDGER.name in done.err) == (2, True), done


def test_whoever_may_not_write_is_told_so_by_the_first_of_many_records(
    broker: AccessBroker,
) -> None:
    """The client takes the next record before it has heard of the first, and has no word then for what is wrong."""
    rule = rule_of(roles.PRODUCE, catalog.CDR_RAW, "WRITE")
    lines = "".join(json.dumps(call(f"c{number}", 60)) + "\n" for number in range(20_000))
    with without(broker, rule, given=[replace(rule, operation="DESCRIBE")]):
        done = rater(broker, roles.PRODUCE, "produce", catalog.CDR_RAW.name, given=lines)
    with without(broker, rule_of(roles.DECK_LOADER, catalog.RATE_DECKS, "WRITE")):
        load = rater(broker, roles.DECK_LOADER, *command_of(roles.DECK_LOADER, "WRITE"))

    for each, topic in ((done, catalog.CDR_RAW), (load, catalog.RATE_DECKS)):
        assert each.code == 2, each
        assert topic.name in each.err
        assert "Traceback" not in each.err


def command_of(role: Role, operation: Operation, version: str = "2") -> tuple[str, ...]:
    """Return a command of a role that needs a right."""
    since = ("--valid-from", SINCE, "--backdate", "--version", version)
    deck = ("--deck-id", "sample", "--currency", "USD", *since)
    commands = {
        "deck-loader": ("deck", "load", str(DATA / "sample_deck.csv"), *deck),
        "plan-loader": ("plan", "load", str(DATA / "sample_plans.toml"), *since),
        "gatekeeper": ("authorise", "--tenant", "acme", "--to", "+33612345678"),
        "reconciler": ("reconcile",),
    }
    lists = {"deck-loader": ("deck", "list"), "plan-loader": ("plan", "list")}
    return (lists if operation == "READ" and role.principal in lists else commands)[role.principal]


COMMANDED = (roles.DECK_LOADER, roles.PLAN_LOADER, roles.GATEKEEPER, roles.RECONCILER)


@pytest.mark.slow
@pytest.mark.parametrize("role", COMMANDED, ids=lambda role: role.principal)
def test_without_any_one_of_its_rules_a_command_fails_and_says_why(
    broker: AccessBroker, role: Role
) -> None:
    """The other way to see that none is needless, for roles whose work is one command."""
    loaders = (roles.DECK_LOADER, roles.PLAN_LOADER)
    for loader in loaders:
        # There must be something to read; the second time it is there already.
        rater(broker, loader, *command_of(loader, "WRITE", version="1"))
    for rule in rules((role,)):
        with without(broker, rule):
            done = rater(broker, role, *command_of(role, rule.operation))
        assert done.code in {1, 2}, (rule, done)
        assert rule.name in done.err or rule.resource_type == "TRANSACTIONAL_ID", (rule, done)
        assert "Traceback" not in done.err, (rule, done)


def _partition() -> int:
    return partition_of(b"acme", catalog.PARTITIONS)
