"""Bombs on real Kafka: small requests that hold gigabytes, on every topic that others write; nobody stops, or grows."""

import asyncio
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from deploy.kafka.broker import Broker
from loadtest.circle.services import Circle, circle
from loadtest.rater_command import run
from tests.bombs import CODECS
from tests.e2e.broker import consume
from tests.e2e.logins import environment, options, session
from topics import catalog
from topics.partitioner import partition_of

MEGA = 1024 * 1024
MEMORY_BYTES_MAX = 500 * MEGA
"""Of any service at its peak; one at rest takes 150 MB."""
KEY = b"acme"
PLACE = partition_of(KEY, catalog.PARTITIONS)
OTHERS_WRITE = (
    catalog.CDR_RAW,
    *catalog.ACCOUNT_SOURCES,
    catalog.RECHARGE_COMMANDS,
    catalog.RECHARGE_TIMERS,
    catalog.PAYMENT_RESULTS,
)
WE_WRITE = (catalog.PAYMENT_COMMANDS, catalog.NOTIFICATIONS, catalog.BALANCE_EVENTS)
"""Where none but services write, and one who steals in must not stop them either."""
DEAD = {t.name: catalog.DEAD for t in (catalog.CDR_RAW, *catalog.ACCOUNT_SOURCES)}
"""The others end on `recharge.dead.v1`."""


def bombs() -> Iterator[tuple[str, list[bytes], list[tuple[str, bytes]], int]]:
    """Yield codec, values, headers and how many dead letters come of them."""
    lists = b'{"note":[' + b"[]," * MEGA + b"1]}"
    for codec in CODECS:
        if codec not in ("none", "snappy"):
            yield codec, [b" " * 3 * MEGA] * 30, [], 1
            yield codec, [lists] * 30, [], 1
    yield "snappy", [b" " * 3 * MEGA] * 12, [], 1
    yield "gzip", [b" " * 3 * MEGA] * 8, [], 8
    yield "gzip", [lists] * 8, [], 8
    yield "gzip", [b"{}"], [("", b"")] * 2 * MEGA, 1
    yield "gzip", [b'{"note":[' + b"[]," * 20_000 + b"1]}"] * 300, [], 300


async def throw(bootstrap: str, topic: catalog.Topic) -> int:
    """Publish every bomb that the topic takes, and good bytes after each; return how many dead letters must come."""
    wanted = 0
    for codec, values, headers, letters in bombs():
        packer = None if codec == "none" else codec
        client = AIOKafkaProducer(
            **options(bootstrap), compression_type=packer, max_batch_size=400 * MEGA
        )
        async with client:
            batch = client.create_batch()
            for value in values:
                assert batch.append(key=KEY, value=value, timestamp=None, headers=headers)
            batch.close()
            if len(batch._build()) > topic.max_message_bytes - 1_000:
                continue
            await (await client.send_batch(batch, topic.name, partition=PLACE))
            await client.send_and_wait(topic.name, b"{not json", KEY, partition=PLACE)
        wanted += letters + 1
    return wanted


async def letters_of(bootstrap: str, topic: catalog.Topic) -> Counter[str]:
    """Return the dead letters of a topic by their reason."""
    found: Counter[str] = Counter()
    for record in await consume(bootstrap, DEAD.get(topic.name, catalog.RECHARGE_DEAD).name):
        letter = json.loads(record.value or b"")
        if letter["source_topic"] == topic.name:
            found[letter["reason"]] += 1
            assert len(record.value or b"") < 200_000
    return found


async def endure(stage: Circle, topics: tuple[catalog.Topic, ...]) -> None:
    """Throw bombs on topics, and wait until every dead letter has come."""
    wanted = {topic.name: await throw(stage.bootstrap, topic) for topic in topics}
    for topic in topics:
        found: Counter[str] = Counter()
        async with asyncio.timeout(90.0):
            while found.total() < wanted[topic.name]:
                await asyncio.sleep(0.5)
                stage.check()
                found = await letters_of(stage.bootstrap, topic)
        assert found.total() == wanted[topic.name], (topic.name, found)
        assert set(found) == {"not_unpacked", "not_json", "too_long"}, topic.name


def peak_bytes(pid: int) -> int:
    """Return the most memory that a process ever had."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def reconcile(bootstrap: str) -> tuple[int, int, str]:
    """Return exit code, peak of memory, and what was said."""
    script = (
        "from rater.__main__ import main\ntry:\n    main()\nfinally:\n"
        "    print(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0])\n"
    )
    command = [sys.executable, "-c", script, "reconcile", "--broker", bootstrap]
    env = environment("reconcile")
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, check=False, timeout=120
    )
    return done.returncode, int(done.stdout.split()[-1]) * 1024, done.stdout + done.stderr


@pytest.mark.parametrize("extent", ["some", pytest.param("all", marks=pytest.mark.slow)])
@pytest.mark.timeout(400)
async def test_bombs_stop_no_service_and_take_no_memory(
    private_broker: Broker, tmp_path: Path, extent: str
) -> None:
    bootstrap = private_broker.bootstrap
    # That of CDRs always; of the others those that this run draws.
    others = OTHERS_WRITE if extent == "all" else (catalog.CDR_RAW, random.choice(OTHERS_WRITE[1:]))
    ours = WE_WRITE if extent == "all" else (random.choice(WE_WRITE),)
    await asyncio.to_thread(run, "topics", "create", "--broker", bootstrap)
    with circle(bootstrap, tmp_path, session_timeout_s=float(session(3.0)[1])) as stage:
        await endure(stage, others)
        code, peak, said = await asyncio.to_thread(reconcile, bootstrap)
        assert code == 0, said
        assert peak < MEMORY_BYTES_MAX
        await endure(stage, ours)
        peaks = {name: peak_bytes(service.pid) for name, service in stage.services.items()}

    assert max(peaks.values()) < MEMORY_BYTES_MAX, peaks
    for service in stage.services.values():
        log = service.log.read_text(errors="replace")
        assert "Traceback" not in log
        assert "CRITICAL" not in log
    print(peaks, peak)
