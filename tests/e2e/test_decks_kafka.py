"""Rate decks on real Kafka: published whole or not at all, and seen whole by every worker."""

import asyncio
import gc
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka.admin import RecordsToDelete
from aiokafka.errors import OffsetOutOfRangeError
from aiokafka.structs import TopicPartition
from click.testing import CliRunner, Result

from deploy.kafka.broker import Broker as BrokerProcess
from rater.cli.deck_list import list_decks
from rater.cli.deck_load import load
from rater.cli.deck_retire import retire
from rater.core.pricing.decks import Deck, Heading
from rater.shell.admin.missing import MissingTopicsError
from rater.shell.process.metrics import Metrics
from rater.shell.versions import shared_loader
from rater.shell.versions.deck_load import (
    Candidate,
    DeckLoader,
    decide,
    outranked_by,
)
from rater.shell.versions.deck_service import DeckService
from rater.shell.versions.deck_versions import read_versions
from rater.shell.versions.shared_loader import HeldBackError, LoadRefusedError
from rater.wire.pricing.deck_csv import Sheet, read_sheet
from rater.wire.pricing.deck_heading import read_heading
from tests.e2e.broker import admin, consume, create_topics, produce, producer
from tests.e2e.logins import reaching, runner
from topics.catalog import RATE_DECKS
from topics.roles import CHARGING, DECK_LOADER

NOW_MS = 1_735_689_600_000
"""2025-01-01."""
HEADER = "prefix,rate\n"
SMALL = f"{HEADER}33,0.01\n336,0.05\n"


@pytest.fixture
async def topic(bootstrap: str, namespace: str) -> str:
    name = f"{namespace}.rate.decks"
    await create_topics(bootstrap, {name: 1}, RATE_DECKS.config())
    return name


def heading(version: int = 1, valid_from: str = "2024-01-01T00:00:00Z", **other: str) -> Heading:
    terms = (other.get("currency", "USD"), valid_from, "UTC", "split")
    made = read_heading(other.get("deck_id", "voice"), version, terms)
    assert isinstance(made, Heading)
    return made


def candidate(text: str = SMALL, version: int = 1, **other: str) -> Candidate:
    sheet = read_sheet(text.encode())
    assert isinstance(sheet, Sheet)
    return Candidate.of(heading(version, **other), sheet)


def large(rows: int) -> str:
    return HEADER + "".join(f"{100_000 + i},0.0{i % 9 + 1}\n" for i in range(rows))


async def publish(bootstrap: str, topic: str, version: Candidate) -> None:
    async with DeckLoader(
        reaching(bootstrap, DECK_LOADER), version.heading.deck_id, topic
    ) as loader:
        await loader.publish(version.records)


@asynccontextmanager
async def service(bootstrap: str, topic: str) -> AsyncIterator[DeckService]:
    decks = DeckService(reaching(bootstrap, CHARGING), Metrics(), topic)
    await decks.start()
    try:
        yield decks
    finally:
        await decks.stop()


async def within(seconds: float, decks: DeckService, deck_id: str, version: int) -> Deck:
    """Wait until a version is in the service's book, and return it."""
    async with asyncio.timeout(seconds):
        while True:
            for deck in decks.book.versions():
                if (deck.deck_id, deck.version) == (deck_id, version):
                    assert isinstance(deck, Deck)
                    return deck
            await asyncio.sleep(0.02)


async def ready(decks: DeckService) -> None:
    async with asyncio.timeout(10):
        await decks.ready()


async def test_a_service_is_ready_at_once_on_an_empty_topic(bootstrap: str, topic: str) -> None:
    async with service(bootstrap, topic) as decks:
        await ready(decks)

        assert decks.book.versions() == []
        assert await decks.progress() == f"{topic} read up to 0 of 0"


async def test_a_service_has_every_version_when_it_is_ready(bootstrap: str, topic: str) -> None:
    await publish(bootstrap, topic, candidate(large(12_000)))
    await publish(bootstrap, topic, candidate(deck_id="other"))

    async with service(bootstrap, topic) as decks:
        await ready(decks)

        found = [deck for deck in decks.book.versions() if isinstance(deck, Deck)]
        seen = [(d.deck_id, d.version, d.rows) for d in found]
        assert seen == [("other", 1, 2), ("voice", 1, 12_000)]


