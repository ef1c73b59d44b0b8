"""The poison corpus on real Kafka: one worker, every record on its topic, the lag gone, nothing lost."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from deploy.kafka.broker import Broker
from loadtest.rater_command import run
from loadtest.service import Worker
from loadtest.watch import watching
from tests.corpus.poison.corpus import (
    COUNTED,
    Case,
    End,
    end_of,
    read_accounts,
    read_cases,
    with_neighbours,
)
from tests.e2e.broker import consume, producer
from tests.e2e.logins import options
from topics.catalog import (
    ACCOUNT_SOURCES,
    ACCOUNT_TIMERS,
    BATCHES_CHANGELOG,
    CDR_RAW,
    DEAD,
    LEDGER,
    PARTITIONS,
    SUSPENSE,
)
from topics.manifests import split_manifest
from topics.partitioner import partition_of

SAMPLE_DECK = Path(__file__).parents[2] / "rater" / "data" / "sample_deck.csv"
YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
"""The day of the corpus's calls: not so long ago that the broker would delete them."""
OPENED_MS = int(YESTERDAY.replace(hour=8).timestamp()) * 1_000
CALLED_MS = int(YESTERDAY.replace(hour=12).timestamp()) * 1_000

Place = tuple[str, int, int]


async def publish(bootstrap: str, cases: Sequence[Case], at_ms: int) -> list[tuple[Place, Case]]:
    """Publish records in order, each to its partition; return where they lie."""
    async with producer(bootstrap) as client:
        sent = [await _send(client, case, at_ms) for case in cases]
        await client.flush()
    places = [(done.topic, done.partition, done.offset) for done in [await s for s in sent]]
    return list(zip(places, cases, strict=True))


async def _send(client: AIOKafkaProducer, case: Case, at_ms: int) -> Any:
    if case.key is not None or case.value is not None:
        return await client.send(
            case.topic, case.value, case.key, partition=case.partition, timestamp_ms=at_ms
        )
    # `send` wants a key or a value; Kafka wants neither.
    batch = client.create_batch()
    batch.append(key=None, value=None, timestamp=at_ms)
    return await client.send_batch(batch, case.topic, partition=case.partition)


async def play(bootstrap: str, worker: Worker) -> list[tuple[Place, Case]]:
    """Publish accounts, commands and CDRs, and wait until the worker has committed all of them."""
    day = YESTERDAY.date().isoformat()
    sources = [topic.name for topic in ACCOUNT_SOURCES]
    commands = [case.at_day(day) for case in with_neighbours(read_cases(*sources))]
    cdrs = [case.at_day(day) for case in with_neighbours(read_cases(CDR_RAW.name))]
    placed = await publish(bootstrap, read_accounts(), OPENED_MS)
    async with watching(bootstrap) as watch:
        for topic in sources:
            of_topic = [case for case in commands if case.topic == topic]
            placed += await publish(bootstrap, of_topic, CALLED_MS)
            await watch.until_done(topic, timeout_s=60.0, alive=worker.check)
        placed += await publish(bootstrap, cdrs, CALLED_MS)
        await watch.until_done(CDR_RAW.name, timeout_s=60.0, alive=worker.check)
    return placed


async def play_oversized(bootstrap: str, worker: Worker) -> dict[Place, tuple[str, str]]:
    """Publish what a file cannot show: huge keys, records larger than their topic allows, no time at all."""
    day = YESTERDAY.date().isoformat()
    good = next(case for case in read_cases(CDR_RAW.name) if case.name == "masked_but_clear")
    whole = (good.at_day(day).value or b"").replace(b'"masked"', b'"@"')
    oversized = [
        (b"k" * 4_000_000, b"{", CALLED_MS, (DEAD.name, "not_json")),
        (b"k" * 3_000_000, whole.replace(b"@", b"k"), CALLED_MS, (SUSPENSE.name, "misrouted")),
        (b"acme", b" " * 20_000_000, CALLED_MS, (DEAD.name, "too_long")),
        (b"acme", whole.replace(b"@", b"timeless"), -1, (LEDGER.name, "rated")),
        (b"acme", whole.replace(b"@", b"ancient"), -(10**15), (LEDGER.name, "rated")),
    ]
    client = AIOKafkaProducer(
        **options(bootstrap), compression_type="gzip", max_request_size=64_000_000
    )
    ends = {}
    async with client, watching(bootstrap) as watch:
        for key, value, at_ms, end in oversized:
            home = partition_of(b"acme", PARTITIONS)
            done = await client.send_and_wait(CDR_RAW.name, value, key, home, at_ms)
            ends[done.topic, done.partition, done.offset] = end
        await watch.until_done(CDR_RAW.name, timeout_s=60.0, alive=worker.check)
    return ends


async def read_ends(bootstrap: str) -> dict[Place, list[End]]:
    """Read what came out, by the record that it came of."""
    ends: dict[Place, list[End]] = {}
    for record in await consume(bootstrap, LEDGER.name, SUSPENSE.name, DEAD.name):
        assert record.value is not None
        place, end = end_of(record.topic, record.value)
        if end.reason != "deck_warning":  # It comes beside the entry that it is about.
            ends.setdefault(place, []).append(end)
    return ends


async def read_outcomes(bootstrap: str) -> Counter[str]:
    """Add up what the batch manifests count."""
    outcomes: Counter[str] = Counter()
    for record in await consume(bootstrap, BATCHES_CHANGELOG.name):
        assert record.value is not None
        header, _ = split_manifest(record.value)
        assert sum(header["outcomes"].values()) == header["records"]
        outcomes.update(header["outcomes"])
    return outcomes


def check_end(case: Case, ends: Sequence[End]) -> None:
    """Hold what came of a record against the index."""
    if case.ends_on in COUNTED:
        assert ends == [], case.name
        return
    found = [(end.ends_on, end.reason) for end in ends]
    assert found == [(case.ends_on, case.reason)], case.name
    if case.ends_on == DEAD.name:
        assert ends[0].keeps(case), case.name
    if case.ends_on == SUSPENSE.name:
        assert ends[0].kept_value == case.value, case.name


async def test_every_poison_record_ends_on_its_topic_and_the_worker_stays_up(
    private_broker: Broker, tmp_path: Path
) -> None:
    bootstrap = private_broker.bootstrap
    await asyncio.to_thread(run, "topics", "create", "--broker", bootstrap)
    deck = ["--deck-id", "worldwide", "--version", "1", "--currency", "USD", "--backdate"]
    deck += ["--valid-from", "2020-01-01T00:00:00Z", "--broker", bootstrap]
    await asyncio.to_thread(run, "deck", "load", str(SAMPLE_DECK), *deck)

    with Worker(bootstrap, tmp_path / "worker.log") as worker:
        placed = await play(bootstrap, worker)
        oversized = await play_oversized(bootstrap, worker)
        ends = await read_ends(bootstrap)
        outcomes = await read_outcomes(bootstrap)
        worker.check()
        await asyncio.to_thread(worker.stop)

    for place, case in placed:
        check_end(case, ends.pop(place, []))
    for place, end in oversized.items():
        (found,) = ends.pop(place)
        assert (found.ends_on, found.reason) == end
    turned = [place for place in ends if place[0] == ACCOUNT_TIMERS.name]
    for place in turned:
        # A month has turned since the day of the calls.
        (found,) = ends.pop(place)
        assert found.reason == "balance_carried_forward"
    assert ends == {}, "records that nobody sent"
    assert outcomes.total() == len(placed) + len(oversized) + len(turned)
    assert outcomes["duplicate"] == sum(case.ends_on == "duplicate" for _, case in placed)
