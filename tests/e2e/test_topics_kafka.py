"""`rater topics` and `rater produce` on real Kafka: made, compared; published whole or not."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from click.testing import Result

from rater.cli.produce import produce
from rater.cli.topics import topics
from rater.shell.admin.publish import PublishError, Ready, publish
from rater.shell.admin.topic_admin import Copies, PartitionCountError, TopicNotMadeError, connected
from tests.e2e.broker import admin, consume, create_topics, wait_for_records
from tests.e2e.logins import reaching, runner
from topics.catalog import ACCOUNT_COMMANDS, CATALOG, CDR_RAW, RATE_DECKS
from topics.partitioner import partition_of
from topics.roles import OPERATOR, PRODUCE, RETENTION

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.kafka.broker import Broker as BrokerProcess
    from tests.e2e.broker import Record

Seen = TypeVar("Seen")
EXAMPLES = Path(__file__).parents[2] / "topics" / "examples"
RETAINED = sum(topic.has_retention for topic in CATALOG)
CDR = json.loads((EXAMPLES / "cdr.raw.v1.valid.jsonl").read_text().splitlines()[0])


def rater_topics(*arguments: str) -> Result:
    return runner(OPERATOR).invoke(topics, arguments)


async def alter(bootstrap: str, topic: str, settings: dict[str, str]) -> None:
    """Set a topic's settings as an operator would who bypasses the catalog."""
    async with admin(bootstrap) as client:
        resource = ConfigResource(ConfigResourceType.TOPIC, topic, configs=settings)
        (response,) = await client.alter_configs([resource])
    assert response.resources[0][0] == 0, response


def test_topics_are_made_once_and_drift_is_named(private_broker: BrokerProcess) -> None:
    broker = private_broker.bootstrap
    missing = rater_topics("check", "--broker", broker)
    unset = runner(RETENTION).invoke(topics, ["alter", "--broker", broker])
    assert unset.exit_code == 1
    assert "ledger.entries.v1" in unset.stderr
    assert "make them with `rater topics create`" in unset.stderr
    assert missing.exit_code == 1
    assert missing.stdout.count("missing") == len(CATALOG)

    unsent = runner(PRODUCE).invoke(
        produce, [CDR_RAW.name, "--broker", broker], input=json.dumps(CDR)
    )
    assert unsent.exit_code == 2
    assert "make it with `rater topics create`" in unsent.stderr

    made = rater_topics("create", "--broker", broker)
    assert (made.exit_code, made.stdout.count("made  ")) == (0, len(CATALOG))
    assert made.stdout.endswith(f"{len(CATALOG)} made, 0 were there, on {broker}\n")
    again = rater_topics("create", "--broker", broker)
    assert (again.exit_code, again.stdout.count("was there  ")) == (0, len(CATALOG))

    clean = rater_topics("check", "--broker", broker)
    assert (clean.exit_code, clean.stdout[:9]) == (0, "no drift:")

    settings = CDR_RAW.config() | {"retention.ms": "1000", "segment.bytes": "2097152"}
    settings["message.timestamp.after.max.ms"] = "60000"
    asyncio.run(alter(broker, CDR_RAW.name, settings))
    drift = first_that(lambda: rater_topics("check", "--broker", broker), lambda r: r.exit_code)
    *table, told = drift.stdout.splitlines()
    rows = [" ".join(line.split()) for line in table[2:]]
    assert drift.exit_code == 1
    assert rows == [
        "cdr.raw.v1 retention.ms 1209600000 1000",
        "cdr.raw.v1 message.timestamp.after.max.ms 3600000 60000",
        "cdr.raw.v1 segment.bytes the broker's default 2097152",
    ]
    assert told == "retention.ms: set it: rater topics alter"
    set_again_and_nothing_else(broker)

    refused = rater_topics("create", "--broker", broker, "--partitions", "4")
    assert refused.exit_code == 1
    assert "an account lives in the partition of its key" in refused.stderr
    assert "ledger.entries.v1 has 8, not 4" in refused.stderr
    counted = rater_topics("check", "--broker", broker, "--partitions", "4")
    assert counted.exit_code == 1
    assert "partitions: refused, an account lives in the partition of its key" in counted.stdout


