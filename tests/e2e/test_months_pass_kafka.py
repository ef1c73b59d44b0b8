"""Months pass by the clocks of all that runs, and the broker deletes the oldest of them: what is left is proven.

`rater topics create` has made the topics, `rater topics alter` shortens the ledger's time, and Kafka does the rest, in
its own time: no record is deleted by hand.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest

from loadtest import stage
from loadtest.drive import by_topic, publish_cdrs, publish_commands
from loadtest.rater_command import run
from tests.e2e.broker import consume, create_topics, producer
from tests.e2e.charging_fleet import Fleet
from tests.e2e.charging_play import SOURCES
from tests.e2e.charging_stage import reconciled
from tests.e2e.logins import are_wanted
from tests.e2e.months_stage import (
    CARRIED,
    DAY_MS,
    TENANTS,
    Clock,
    carried,
    entries,
    library,
    now_ms,
    workload,
)
from topics import catalog

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.kafka.broker import Broker
    from tests.e2e.broker import Record

LEDGER = catalog.LEDGER.name
KEPT_D = catalog.LEDGER.retention_min_ms // DAY_MS
"""The shortest that a ledger can be told to keep."""
SINCE = "2024-01-01T00:00:00Z"
MASKS = [{"prefix": "", "digits": 4}]
WHOLE = re.compile(rb'"(?:to|from)":"(\+[0-9]{9,15})"')
MISSING = "libfaketime is not here: apt-get install faketime"
SEGMENT_MS = 7 * DAY_MS
"""Kafka's own `segment.ms`."""
DELETED_S = 480.0
"""Kafka looks for what is too old 30 s after its start, and then every 5 minutes."""
SAME_ROUND_S = 2.0
"""In one round it looks at all topics."""


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(library() is None, reason=MISSING)
@pytest.mark.skipif(
    are_wanted(), reason="certificates of the tests' brokers last 30 days: no months can pass"
)
async def test_when_kafka_has_deleted_the_oldest_month_the_ledger_is_proven_from_where_it_begins(
    private_broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, fleet = Clock(monkeypatch), Fleet(private_broker.bootstrap, tmp_path)
    bootstrap = fleet.bootstrap
    try:
        await asyncio.to_thread(set_up, bootstrap, tmp_path)
        await charged(fleet, clock, seed=1)
        first, kinds = await entries(bootstrap), kinds_of(await entries(bootstrap))

        for days in (32, 70):
            await set_forward(private_broker, clock, days)
            await charged(fleet, clock, seed=days)
        assert [] == await reconciled(bootstrap)
        before = await entries(bootstrap)
        assert first == before_day(before, clock, 32)

        told = await asyncio.to_thread(shorten, bootstrap)
        after = await deleted(bootstrap, {record[1:3] for record, _ in first})
    finally:
        fleet.end()

    assert f"{LEDGER}: 775 days -> {KEPT_D} days" in told
    assert kinds["account_opened"] == TENANTS
    assert after == [each for each in before if each not in first]
    assert kinds_of(after)["account_opened"] == 0
    carried_twice = Counter(said["tenant_id"] for _, said in after if said["kind"] == CARRIED)
    assert len(carried_twice) == TENANTS
    assert min(carried_twice.values()) >= 2
    assert [] == await reconciled(bootstrap)
    said = await asyncio.to_thread(run, "reconcile", "--broker", bootstrap)
    assert f"{LEDGER}/0: proven from offset" in said.text
    await no_whole_number(bootstrap)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(library() is None, reason=MISSING)
async def test_a_commit_holds_records_of_its_segment_as_long_as_new_ones(
    private_broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its marker carries the broker's clock, whatever times the records have; of older ones it begins a segment."""
    bootstrap, at_ms = private_broker.bootstrap, now_ms()
    ages_ms = {"plain": SEGMENT_MS // 2, "held": SEGMENT_MS // 2, "older": SEGMENT_MS + DAY_MS}
    await create_topics(bootstrap, dict.fromkeys(ages_ms, 1), {"retention.ms": str(DAY_MS)})
    for topic, age_ms in ages_ms.items():
        is_plain = topic == "plain"
        async with (
            producer(bootstrap, None if is_plain else topic) as client,
            nullcontext() if is_plain else client.transaction(),
        ):
            await client.send_and_wait(topic, b"v", b"k", timestamp_ms=at_ms - age_ms)

    await gone(bootstrap, "plain", "older")
    await asyncio.sleep(SAME_ROUND_S)
    assert len(await consume(bootstrap, "held")) == 1

    await set_forward(private_broker, Clock(monkeypatch), 2)
    await gone(bootstrap, "held")


def set_up(bootstrap: str, folder: Path) -> None:
    """Make the topics as the catalog has them, load a deck, and have tails of numbers hidden."""
    stage.create_topics(bootstrap)
    settings = folder / "settings.json"
    settings.write_text(json.dumps({"version": 1, "valid_from": SINCE, "number_masks": MASKS}))
    run("config", "load", str(settings), "--backdate", "--broker", bootstrap)
    stage.load_deck(bootstrap, workload(now_ms(), seed=1).plan)


async def set_forward(broker: Broker, clock: Clock, days: int) -> None:
    """Stop the broker, let days pass, and start it again."""
    clock.set_forward(days)
    await asyncio.to_thread(broker.restart)


async def charged(fleet: Fleet, clock: Clock, seed: int) -> None:
    """Let a worker carry all accounts forward where months have passed, and charge calls of today; stop it."""
    at_ms = clock.now_ms()
    load = workload(at_ms, seed)
    fleet.start()
    await fleet.settled()
    if clock.ahead_days:
        await carried(fleet, at_ms - DAY_MS)
    else:
        await publish_commands(fleet.bootstrap, by_topic(load.commands()), fleet.obeyed)
    await publish_cdrs(fleet.bootstrap, load, at_ms)
    await fleet.obeyed(*SOURCES)
    await fleet.stop()


def shorten(bootstrap: str) -> str:
    """Have the ledger kept as short as it may be; return what was said."""
    retention = f"--retention={LEDGER}={KEPT_D}d"
    return run("topics", "alter", "--yes", retention, "--broker", bootstrap).text


async def deleted(
    bootstrap: str, places: set[tuple[int, int]]
) -> list[tuple[Record, dict[str, Any]]]:
    """Wait until the broker has deleted what lies at some places; return what is left of the ledger."""
    deadline = time.monotonic() + DELETED_S
    while there := {record[1:3] for record in await consume(bootstrap, LEDGER)} & places:
        assert time.monotonic() < deadline, f"{len(there)} of {len(places)} are still there"
        await asyncio.sleep(1.0)
    return await entries(bootstrap)


async def gone(bootstrap: str, *topics: str) -> None:
    """Wait until the broker has deleted all of some topics."""
    deadline = time.monotonic() + DELETED_S
    while left := await consume(bootstrap, *topics):
        assert time.monotonic() < deadline, f"still there: {left}"
        await asyncio.sleep(0.5)


def before_day(
    found: list[tuple[Record, dict[str, Any]]], clock: Clock, days: int
) -> list[tuple[Record, dict[str, Any]]]:
    """Return what was written before a day of the play, with a day to spare."""
    until_ms = clock.now_ms() - (clock.ahead_days - days + 1) * DAY_MS
    return [each for each in found if each[0].timestamp_ms < until_ms]


def kinds_of(found: list[tuple[Record, dict[str, Any]]]) -> Counter[str]:
    """Count entries by kind."""
    return Counter(said["kind"] for _, said in found)


async def no_whole_number(bootstrap: str) -> None:
    """Assert that of the numbers that platforms wrote none is whole on the ledger."""
    texts = [record.value or b"" for record in await consume(bootstrap, LEDGER)]
    calls = [record.value or b"" for record in await consume(bootstrap, catalog.CDR_RAW.name)]
    numbers = {number for text in calls for number in WHOLE.findall(text)}
    assert numbers
    assert [] == [number for number in numbers if any(b'"%s"' % number in text for text in texts)]