@pytest.mark.alone
async def test_a_new_version_is_in_force_within_two_seconds_and_the_old_book_stays(
    bootstrap: str, topic: str
) -> None:
    await publish(bootstrap, topic, candidate())
    async with service(bootstrap, topic) as decks:
        await ready(decks)
        before = decks.book
        async with DeckLoader(reaching(bootstrap, DECK_LOADER), "voice", topic) as loader:
            await loader.publish(candidate(version=2, valid_from="2024-06-01T00:00:00Z").records)
            committed = time.monotonic()
            await within(2.0, decks, "voice", 2)
            took_s = time.monotonic() - committed

        current = decks.book.in_force("voice", NOW_MS)
        assert current is not None
        assert current.version == 2
        assert [deck.version for deck in before.versions()] == [1]
        assert took_s < 2.0


async def test_a_topic_that_ends_with_markers_of_aborted_transactions_is_read_to_its_end(
    bootstrap: str, topic: str
) -> None:
    await publish(bootstrap, topic, candidate())
    for _ in range(3):
        async with producer(bootstrap, f"abort-{topic}") as client:
            await client.begin_transaction()
            await client.send_and_wait(topic, b"{}", b"voice/2/manifest", partition=0)
            await client.abort_transaction()

    async with service(bootstrap, topic) as decks:
        await ready(decks)

        assert [deck.version for deck in decks.book.versions()] == [1]


async def test_a_topic_whose_records_are_all_deleted_is_read_to_its_end(
    bootstrap: str, topic: str
) -> None:
    await create_topics(bootstrap, {f"{topic}.deleted": 1})
    await publish(bootstrap, f"{topic}.deleted", candidate())
    async with admin(bootstrap) as client:
        everything = {TopicPartition(f"{topic}.deleted", 0): RecordsToDelete(before_offset=-1)}
        await client.delete_records(everything)

    async with service(bootstrap, f"{topic}.deleted") as decks:
        await ready(decks)

        assert decks.book.versions() == []


@pytest.mark.alone
async def test_nothing_of_an_open_transaction_is_seen_and_it_does_not_hold_back_the_start(
    bootstrap: str, topic: str
) -> None:
    await publish(bootstrap, topic, candidate())
    version = candidate(version=2)
    async with producer(bootstrap, f"open-{topic}") as client:
        await client.begin_transaction()
        for key, value in version.records:
            await client.send_and_wait(topic, value, key, partition=0)
        async with service(bootstrap, topic) as decks:
            await ready(decks)
            await asyncio.sleep(0.5)
            during = [deck.version for deck in decks.book.versions()]
            await client.commit_transaction()
            await within(2.0, decks, "voice", 2)

    assert during == [1]