def set_again_and_nothing_else(broker: str) -> None:
    """Have the time of CDRs set as the catalog has it, and longer, and shorter, beside what an operator has set."""
    alter_it = partial(runner(RETENTION).invoke, topics)
    longer = alter_it(["alter", "--broker", broker])
    assert longer.output.splitlines() == [
        "cdr.raw.v1: 1000 ms -> 14 days",
        f"1 set, {RETAINED - 1} were so, on {broker}",
    ]
    left = first_that(lambda: rater_topics("check", "--broker", broker), lambda r: r.exit_code)
    assert "retention.ms" not in left.stdout
    assert "segment.bytes" in left.stdout
    shorter = ["alter", "--broker", broker, "--retention", "cdr.raw.v1=3d"]
    denied = alter_it(shorter, input="n\n")
    assert denied.exit_code == 1
    assert (
        "cdr.raw.v1: 14 days -> 3 days\nWhat is older is deleted for good. Go on?" in denied.output
    )
    assert "retention.ms" not in rater_topics("check", "--broker", broker).stdout
    assert alter_it([*shorter, "--yes"]).exit_code == 0
    set_so = ("check", "--broker", broker, "--retention", "cdr.raw.v1=3d")
    as_wanted = first_that(lambda: rater_topics(*set_so), lambda r: "retention.ms" not in r.stdout)
    assert "retention.ms" not in as_wanted.stdout
    assert " 1209600000 " in rater_topics("check", "--broker", broker).stdout


async def test_nothing_is_made_while_a_partition_count_is_refused(
    bootstrap: str, namespace: str
) -> None:
    plan = [replace(topic, name=f"{namespace}-{topic.name}") for topic in (CDR_RAW, RATE_DECKS)]
    await create_topics(bootstrap, {plan[0].name: 3})

    async with connected(reaching(bootstrap, OPERATOR)) as broker:
        with pytest.raises(PartitionCountError, match=r"cdr\.raw\.v1 has 3, not 8"):
            await broker.create(plan)

        assert plan[1].name not in await broker.partition_counts()


async def test_two_creations_at_once_make_each_topic_once(bootstrap: str, namespace: str) -> None:
    plan = [replace(topic, name=f"{namespace}-{topic.name}", partitions=2) for topic in CATALOG]

    async with (
        connected(reaching(bootstrap, OPERATOR)) as one,
        connected(reaching(bootstrap, OPERATOR)) as two,
    ):
        creations = await asyncio.gather(one.create(plan), two.create(plan))

        made = [name for creation in creations for name in creation.made]
        assert sorted(made) == sorted(topic.name for topic in plan)
        assert await one.drift(plan) == []


async def test_a_topic_that_the_broker_cannot_make_is_an_error_with_its_reason(
    bootstrap: str, namespace: str
) -> None:
    topic = replace(CDR_RAW, name=f"{namespace}-{CDR_RAW.name}")

    async with connected(reaching(bootstrap, OPERATOR)) as broker:
        with pytest.raises(TopicNotMadeError, match=r"the broker refused to make it: .*eplication"):
            await broker.create([topic], Copies(factor=3))


async def test_how_many_copies_must_have_a_record_is_set_when_said_and_is_no_drift(
    bootstrap: str, namespace: str
) -> None:
    topic = replace(CDR_RAW, name=f"{namespace}-{CDR_RAW.name}", partitions=2)

    async with connected(reaching(bootstrap, OPERATOR)) as broker:
        await broker.create([topic], Copies(min_insync=1))

        value, is_set = (await broker.settings([topic.name]))[topic.name]["min.insync.replicas"]
        assert (value, is_set) == ("1", True)
        assert await broker.drift([topic]) == []


def test_more_copies_that_must_have_a_record_than_there_are_is_refused() -> None:
    words = ("create", "--replication-factor", "2", "--min-insync-replicas", "3")
    refused = rater_topics(*words, "--broker", "127.0.0.1:1")

    assert refused.exit_code == 2
    assert "--min-insync-replicas: must be --replication-factor at most, which is 2; found 3" in (
        " ".join(refused.stderr.split())
    )


def tenant_records(bootstrap: str, topic: str, tenants: set[str]) -> list[Record]:
    records = asyncio.run(consume(bootstrap, topic))
    return [record for record in records if record.key and record.key.decode() in tenants]


def first_that(
    look: Callable[[], Seen], holds: Callable[[Seen], object], timeout_s: float = 30.0
) -> Seen:
    """Look until it holds, and return what was seen last.

    A broker answers an alteration, and a commit, a moment before every reader sees it.
    """
    until = time.monotonic() + timeout_s
    while not holds(seen := look()) and time.monotonic() < until:
        time.sleep(0.05)
    return seen


