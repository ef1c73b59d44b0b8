"""A job whose role lacks a right where it matters last: the error says which, nothing is lost, and the job goes on."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from loadtest.service import Service
from rater.core.cdr import Source
from rater.wire.outputs import encode_dead
from tests.e2e.access_play import SINCE, call, lines, order
from tests.e2e.access_stage import environment, rater
from tests.e2e.broker import consume, create_topics, produce
from tests.e2e.test_acls_kafka import access_broker, rule_of, without
from tests.shell.dead_letters.letters import NOT_JSON, RESUME
from topics import catalog, roles
from topics.partitioner import partition_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.e2e.access_stage import AccessBroker, Ended
    from topics.access import Rule
    from topics.roles import Role
    from topics.topic import Topic

pytestmark = pytest.mark.kafka

WHO = ("--by", "ann@acme.example", "--job", "j1")
FRANCE = "prefix,rate,per_seconds,increment\n33,{rate},60,60/60\n"
ELSEWHERE = (partition_of(b"acme", catalog.PARTITIONS) + 1) % catalog.PARTITIONS
TIMERS, COMMANDS = catalog.ACCOUNT_TIMERS, catalog.RECHARGE_COMMANDS
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def broker() -> Iterator[AccessBroker]:
    """Give a broker that has the topics and the rules of all roles."""
    with access_broker() as own:
        asyncio.run(create_topics(own.bootstrap, {t.name: t.partitions for t in catalog.CATALOG}))
        yield own


def committed(broker: AccessBroker, topic: Topic) -> list[bytes]:
    return [each.value or b"" for each in asyncio.run(consume(broker.bootstrap, topic.name))]


def refused(
    broker: AccessBroker, role: Role, topic: Topic, words: Sequence[str], operation: str = "WRITE"
) -> None:
    """Run a job whose role may see a topic and not do this: it says so, and how to go on."""
    rule: Rule = rule_of(role, topic, operation)  # type: ignore[arg-type]
    with without(broker, rule, given=[replace(rule, operation="DESCRIBE")]):
        done = rater(broker, role, *words)
    assert done.code == 2, done
    needs = f"{role.principal} needs {operation.capitalize()} on topic {topic.name}"
    assert needs in done.err, done
    assert "go on with --job j1" in done.err, done
    assert "Traceback" not in done.err, done


def done(broker: AccessBroker, role: Role, *words: str) -> Ended:
    """Run it with all its rights."""
    told = rater(broker, role, *words)
    assert told.code == 0, told
    return told


async def write_letters(broker: AccessBroker) -> None:
    """Write a command to another partition than its tenant's, and the letter that recharge makes of it."""
    at_ms = int(time.time() * 1_000)
    ((partition, offset),) = await produce(
        *(broker.bootstrap, COMMANDS.name, [(b"acme", RESUME)]),
        partition=ELSEWHERE,
        timestamp_ms=at_ms,
    )
    source = Source(COMMANDS.name, partition, offset, at_ms)
    letter = encode_dead(b"acme", RESUME, source, NOT_JSON)
    await produce(
        broker.bootstrap, catalog.RECHARGE_DEAD.name, [(b"acme", letter)], partition=ELSEWHERE
    )


@pytest.mark.parametrize("topic", [COMMANDS, catalog.DEAD_ENDED], ids=["record", "end"])
def test_letters_stay_open_until_their_record_and_their_end_may_be_written(
    broker: AccessBroker, topic: Topic
) -> None:
    asyncio.run(write_letters(broker))
    words = ("dead", "replay", "--all", *WHO)
    before = [len(committed(broker, each)) for each in (COMMANDS, catalog.DEAD_ENDED)]

    refused(broker, roles.DEAD_LETTERS, topic, words)

    after = [len(committed(broker, each)) for each in (COMMANDS, catalog.DEAD_ENDED)]
    assert after == before
    assert done(broker, roles.DEAD_LETTERS, *words).out.count("  replayed  ") == 1
    after = [len(committed(broker, each)) for each in (COMMANDS, catalog.DEAD_ENDED)]
    assert after == [count + 1 for count in before]


@contextmanager
def charging(broker: AccessBroker, folder: Path) -> Iterator[None]:
    words = ("worker", "charging", "--metrics-port", "0")
    log = folder / "charging.log"
    with Service("rater charging", "rater", words, log, environment(broker, roles.CHARGING)):
        yield


def load(broker: AccessBroker, folder: Path, version: int, rate: str) -> None:
    deck = folder / f"deck-{version}.csv"
    deck.write_text(FRANCE.format(rate=rate))
    terms = ("--deck-id", "sample", "--version", str(version), "--currency", "USD")
    since = ("--valid-from", SINCE, "--backdate")
    done(broker, roles.DECK_LOADER, "deck", "load", str(deck), *terms, *since)


def produced(broker: AccessBroker, topic: Topic, *records: dict[str, object]) -> None:
    words = ("produce", topic.name, "--wait")
    told = rater(broker, roles.PRODUCE, *words, given=lines(*records))
    # What nobody's call comes to is suspense, which is told as a trouble.
    assert told.code in {0, 1}, told


def kinds(broker: AccessBroker) -> list[str]:
    return [json.loads(each)["kind"] for each in committed(broker, catalog.LEDGER)]


def test_orders_are_sent_when_they_may_be_and_their_answers_are_asked_for_again(
    broker: AccessBroker, tmp_path: Path
) -> None:
    drop = ("suspense", "drop", "--tenant", "nobody", *WHO)
    rerate = ("rerate", "--deck", "sample", "--limit", "100", *WHO)
    load(broker, tmp_path, 1, "0.60")
    with charging(broker, tmp_path):
        opened = order("open_account", currency="USD", decks=["sample"])
        produced(broker, catalog.ACCOUNT_COMMANDS, opened)
        produced(broker, catalog.CDR_RAW, call("c1", 60), call("n1", 60, tenant_id="nobody"))
        load(broker, tmp_path, 2, "0.75")
        for words in (drop, rerate):
            refused(broker, roles.RECYCLER, TIMERS, words)
        sent, posted = committed(broker, TIMERS), kinds(broker)
        refused(broker, roles.RECYCLER, catalog.BATCHES_CHANGELOG, drop, "READ")
        refused(broker, roles.RECYCLER, catalog.BATCHES_CHANGELOG, rerate, "READ")
        # They were sent: what has been decided by now is done before, or known.
        for words in (drop, rerate):
            done(broker, roles.RECYCLER, *words)

    assert [each for each in sent if b"drop_call" in each or b"rerate_call" in each] == []
    assert (posted.count("call_dropped"), posted.count("charge_reversed")) == (0, 0)
    after = kinds(broker)
    assert (after.count("call_dropped"), after.count("charge_reversed")) == (1, 1)
