"""`rater reconcile` on real Kafka: clean, different, and not able to run."""

import asyncio
import json
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner, Result

from deploy.kafka.broker import Broker
from rater.cli.reconcile import reconcile
from tests.e2e.broker import create_topics, producer
from tests.e2e.logins import runner
from tests.reconcile.honest_worker import PARTITIONS, HonestWorker, busy_day
from topics import catalog
from topics.roles import RECONCILER

if TYPE_CHECKING:
    from rater.reconcile.reading.log import Located

FOREVER = {"retention.ms": "-1", "max.message.bytes": str(8 * 1024 * 1024)}
"""The day lies in the past: the topics' own retention would delete it."""


def run(bootstrap: str, *options: str) -> tuple[Result, dict[str, Any]]:
    """Run the command with `--json`; return its result and what it says."""
    result = runner(RECONCILER).invoke(reconcile, ["--broker", bootstrap, "--json", *options])
    told = json.loads(result.stdout) if result.exit_code in (0, 1) else {}
    return result, told


async def publish(bootstrap: str, topics: dict[str, list["Located"]]) -> None:
    """Write records where they belong, their offsets as they are."""
    async with producer(bootstrap) as client:
        for topic, records in topics.items():
            for number, record in records:
                done = await client.send(
                    topic, record.value, record.key, partition=number, timestamp_ms=record.at_ms
                )
                if record is records[-1][1]:
                    assert (await done).offset == record.offset


async def staged(bootstrap: str, worker: HonestWorker) -> None:
    """Make the catalog's topics and write an honest worker's records."""
    counts = {topic.name: min(topic.partitions, PARTITIONS) for topic in catalog.CATALOG}
    await create_topics(bootstrap, counts, FOREVER)
    await publish(bootstrap, worker.topics)


async def leave_open_ends(bootstrap: str) -> None:
    """Abort a transaction on every topic: its records and markers lie at the ends."""
    async with producer(bootstrap, "aborting") as client:
        await client.begin_transaction()
        for topic in catalog.CATALOG:
            await client.send_and_wait(topic.name, b"never happened", b"acme", partition=0)
        await client.abort_transaction()


async def test_topics_on_kafka_are_proven_and_every_forgery_is_found(
    private_broker: Broker,
) -> None:
    bootstrap = private_broker.bootstrap
    worker = await asyncio.to_thread(busy_day, marker=0)
    await staged(bootstrap, worker)
    await leave_open_ends(bootstrap)

    result, told = await in_thread(bootstrap, "--complete")

    assert told["differences"][:3] == []
    assert result.exit_code == 0
    assert told["verdict"] == "clean"
    entries = [json.loads(each.value or b"") for _, each in worker.topics[catalog.LEDGER.name]]
    charges = [each for each in entries if each["kind"] == "charge"]
    assert told["counts"]["charges"] == len(charges) > 100
    seen: set[str] = set()
    for topic, key, value in forgeries(worker):
        async with producer(bootstrap) as client:
            await client.send_and_wait(topic, value, key, partition=worker.of("acme"))
        result, told = await in_thread(bootstrap)

        assert result.exit_code == 1
        named = {difference["topic"] for difference in told["differences"]}
        assert topic in named - seen
        seen |= named


def forgeries(worker: HonestWorker) -> list[tuple[str, bytes, bytes | None]]:
    """Return records that nobody may have written, each of another topic, so that each is found by itself."""
    letter = {"dead_id": "x/0/1", "reason": "empty", "detail": "", "at_ms": 1} | {
        "source_topic": catalog.CDR_RAW.name,
        "source_partition": 0,
        "source_offset": 10**6,
    }
    return [
        (catalog.DEAD.name, b"acme", json.dumps(letter).encode()),
        (catalog.SUSPENSE.name, b"acme", b"{}"),
        (catalog.PAYMENT_COMMANDS.name, b"acme", b"{}"),
        (catalog.PAYMENT_QUARANTINE.name, b"acme", b"{}"),
        (catalog.NOTIFICATIONS.name, b"acme", b"{}"),
        (catalog.RECHARGE_BATCHES.name, catalog.BALANCE_EVENTS.name.encode(), b"{}"),
        (catalog.ACCOUNTS_CHANGELOG.name, b"acme", None),
        (catalog.ACCOUNT_STATUS.name, b"acme", b'{"balance_micros": 1}'),
        (catalog.BALANCE_EVENTS.name, b"acme", b"[]"),
        (catalog.BATCHES_CHANGELOG.name, catalog.CDR_RAW.name.encode(), b"{}\n"),
        (catalog.LEDGER.name, b"acme", b'{"kind": "gift"}'),
    ]


async def in_thread(bootstrap: str, *options: str) -> tuple[Result, dict[str, Any]]:
    """Run the command beside the test's own event loop."""
    return await asyncio.to_thread(run, bootstrap, *options)


async def test_a_missing_topic_is_named(private_broker: Broker) -> None:
    counts = {topic.name: 1 for topic in catalog.CATALOG if topic is not catalog.DEAD}
    await create_topics(private_broker.bootstrap, counts)

    result, _ = await in_thread(private_broker.bootstrap)

    assert result.exit_code == 2
    assert catalog.DEAD.name in result.output


async def test_a_broker_from_before_recharge_is_told_what_to_make(private_broker: Broker) -> None:
    counts = {topic.name: 1 for topic in catalog.CATALOG if "rechar" not in topic.name}
    await create_topics(private_broker.bootstrap, counts)

    result, _ = await in_thread(private_broker.bootstrap)

    assert result.exit_code == 2
    assert catalog.RECHARGE_BATCHES.name in result.output
    assert "`rater topics create` makes them" in result.output


async def test_partition_counts_that_differ_are_refused(private_broker: Broker) -> None:
    counts = {topic.name: 1 for topic in catalog.CATALOG} | {catalog.LEDGER.name: 3}
    await create_topics(private_broker.bootstrap, counts)

    result, _ = await in_thread(private_broker.bootstrap)

    assert result.exit_code == 2
    assert f"{catalog.LEDGER.name} has 3" in result.output


def test_a_silent_address_is_named() -> None:
    result = CliRunner().invoke(reconcile, ["--broker", "127.0.0.1:1", "--json"])

    assert result.exit_code == 2
    assert "no Kafka broker answers at 127.0.0.1:1" in result.output