def test_sent_lines_arrive_as_written_keyed_by_tenant_in_murmur2s_partition(
    bootstrap: str, namespace: str
) -> None:
    assert rater_topics("create", "--broker", bootstrap).exit_code == 0
    tenants = [f"{namespace}-{i}" for i in range(20)]
    lines = [
        json.dumps({**CDR, "tenant_id": tenant, "cdr_id": f"c{i}"}).encode()
        for tenant in tenants
        for i in range(5)
    ]

    result = runner(PRODUCE).invoke(
        produce, [CDR_RAW.name, "--broker", bootstrap], input=b"\n".join(lines)
    )
    found = first_that(
        lambda: tenant_records(bootstrap, CDR_RAW.name, set(tenants)), lambda r: len(r) >= 100
    )

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"100 sent to cdr.raw.v1 (8 partitions) on {bootstrap}\n"
    assert sorted(record.value for record in found if record.value) == sorted(lines)
    assert all(record.partition == partition_of(record.key or b"", 8) for record in found)
    for tenant in tenants:
        ids = [json.loads(r.value or b"")["cdr_id"] for r in found if r.key == tenant.encode()]
        assert ids == [f"c{i}" for i in range(5)]


def test_with_one_bad_line_nothing_of_the_file_is_sent(
    bootstrap: str, namespace: str, tmp_path: Path
) -> None:
    assert rater_topics("create", "--broker", bootstrap).exit_code == 0
    line = json.dumps({**CDR, "tenant_id": namespace})
    file = tmp_path / "cdrs.jsonl"
    file.write_text(f"{line}\n{line}\n{line.replace('61', 'true')}\n")

    result = runner(PRODUCE).invoke(produce, [CDR_RAW.name, str(file), "--broker", bootstrap])

    assert result.exit_code == 1
    assert "line 3: billsec: must be an integer, found true" in result.stderr
    assert tenant_records(bootstrap, CDR_RAW.name, {namespace}) == []


async def test_a_failure_half_way_leaves_nothing_for_readers_of_committed_records(
    bootstrap: str, namespace: str
) -> None:
    name = f"{namespace}-small"
    await create_topics(bootstrap, {name: 2}, {"max.message.bytes": "20000"})
    topic = replace(ACCOUNT_COMMANDS, name=name)
    small = [Ready(f"t{i}".encode(), b"{}" * 300, None) for i in range(40)]
    large = Ready(b"t0", b"x" * 100_000, None)

    with pytest.raises(PublishError, match="nothing was sent"):
        await publish(reaching(bootstrap, PRODUCE), topic, [*small, large], 2, lambda: None)

    assert await consume(bootstrap, name) == []
    assert await consume(bootstrap, name, committed=False) != []


async def test_an_interrupted_sending_is_aborted_at_once(bootstrap: str, namespace: str) -> None:
    name = f"{namespace}-interrupted"
    await create_topics(bootstrap, {name: 1})
    records = [Ready(b"t", b"{}" * 300, None) for _ in range(5_000)]
    halfway = asyncio.Event()
    left = iter(range(len(records), 0, -1))

    def sent() -> None:
        if next(left) == len(records) // 2:
            halfway.set()

    topic = replace(CDR_RAW, name=name)
    task = asyncio.create_task(publish(reaching(bootstrap, PRODUCE), topic, records, 1, sent))
    await halfway.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await publish(
        reaching(bootstrap, PRODUCE), topic, [Ready(b"t", b"after", None)], 1, lambda: None
    )

    # Were the transaction still open, no reader of committed records would see what follows it.
    assert [r.value for r in await wait_for_records(bootstrap, name, 1, timeout_s=20)] == [b"after"]


async def test_a_broker_that_dies_ends_the_sending_with_nothing_sent(
    private_broker: BrokerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rater.shell.admin.publish.STALL_S", 2.0)
    monkeypatch.setattr("rater.shell.admin.publish.FAREWELL_S", 0.5)
    await create_topics(private_broker.bootstrap, {CDR_RAW.name: 8})
    records = [Ready(f"t{i}".encode(), b"{}" * 300, None) for i in range(20_000)]
    left = iter(range(len(records), 0, -1))

    def sent() -> None:
        if next(left) == len(records) // 2:
            private_broker.kill()

    with pytest.raises(PublishError, match="did not answer for 2 s; nothing was sent"):
        await publish(reaching(private_broker.bootstrap, PRODUCE), CDR_RAW, records, 8, sent)