async def test_bad_records_are_counted_logged_once_and_passed_over(
    bootstrap: str, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    bad: list[tuple[bytes | None, bytes | None]] = [
        (b"voice/1", b"{}"),
        (b"\xff/1/manifest", b"{}"),
        (b"voice/2/manifest", b"{not json"),
        (b"voice/2/chunk-00001", b"[1e400]"),
        (b"voice/2/chunk-00001", None),
        (b"voice/2/manifest", b'{"deck_id": "\\ud800"}'),
    ]
    await produce(bootstrap, topic, bad, partition=0)
    await publish(bootstrap, topic, candidate())
    metrics = Metrics()
    decks = DeckService(reaching(bootstrap, CHARGING), metrics, topic)

    with caplog.at_level(logging.WARNING, "rater"):
        await decks.start()
        await ready(decks)
        await decks.stop()

    by_key = {"reason": "key"}
    by_value = {"reason": "value"}
    refused = "rater_deck_records_refused_total"
    skipped = [record for record in caplog.messages if "skipped" in record]
    assert [deck.version for deck in decks.book.versions()] == [1]
    assert metrics.registry.get_sample_value(refused, by_key) == 2
    assert metrics.registry.get_sample_value(refused, by_value) == 3
    assert metrics.registry.get_sample_value("rater_decks_whole") == 1
    assert len(skipped) == 5
    assert f"offset 2 of {topic}[0] skipped, key 'voice/2/manifest': value: " in skipped[2]


@pytest.mark.alone
async def test_compiling_a_large_deck_does_not_stop_the_event_loop(
    bootstrap: str, topic: str
) -> None:
    await publish(bootstrap, topic, candidate(large(200_000)))
    gaps: list[float] = []

    async def tick() -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(0.01)
            now = time.monotonic()
            gaps.append(now - last)
            last = now

    ticker = asyncio.create_task(tick())
    async with service(bootstrap, topic) as decks:
        async with asyncio.timeout(60):
            await decks.ready()
        ticker.cancel()

        (deck,) = decks.book.versions()
        assert isinstance(deck, Deck)
        assert deck.rows == 200_000
    assert max(gaps) < 1.0


async def test_a_missing_topic_is_an_error_that_says_what_to_do(
    bootstrap: str, namespace: str
) -> None:
    decks = DeckService(reaching(bootstrap, CHARGING), Metrics(), f"{namespace}.nowhere")

    with pytest.raises(MissingTopicsError, match=r"nowhere is not on .*rater topics create"):
        await decks.start()


async def test_a_service_outlives_its_broker_and_follows_the_next(
    private_broker: BrokerProcess,
) -> None:
    topic = RATE_DECKS.name
    await create_topics(private_broker.bootstrap, {topic: 1}, RATE_DECKS.config())
    await publish(private_broker.bootstrap, topic, candidate())
    async with service(private_broker.bootstrap, topic) as decks:
        await ready(decks)
        await asyncio.to_thread(private_broker.kill)
        await asyncio.sleep(1.0)
        await asyncio.to_thread(private_broker.start)
        await publish(private_broker.bootstrap, topic, candidate(version=2))
        await within(15.0, decks, "voice", 2)

        assert not decks.failed.done()


async def test_a_topic_made_anew_ends_the_service(
    bootstrap: str, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    await publish(bootstrap, topic, candidate())
    async with service(bootstrap, topic) as decks:
        await ready(decks)
        async with admin(bootstrap) as client:
            await client.delete_topics([topic])
            await asyncio.sleep(0.5)
        await create_topics(bootstrap, {topic: 1})

        with pytest.raises(OffsetOutOfRangeError):
            await asyncio.wait_for(asyncio.shield(decks.failed), 20)
        with pytest.raises(OffsetOutOfRangeError):
            decks.failed.result()
    assert "rate decks are no longer followed" in caplog.messages


async def test_a_version_is_one_transaction_with_the_manifest_last(
    bootstrap: str, topic: str
) -> None:
    await publish(bootstrap, topic, candidate(large(12_000)))

    records = await consume(bootstrap, topic)

    keys = [record.key for record in records]
    chunks = [f"voice/1/chunk-0000{number}".encode() for number in (1, 2, 3)]
    assert keys == [*chunks, b"voice/1/manifest"]
    assert json.loads(records[-1].value or b"")["rows"] == 12_000


async def test_a_second_loader_of_a_deck_shuts_out_the_first(bootstrap: str, topic: str) -> None:
    refusal = await shut_out(bootstrap, topic)
    # aiokafka leaves failed futures behind; Python complains of them when they are collected.
    gc.collect()

    versions = await read_versions(reaching(bootstrap, DECK_LOADER), topic)
    assert "another load of voice has begun" in refusal
    assert versions.manifests["voice", 1] == candidate().manifest
    assert len(await consume(bootstrap, topic)) == 2


async def shut_out(bootstrap: str, topic: str) -> str:
    """Let a loader publish after another has come and gone; return what it is told."""
    async with DeckLoader(reaching(bootstrap, DECK_LOADER), "voice", topic) as first:
        async with DeckLoader(reaching(bootstrap, DECK_LOADER), "voice", topic) as second:
            await second.publish(candidate().records)
        try:
            await first.publish(candidate(f"{HEADER}33,9\n").records)
        except LoadRefusedError as refusal:
            return str(refusal)
    return "nothing"


async def test_loaders_of_two_decks_do_not_disturb_each_other(bootstrap: str, topic: str) -> None:
    async with (
        DeckLoader(reaching(bootstrap, DECK_LOADER), "one", topic) as first,
        DeckLoader(reaching(bootstrap, DECK_LOADER), "two", topic) as second,
    ):
        await second.publish(candidate(deck_id="two").records)
        await first.publish(candidate(deck_id="one").records)
        await first.wait_until_whole(1)

    versions = await read_versions(reaching(bootstrap, DECK_LOADER), topic)
    assert sorted(versions.manifests) == [("one", 1), ("two", 1)]


async def test_a_loader_sees_what_an_open_transaction_of_another_hides(
    bootstrap: str, topic: str
) -> None:
    async with producer(bootstrap, f"open-{topic}") as client:
        await client.begin_transaction()
        await client.send_and_wait(topic, b"{}", b"other/1/chunk-00001", partition=0)
        await publish_hidden(bootstrap, topic, candidate())
        loader = DeckLoader(reaching(bootstrap, DECK_LOADER), "voice", topic)
        opening = asyncio.create_task(loader.__aenter__())
        await asyncio.sleep(1.0)
        waited = not opening.done()
        await client.abort_transaction()
        await opening
        await loader.__aexit__()

    assert waited
    assert loader.versions.is_whole("voice", 1)


async def test_a_transaction_that_stays_open_is_told_and_nothing_is_published(
    bootstrap: str, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_loader, "VISIBLE_TIMEOUT_S", 1.0)
    async with producer(bootstrap, f"open-{topic}") as client:
        await client.begin_transaction()
        await client.send_and_wait(topic, b"{}", b"other/1/chunk-00001", partition=0)

        with pytest.raises(HeldBackError, match=r"open for 1 s .* nothing was published"):
            await publish(bootstrap, topic, candidate())

        await client.abort_transaction()


async def test_what_a_loader_left_half_sent_is_never_seen_and_the_next_does_not_wait_for_it(
    bootstrap: str, topic: str
) -> None:
    half = candidate(f"{HEADER}33,9\n", deck_id=topic)
    async with producer(bootstrap, f"rater-deck-load-{topic}") as dead:
        await dead.begin_transaction()
        key, value = half.records[0]
        await dead.send_and_wait(topic, value, key, partition=0)
        async with asyncio.timeout(10):
            await publish(bootstrap, topic, candidate(deck_id=topic))

    records = await consume(bootstrap, topic)
    assert [record[4:6] for record in records] == candidate(deck_id=topic).records


async def publish_hidden(bootstrap: str, topic: str, version: Candidate) -> None:
    """Publish behind a transaction that is still open: no reader sees it yet."""
    records: list[tuple[bytes | None, bytes | None]] = [*version.records]
    await produce(bootstrap, topic, records, partition=0)


async def test_the_same_version_again_is_there_already_and_other_content_is_refused(
    bootstrap: str, topic: str
) -> None:
    await publish(bootstrap, topic, candidate())
    async with DeckLoader(reaching(bootstrap, DECK_LOADER), "voice", topic) as loader:
        versions = loader.versions
    other = candidate(f"{HEADER}33,0.02\n")
    in_euro = candidate(currency="EUR")

    again = decide(versions, candidate(), NOW_MS, backdate=False)
    with pytest.raises(LoadRefusedError) as content:
        decide(versions, other, NOW_MS, backdate=True)
    with pytest.raises(LoadRefusedError, match="has currency 'USD' on the topic, 'EUR' asked"):
        decide(versions, in_euro, NOW_MS, backdate=True)

    assert again is False
    assert candidate().manifest.digest in str(content.value)
    assert other.manifest.digest in str(content.value)
    assert "load it as version 2" in str(content.value)


async def test_a_version_of_which_a_part_was_deleted_may_be_published_again(
    bootstrap: str, topic: str
) -> None:
    await publish(bootstrap, topic, candidate())
    await produce(bootstrap, topic, [(b"voice/1/chunk-00001", None)], partition=0)
    # As after compaction: the chunk is gone, its tombstone and the manifest are there.
    manifest = candidate().records[-1]
    mended = f"{topic}.mended"
    await create_topics(bootstrap, {mended: 1}, RATE_DECKS.config())
    await produce(bootstrap, mended, [manifest], partition=0)

    async with DeckLoader(reaching(bootstrap, DECK_LOADER), "voice", mended) as loader:
        publishes = decide(loader.versions, candidate(), NOW_MS, backdate=False)
        await loader.publish(candidate().records)
        await loader.wait_until_whole(1)

    assert publishes is True


async def test_a_version_dated_back_needs_to_be_meant(bootstrap: str, topic: str) -> None:
    await publish(bootstrap, topic, candidate())
    async with DeckLoader(reaching(bootstrap, DECK_LOADER), "voice", topic) as loader:
        versions = loader.versions
    back = candidate(version=2, valid_from="2024-12-31T23:59:59Z")
    ahead = candidate(version=2, valid_from="2025-01-01T00:00:00Z")
    first = candidate(deck_id="new")

    with pytest.raises(LoadRefusedError, match=r"valid_from: 2024-12-31T23:59:59Z .*--backdate"):
        decide(versions, back, NOW_MS, backdate=False)

    assert decide(versions, back, NOW_MS, backdate=True)
    assert decide(versions, ahead, NOW_MS, backdate=False)
    assert decide(replace(versions, deck_id="new"), first, NOW_MS, backdate=False)


async def test_a_lower_version_valid_from_the_same_instant_is_outranked(
    bootstrap: str, topic: str
) -> None:
    await publish(bootstrap, topic, candidate(version=3))
    async with DeckLoader(reaching(bootstrap, DECK_LOADER), "voice", topic) as loader:
        assert outranked_by(loader.versions, heading(2)) == [3]
        assert outranked_by(loader.versions, heading(4)) == []


async def test_the_commands_load_refuse_and_list(
    private_broker: BrokerProcess, tmp_path: Path
) -> None:
    bootstrap = private_broker.bootstrap
    file = tmp_path / "deck.csv"
    file.write_text(SMALL)
    missing = await command("load", bootstrap, file)
    await create_topics(bootstrap, {RATE_DECKS.name: 1}, RATE_DECKS.config())
    empty = await command("list", bootstrap)

    loaded = await command("load", bootstrap, file)
    again = await command("load", bootstrap, file)
    file.write_text(f"{HEADER}33,0.02\n")
    other = await command("load", bootstrap, file)
    back = await command("load", bootstrap, file, "--version", "2")
    backdated = await command("load", bootstrap, file, "--version", "2", "--backdate")
    future = await command(
        "load", bootstrap, file, "--version", "3", "--valid-from", "2090-01-01T00:00:00Z"
    )
    strict = await command("load", bootstrap, file, "--version", "4", "--strict")
    file.write_text(f"{HEADER}33,minus\n44,x\n")
    faulty = await command("load", bootstrap, file, "--version", "4")
    listed = await command("list", bootstrap)

    assert missing.exit_code == 2
    assert missing.output.endswith(
        f"Error: rate.decks.v1 is not on {bootstrap}: make it with `rater topics create`\n"
    )
    assert "no rate decks on" in empty.output
    assert loaded.exit_code == 0, loaded.output
    assert "deck voice version 1 is published and whole: 2 rows in 1 chunk, USD" in loaded.output
    assert again.exit_code == 0
    assert "is there already, the same: digest " in again.output
    assert other.exit_code == 1
    assert "a version is immutable, load it as version 2" in other.output
    assert back.exit_code == 1
    assert "--backdate" in back.output
    assert (backdated.exit_code, future.exit_code) == (0, 0)
    assert "premium numbers of FR" in loaded.output
    assert strict.exit_code == 1
    assert "errors: 1, and --strict: nothing was published" in strict.output
    assert faulty.exit_code == 1
    assert "line 2, column rate: 'minus'" in faulty.output
    assert "line 3, column rate: 'x'" in faulty.output
    assert [[*line.split()[:4], line.split("  ")[-1]] for line in listed.output.splitlines()] == [
        ["deck", "version", "currency", "valid", "now"],
        ["voice", "1", "USD", "2024-01-01T00:00:00Z", "superseded"],
        ["voice", "2", "USD", "2024-01-01T00:00:00Z", "in force"],
        ["voice", "3", "USD", "2090-01-01T00:00:00Z", "not yet"],
    ]


async def test_a_version_is_loaded_with_its_calendars_and_other_dates_are_another_version(
    private_broker: BrokerProcess, tmp_path: Path
) -> None:
    bootstrap = private_broker.bootstrap
    await create_topics(bootstrap, {RATE_DECKS.name: 1}, RATE_DECKS.config())
    file, dates = tmp_path / "deck.csv", tmp_path / "dates.csv"
    file.write_text("prefix,rate,calendar\n33,0.6,\n33,0.3,holidays\n")
    dates.write_text("calendar,date\nholidays,2026-12-25\n")
    options = ("--calendars", str(dates))

    without = await command("load", bootstrap, file)
    loaded = await command("load", bootstrap, file, *options)
    again = await command("load", bootstrap, file, *options)
    dates.write_text("calendar,date\nholidays,2026-12-26\n")
    other = await command("load", bootstrap, file, *options)

    assert without.exit_code == 1
    assert "'holidays' is not a calendar of the deck" in without.output
    assert loaded.exit_code == 0, loaded.output
    assert "is there already, the same: digest " in again.output
    assert other.exit_code == 1
    assert "has calendars (DeckCalendar(name='holidays', dates=('2026-12-25',))" in other.output
    assert "a version is immutable, load it as version 2" in other.output


async def test_a_version_in_another_currency_is_refused_by_loader_and_service(
    bootstrap: str, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    await publish(bootstrap, topic, candidate())
    euros = candidate(version=2, currency="EUR", valid_from="2090-01-01T00:00:00Z")
    async with DeckLoader(reaching(bootstrap, DECK_LOADER), "voice", topic) as loader:
        with pytest.raises(
            LoadRefusedError, match="currency: EUR, must be USD, that of deck voice"
        ):
            decide(loader.versions, euros, NOW_MS, backdate=True)
    metrics = Metrics()
    decks = DeckService(reaching(bootstrap, CHARGING), metrics, topic)
    with caplog.at_level(logging.ERROR, "rater"):
        await decks.start()
        await ready(decks)
        await publish(bootstrap, topic, euros)
        await publish(bootstrap, topic, candidate(version=3, valid_from="2091-01-01T00:00:00Z"))
        await until(lambda: len(decks.book.versions()) == 2)
        await decks.stop()

    refused = "rater_deck_records_refused_total"
    assert [one.version for one in decks.book.versions()] == [1, 3]
    assert metrics.registry.get_sample_value(refused, {"reason": "currency"}) == 1
    assert any("currency: EUR, must be USD" in message for message in caplog.messages)


async def test_a_deck_is_retired_listed_and_brought_back(
    private_broker: BrokerProcess, tmp_path: Path
) -> None:
    bootstrap = private_broker.bootstrap
    file = tmp_path / "deck.csv"
    file.write_text(SMALL)
    await create_topics(bootstrap, {RATE_DECKS.name: 1}, RATE_DECKS.config())

    unknown = await retiring(bootstrap)
    await command("load", bootstrap, file)
    past = await retiring(bootstrap, "--valid-from", "2025-01-01T00:00:00Z")
    async with service(bootstrap, RATE_DECKS.name) as decks:
        await ready(decks)
        retired = await retiring(bootstrap, "--reason", "replaced")
        await until(lambda: len(decks.book.versions()) == 2)
        now_ms = int(time.time() * 1_000) + 2_000
        then, now = decks.book.in_force("voice", NOW_MS), decks.book.in_force("voice", now_ms)
    again = await retiring(bootstrap, "--valid-from", "2090-01-01T00:00:00Z")
    taken = await command("load", bootstrap, file, "--version", "2", "--backdate")
    back = await command(
        "load", bootstrap, file, "--version", "3", "--valid-from", "2090-01-01T00:00:00Z"
    )
    await asyncio.sleep(1)  # The instant of the retirement is the next whole second.
    listed = await command("list", bootstrap)

    assert (unknown.exit_code, past.exit_code) == (1, 1)
    assert "deck_id: voice has no version that could be retired" in unknown.output
    assert "--backdate" in past.output
    assert retired.exit_code == 0, retired.output
    assert "deck voice is retired by version 2: calls answered from " in retired.output
    assert (then and then.version, now) == (1, None)
    assert (again.exit_code, again.output) == (
        0,
        "deck voice is retired already; nothing was published\n",
    )
    assert taken.exit_code == 1
    assert "version: 2 of deck voice is its retirement; load it as version 3" in taken.output
    assert back.exit_code == 0, back.output
    assert [[*line.split()[:3], line.split("  ")[-1]] for line in listed.output.splitlines()] == [
        ["deck", "version", "currency", "now"],
        ["voice", "1", "USD", "superseded"],
        ["voice", "2", "-", "retired"],
        ["voice", "3", "USD", "not yet"],
    ]


async def retiring(bootstrap: str, *more: str) -> Result:
    arguments = ["--deck-id", "voice", "--broker", bootstrap, *more]
    return await asyncio.to_thread(runner(DECK_LOADER).invoke, retire, arguments)


async def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def command(name: str, bootstrap: str, file: Path | None = None, *more: str) -> Result:
    """Run a command as a person would, in a thread: it has an event loop of its own."""
    if file is None:
        return await asyncio.to_thread(
            runner(DECK_LOADER).invoke, list_decks, ["--broker", bootstrap, *more]
        )
    defaults = {
        "--deck-id": "voice",
        "--version": "1",
        "--currency": "USD",
        "--valid-from": "2024-01-01T00:00:00Z",
        "--broker": bootstrap,
    }
    given = [option for option in defaults if option not in more]
    arguments = [str(file), *[word for option in given for word in (option, defaults[option])]]
    assert name == "load"
    return await asyncio.to_thread(runner(DECK_LOADER).invoke, load, [*arguments, *more])


def test_a_silent_broker_is_one_line_and_exit_code_two(tmp_path: Path) -> None:
    file = tmp_path / "deck.csv"
    file.write_text(SMALL)
    options = ["--deck-id", "voice", "--version", "1", "--currency", "USD"]
    options += ["--valid-from", "2024-01-01T00:00:00Z", "--broker", "127.0.0.1:1"]

    loaded = CliRunner().invoke(load, [str(file), *options])
    listed = CliRunner().invoke(list_decks, ["--broker", "127.0.0.1:1"])

    assert loaded.exit_code == 2
    assert "no Kafka broker answers at 127.0.0.1:1" in loaded.output
    assert listed.exit_code == 2


@pytest.mark.parametrize(
    ("option", "value", "complaint"),
    [
        ("--deck-id", "a/b", "--deck-id: 'a/b' is not"),
        ("--version", "0", "--version: 0 is not"),
        ("--currency", "usd", "--currency: 'usd' is not"),
        ("--valid-from", "2024-01-01", "--valid-from: '2024-01-01' is not a time"),
        ("--timezone", "Mars", "--timezone: 'Mars' is not"),
    ],
)
def test_a_bad_option_is_named_with_its_value(
    tmp_path: Path, option: str, value: str, complaint: str
) -> None:
    file = tmp_path / "deck.csv"
    file.write_text(SMALL)
    options = {
        "--deck-id": "voice",
        "--version": "1",
        "--currency": "USD",
        "--valid-from": "2024-01-01T00:00:00Z",
        "--broker": "127.0.0.1:1",
    }
    options[option] = value

    done = CliRunner().invoke(load, [str(file), *[w for pair in options.items() for w in pair]])

    assert done.exit_code == 1
    assert complaint in done.output
