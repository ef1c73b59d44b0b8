"""Recharge on real Kafka: stories end to end, a worker killed at every step, and poison on each of its sources.

Charging and recharge are real processes; the test is the gateway.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka.errors import InvalidTimestampError

from loadtest.circle.cast import DECLINED, DUPLICATE, FALLBACK, SIMPLE, Cast
from loadtest.drive import by_topic
from rater.batch.simulate import Simulator
from rater.core.pricing.decks import DeckBook
from rater.core.pricing.rules import Rules
from rater.shell.process.failpoints import RECHARGE_FAILPOINTS
from rater.wire.pricing.numbering import load_numbers
from rater.wire.settings.currencies import shipped_book
from tests.corpus.recharge_poison.corpus import (
    COUNTED,
    OTHER,
    Case,
    crossing,
    end_of,
    good_result,
    read_cases,
)
from tests.e2e.places import TWO_OR_ALL, places
from tests.e2e.recharge_stage import (
    CALLS,
    COMMANDS,
    DEAD,
    EVENTS,
    LEDGER,
    NOTICES,
    ORDERS,
    PAYMENTS,
    QUARANTINE,
    REQUESTS,
    RESULTS,
    TIMERS,
    Stage,
    Tap,
    now_ms,
    staged,
    tapped,
)
from tests.story import FOLDER, Story, deck_from

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from loadtest.accounts import Record as Sent

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("recharge")) as made:
        yield made


@pytest.fixture
async def tap(stage: Stage) -> AsyncIterator[Tap]:
    async with tapped(stage) as opened:
        yield opened


# Stories.


class KafkaStory:
    """A story of the scenarios on Kafka: the same words, one second a line, a tenant of its own.

    What a line says of payments and notices is waited for; of these nothing else may come.
    """

    def __init__(self, tap: Tap, number: str, began_ms: int) -> None:
        self.tap = tap
        self.tenant = f"story-{number}"
        self.story = Story()
        self.now = began_ms
        self.wanted: dict[str, list[str]] = {PAYMENTS: [], NOTICES: []}
        self.asked: set[str] = set()
        self.topic = ""

    async def play(self, text: str) -> None:
        """Play the lines of a story."""
        for line in text.splitlines():
            word, _, rest = line.strip().partition(" ")
            if word == "->":
                await self._expect(rest)
            elif word.startswith("2"):
                await self._say(line.split()[1:])

    async def _say(self, words: list[str]) -> None:
        self.now += 1_000
        if words == ["wait"]:
            return
        topic, value = self.story.record(self.tenant, words[1], words[2:], self.now)
        if topic != self.topic:
            await self.tap.until(self._is_obeyed, f"{self.tenant}: {self.asked} not obeyed")
            self.topic = topic
        if topic != RESULTS:
            self.asked.add(value.get("cdr_id") or value["command_id"])
        await self.tap.tell(topic, value, self.now)

    async def _expect(self, told: str) -> None:
        verb = told.partition(" ")[0]
        topic = {"pay": PAYMENTS, "again": PAYMENTS, "told": NOTICES}.get(verb)
        if topic is not None:
            self.wanted[topic].append(told)
            await self.tap.until(lambda: self._has_come(topic), f"{self.tenant}: {told}")

    def _has_come(self, topic: str) -> bool:
        values = self.tap.read(topic, [self.tenant])
        if topic == PAYMENTS:
            self.story.payments.commands = list({v["command_id"]: v for v in values}.values())
        return len(values) >= len(self.wanted[topic])

    def _is_obeyed(self) -> bool:
        entries = self.tap.read(LEDGER, [self.tenant])
        return self.asked <= {e.get("cdr_id") or e.get("command_id") for e in entries}

    def came(self) -> dict[str, list[str]]:
        """Return what came, in the words of the story."""
        self.story.payments.commands = []
        shown = self.story.payments.shown
        return {
            topic: [shown(topic, value) for value in self.tap.read(topic, [self.tenant])]
            for topic in self.wanted
        }


def scenario(number: str) -> str:
    """Return a scenario as far as it can be played without waiting for a year."""
    (path,) = FOLDER.glob(f"{number}_*.txt")
    text = path.read_text()
    if number == "27":
        return text.partition("2025-01-10T10:02:02Z")[0]
    if number == "33":
        # The second silence is longer than a test: what follows it comes after the first.
        head, _, tail = text.partition("2024-01-10T10:20:00Z acme unclear C1\n")
        return head + tail.partition("again pay C1 200.00 by pm_visa\n")[2]
    return text


async def test_scenarios_27_28_31_33_and_34_come_out_as_told(tap: Tap) -> None:
    now = now_ms()
    minutes_ago = {"27": 3, "28": 3, "31": 3, "33": 20, "34": 3}
    stories = {
        number: KafkaStory(tap, number, now - minutes * 60_000)
        for number, minutes in minutes_ago.items()
    }
    await asyncio.gather(*(story.play(scenario(number)) for number, story in stories.items()))
    await tap.settled()

    for number, story in stories.items():
        assert story.wanted == story.came(), number
    lots = Counter(
        (entry["tenant_id"], entry["lot"]["lot_id"])
        for entry in tap.read(LEDGER, [story.tenant for story in stories.values()])
        if entry["kind"] == "funds_added" and entry.get("recharge_seq")
    )
    assert dict.fromkeys(
        [("story-27", "P1"), ("story-28", "P1"), ("story-31", "P2"), ("story-33", "P1"),
         ("story-34", "P1")], 1,
    ) == dict(lots)  # fmt: skip
    tap.stage.check()


# Kills.

TENANTS = 60
METHODS = (SIMPLE, SIMPLE, FALLBACK, DUPLICATE, DECLINED)


def answers(command: dict[str, Any]) -> list[tuple[dict[str, Any], int]]:
    """Return what the gateway of the test answers, each with its time: the same whenever it is asked."""
    at_ms = command["requested_ms"] + 1_000
    told = {
        "command_id": command["command_id"],
        "tenant_id": command["tenant_id"],
        "at_ms": at_ms,
        "provider": "test",
        "mode": "test",
    }
    if command["method"] in (*DECLINED, FALLBACK[0]):
        why = {"decline_class": "hard", "code": command["method"].removeprefix("sim:")}
        return [({**told, "outcome": "declined", **why}, at_ms)]
    paid = {
        "outcome": "succeeded",
        "livemode": False,
        "payment_id": f"pay/{command['command_id']}",
        "amount_micros": command["amount_micros"],
        "currency": command["currency"],
    }
    times = 2 if command["method"] in DUPLICATE else 1
    return [({**told, **paid}, at_ms)] * times


class Books:
    """What recharge has written of some tenants: all that must be the same in every run."""

    def __init__(self) -> None:
        self.payments: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.credits: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.notices: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.lots: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def note(self, topic: str, value: dict[str, Any]) -> None:
        tenant = value["tenant_id"]
        if topic == PAYMENTS:
            self.payments[tenant].append(value)
        elif topic == ORDERS and "recharge_seq" in value:
            self.credits[tenant].append(value)
        elif topic == NOTICES:
            # When the credit came back is the broker's clock, not stream time.
            self.notices[tenant].append({k: v for k, v in value.items() if k != "at_ms"})
        elif topic == LEDGER and value.get("recharge_seq"):
            self.lots[tenant].append(value["lot"])


def undisturbed(cast: Cast, before_ms: int) -> Books:
    """Play the cast through the simulator, with the same gateway: no Kafka, nothing happens to it."""
    deck = deck_from("acs.csv", "acs", 1, ("USD", "2000-01-01T00:00:00Z"), None)
    simulator = Simulator(Rules(DeckBook.of([deck]), load_numbers(), shipped_book()))
    books, answered = Books(), set[str]()
    commands = by_topic(cast.commands())
    todo = [
        (topic, key, value, before_ms)
        for topic in (ORDERS, REQUESTS)
        for _, key, value in commands[topic]
    ]
    todo += [(CALLS, key, value, cast.start_ms) for _, key, value in cast.calls()]
    while todo:
        topic, key, sent, at_ms = todo.pop(0)
        for line in simulator.feed(topic, key, sent, at_ms):
            value = json.loads(line.value or b"{}")
            books.note(line.topic, value)
            if line.topic == PAYMENTS and value["command_id"] not in answered:
                answered.add(value["command_id"])
                todo += [
                    (RESULTS, key, json.dumps(told).encode(), at) for told, at in answers(value)
                ]
    return books


async def answer(tap: Tap, names: set[bytes]) -> None:
    """Be the gateway: answer every payment command once, as soon as it can be read."""
    answered: set[str] = set()
    while True:
        for record in list(tap.records[PAYMENTS]):
            command = json.loads(record.value)
            if record.key in names and command["command_id"] not in answered:
                answered.add(command["command_id"])
                for told, at_ms in answers(command):
                    await tap.tell(RESULTS, told, at_ms)
        await asyncio.sleep(0.02)


async def publish(tap: Tap, topic: str, records: list[Sent], at_ms: int) -> None:
    await asyncio.gather(
        *(tap.send(topic, key, value, at_ms, partition) for partition, key, value in records)
    )


@TWO_OR_ALL
async def test_killed_in_a_step_recharge_writes_what_an_undisturbed_run_writes(
    stage: Stage, tap: Tap, extent: str
) -> None:
    start_ms = now_ms() - 120_000
    cast = Cast(TENANTS, start_ms, METHODS, deck_id="acs", prefix=f"killed-{extent}")
    names = cast.names()
    wanted = await asyncio.to_thread(undisturbed, cast, start_ms - 60_000)
    for topic, commands in by_topic(cast.commands()).items():
        await publish(tap, topic, commands, start_ms - 60_000)
        await tap.settled()
    await tap.until(lambda: _settings(tap, names) == TENANTS, "set up")
    await tap.settled()
    gateway = asyncio.create_task(answer(tap, {name.encode() for name in names}))
    calls = list(cast.calls())
    stage.recharge.kill()
    killed_at = places(RECHARGE_FAILPOINTS, extent)
    for number, place in enumerate(killed_at):
        # Some die at a crossing, some at a result or a credit.
        stage.start_recharge(f"{place}:{4 if number % 2 else 10}")
        await publish(tap, CALLS, calls[number :: len(killed_at)], start_ms)
        await stage.killed()
    stage.start_recharge()
    owed = sum(map(len, wanted.notices.values()))
    await tap.until(lambda: len(tap.read(NOTICES, names)) >= owed, f"{owed} notices")
    await tap.settled()
    gateway.cancel()
    await asyncio.gather(gateway, return_exceptions=True)

    found = Books()
    for topic in (PAYMENTS, ORDERS, NOTICES, LEDGER):
        for value in tap.read(topic, names):
            found.note(topic, value)
    assert wanted.payments == found.payments
    assert wanted.credits == found.credits
    assert wanted.notices == found.notices
    assert wanted.lots == found.lots
    _each_capture_is_credited_once(found)
    stage.check()


def _settings(tap: Tap, names: list[str]) -> int:
    return sum(e["kind"] == "auto_recharge_changed" for e in tap.read(EVENTS, names))


def _each_capture_is_credited_once(books: Books) -> None:
    """Hold it against the gateway's own record, which nobody else has written."""
    captured = Counter(
        told["payment_id"]
        for commands in books.payments.values()
        for command in {c["command_id"]: c for c in commands}.values()
        for told, _ in answers(command)[:1]
        if told["outcome"] == "succeeded"
    )
    credited = Counter(lot["lot_id"] for lots in books.lots.values() for lot in lots)
    assert captured == credited
    assert len(captured) == TENANTS * 4 // 5


# Poison.


async def _poison(
    tap: Tap, cases: list[Case], payments: dict[str, dict[str, Any]], at_ms: int
) -> list[tuple[tuple[str, int, int], Case, bytes | None]]:
    values = [
        case.value(payments[case.tenant], payments[OTHER]["command_id"], at_ms) for case in cases
    ]
    places = await asyncio.gather(
        *(
            tap.send(case.topic, case.key, value, at_ms, case.partition)
            for case, value in zip(cases, values, strict=True)
        )
    )
    return list(zip(places, cases, values, strict=True))


async def test_poison_on_each_source_ends_on_its_topic_and_the_worker_stays_up(tap: Tap) -> None:
    cases = [case for case in read_cases() if not case.is_large]
    tenants = [OTHER, *(case.tenant for case in cases)]
    at_ms = now_ms() - 60_000
    await asyncio.gather(
        *(
            tap.send(EVENTS, tenant.encode(), value, at_ms)
            for tenant in tenants
            for value in crossing(tenant, at_ms)
        )
    )
    await tap.until(lambda: len(tap.read(PAYMENTS, tenants)) == len(tenants), "payments")
    payments = {command["tenant_id"]: command for command in tap.read(PAYMENTS, tenants)}

    placed = await _poison(tap, [case for case in cases if not case.is_after], payments, at_ms)
    await tap.settled()
    await asyncio.gather(
        *(
            tap.send(RESULTS, tenant.encode(), good_result(payments[tenant], at_ms), at_ms)
            for tenant in tenants
        )
    )
    placed += await _poison(tap, [case for case in cases if case.is_after], payments, at_ms)
    await tap.settled()

    ends = defaultdict(list)
    for topic in (DEAD, QUARANTINE):
        for record in tap.records[topic]:
            place, end = end_of(topic, record.value)
            ends[place].append(end)
    for place, case, value in placed:
        found = [(end.ends_on, end.reason, end.field, end.kept_value) for end in ends[place]]
        wanted = (case.ends_on, case.reason, case.field, value)
        assert ([] if case.ends_on == COUNTED else [wanted]) == found, case.name
    assert {EVENTS, RESULTS, COMMANDS, TIMERS} == {place[0] for place, _, _ in placed}
    credited = Counter(
        order["tenant_id"] for order in tap.read(ORDERS, tenants) if "recharge_seq" in order
    )
    assert Counter(tenants) == credited
    assert len(tenants) == len(tap.read(PAYMENTS, tenants))
    tap.stage.check()


async def test_a_result_whose_record_is_from_the_future_is_not_taken_by_the_broker(
    tap: Tap,
) -> None:
    """Recharge believes the record's time, so the topic must not take one that is not true."""
    told = {"outcome": "unknown", "command_id": "x/1", "tenant_id": "acme", "at_ms": 1}
    result = {**told, "provider": "test", "mode": "test"}
    with pytest.raises(InvalidTimestampError):
        await tap.tell(RESULTS, result, 4_133_980_800_000)

    at_ms = now_ms()
    place = await tap.send(RESULTS, b"acme", json.dumps({**result, "at_ms": at_ms}).encode(), at_ms)
    await tap.applied(place)
