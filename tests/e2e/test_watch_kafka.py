"""The watch on a real Kafka, with the rules of its role alone: four groups at work, dead, and alive again.

What it says is held against offsets that the test itself asks for and records that it itself writes.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import RecordsToDelete
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
)

from deploy.kafka.access import grant
from loadtest.circle.services import circle
from loadtest.service import Service
from tests.e2e.access_stage import (
    AccessBroker,
    consuming,
    environment,
    options,
    producing,
    rater,
)
from tests.e2e.broker import admin, chosen_broker, create_topics, produce, producer
from tests.e2e.logins import SWITCH, are_wanted
from topics import catalog, roles
from topics.access import rules
from topics.partitioner import partition_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.kafka

EVERY_S = 0.5
TWO_LOOKS_S = 2 * EVERY_S
SLACK_S = 2.0
"""Of a machine that is busy."""
PATIENCE_S = 45.0
HOME = partition_of(b"acme", catalog.PARTITIONS)
TAKEN = [topic for topic in catalog.CATALOG if topic.taken_by]
_SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
_HEALTH = re.compile(r"health on (http://\S+)")
_LABEL = re.compile(r'(\w+)="([^"]*)"')

Samples = dict[tuple[str, ...], float]


class Watch:
    """A watch that runs, and what it shows."""

    def __init__(self, service: Service) -> None:
        """Take the process, which logs where it listens."""
        self._service = service

    def shown(self, name: str) -> Samples:
        """Return the series of a family by their labels, group first, then topic and partition."""
        found = {}
        for family, labels, value in _SAMPLE.findall(self._text()):
            if family == name:
                given = dict(_LABEL.findall(labels))
                order = ("group", "topic", "partition", "reason")
                found[tuple(given[each] for each in order if each in given)] = float(value)
        return found

    def of(self, name: str, topic: str, partition: int = HOME) -> float | None:
        """Return the value of a partition, whichever group takes it."""
        found = [v for labels, v in self.shown(name).items() if labels[-2:] == (topic, str(partition))]  # fmt: skip
        return found[0] if found else None

    async def until(self, condition: Callable[[], bool], timeout_s: float = PATIENCE_S) -> None:
        """Look until something is so."""
        deadline = time.monotonic() + timeout_s
        while not await asyncio.to_thread(condition):
            self._service.check()
            shown = {k: v for k, v in self.shown("rater_group_lag_records").items() if v}
            assert time.monotonic() < deadline, f"{shown}\n{self._service.last_lines()}"
            await asyncio.sleep(0.1)

    def has_all_done(self) -> bool:
        """Say whether no group is behind."""
        lags = self.shown("rater_group_lag_records")
        ages = self.shown("rater_group_lag_seconds")
        return (
            len(lags) == len(ages) == len(TAKEN) * catalog.PARTITIONS
            and not any(lags.values())
            and not any(ages.values())
        )

    def _text(self) -> str:
        deadline = time.monotonic() + PATIENCE_S
        while (at := _HEALTH.search(self._service.log.read_text())) is None:
            assert time.monotonic() < deadline, self._service.last_lines()
            self._service.check()
            time.sleep(0.1)
        with urllib.request.urlopen(f"{at[1]}metrics", timeout=5) as answer:  # noqa: S310
            return str(answer.read().decode())


@contextmanager
def stage() -> Iterator[AccessBroker]:
    """Run a broker on which the watch has its rules, and nobody else any; the other listener asks for no login."""
    if chosen_broker() is not None:
        pytest.skip("RATER_BROKER is set, and that broker's access rules are not ours to make")
    if are_wanted():
        pytest.skip(
            f"{SWITCH} is set; this broker is secured in its own way, and knows the watch alone"
        )
    own = AccessBroker()
    try:
        own.start()
        yield own
    finally:
        own.remove()


async def prepare(broker: AccessBroker) -> None:
    """Make the topics, and give the watch its rights."""
    await create_topics(broker.bootstrap, {t.name: t.partitions for t in catalog.CATALOG})
    async with admin(broker.bootstrap) as client:
        await grant(client, rules((roles.WATCH,)))


async def write(broker: AccessBroker, topic: str, *records: dict[str, Any]) -> None:
    """Write records of acme."""
    await produce(broker.bootstrap, topic, [(b"acme", json.dumps(each).encode()) for each in records])  # fmt: skip


async def give_work(broker: AccessBroker) -> None:
    """Have an account recharged: all four groups take something."""

    def order(kind: str, **fields: Any) -> dict[str, Any]:
        return {"type": kind, "command_id": kind, "tenant_id": "acme", **fields}

    await write(
        broker, catalog.ACCOUNT_COMMANDS.name, order("open_account", currency="USD", decks=["sample"])
    )  # fmt: skip
    refill = {"trigger_micros": 100_000_000, "amount_micros": 200_000_000}
    await write(
        broker, catalog.ACCOUNT_REQUESTS.name,
        order("set_recipients", emails=["it@acme.example"], language="en"),
        order("set_payment_methods", methods=[{"reference": "sim:ok", "label": "Visa"}]),
        order("set_auto_recharge", enabled=True, **refill),
    )  # fmt: skip


async def abort(
    broker: AccessBroker, records: int, meanwhile: Callable[[], Awaitable[None]]
) -> None:
    """Write calls in a transaction, do something while it is open, and take them back."""
    async with producer(broker.bootstrap, "a-platform") as client:
        await client.begin_transaction()
        for _ in range(records):
            await client.send_and_wait(catalog.CDR_RAW.name, b"{}", b"acme", HOME)
        await meanwhile()
        await client.abort_transaction()


async def delete_first(broker: AccessBroker, topic: str, end: int) -> None:
    """Delete what a partition has before an offset, as retention would."""
    async with admin(broker.bootstrap) as client:
        await client.delete_records({TopicPartition(topic, HOME): RecordsToDelete(end)})


async def test_the_watch_tells_of_groups_at_work_dead_and_alive_again(tmp_path: Path) -> None:
    with stage() as broker:
        await prepare(broker)
        words = ("watch", "--every", str(EVERY_S), "--metrics-port", "0")
        login = environment(broker, roles.WATCH)
        with Service("rater watch", "rater", words, tmp_path / "watch.log", login) as service:
            watch = Watch(service)
            await watch.until(watch.has_all_done)
            assert set(watch.shown("rater_group_uncommitted").values()) == {1}
            assert set(watch.shown("rater_group_members").values()) == {0}

            with circle(broker.bootstrap, tmp_path / "circle", session_timeout_s=2.0) as run:
                await at_work(broker, watch)
                for each in run.services.values():
                    each.kill()
                await dead(broker, watch)
                for each in run.services.values():
                    each.start()
                await watch.until(watch.has_all_done)
                assert set(watch.shown("rater_group_members").values()) == {1}
                assert not any(watch.shown("rater_group_lost_records").values())
        assert not {each for each in broker.told() if each.verdict == "Denied"}
        async with asyncio.timeout(30):
            await nothing_can_be_written(broker)


async def at_work(broker: AccessBroker, watch: Watch) -> None:
    """All that there is comes to be taken, and what nobody can take does not count."""
    await give_work(broker)
    last = catalog.NOTIFICATIONS.name
    await watch.until(lambda: watch.of("rater_group_committed_offset", last) is not None)
    await watch.until(watch.has_all_done)
    assert set(watch.shown("rater_group_members").values()) == {1}
    taken = {labels[:2] for labels in watch.shown("rater_group_committed_offset")}
    assert {(topic.taken_by[0].group, topic.name) for topic in TAKEN} - taken <= {
        # Nothing has come there.
        (roles.APP, catalog.CDR_RAW.name),
        (roles.APP, catalog.ACCOUNT_TIMERS.name),
        (roles.RECHARGE_APP, catalog.RECHARGE_COMMANDS.name),
        (roles.RECHARGE_APP, catalog.RECHARGE_TIMERS.name),
    }

    async def is_open() -> None:
        await watch.until(lambda: watch.of("rater_topic_end_offset", catalog.CDR_RAW.name) == 3)
        assert watch.of("rater_topic_stable_offset", catalog.CDR_RAW.name) == 0
        assert watch.has_all_done()

    await abort(broker, 3, is_open)
    await watch.until(lambda: watch.of("rater_topic_end_offset", catalog.CDR_RAW.name) == 4)
    await asyncio.sleep(TWO_LOOKS_S)
    assert watch.of("rater_topic_stable_offset", catalog.CDR_RAW.name) == 4
    assert watch.of("rater_group_uncommitted", catalog.CDR_RAW.name) == 1
    assert watch.has_all_done()


async def dead(broker: AccessBroker, watch: Watch) -> None:
    """Nobody takes anything any more; the watch tells it of every topic of every group."""
    for topic in TAKEN:
        await produce(broker.bootstrap, topic.name, [(b"acme", b"{")] * 2)
    began = time.monotonic()
    names = [topic.name for topic in TAKEN]
    await watch.until(
        lambda: all(watch.of("rater_group_lag_records", name) == 2 for name in names),
        TWO_LOOKS_S + SLACK_S,
    )
    for _ in range(2):
        # They grow.
        ages = {name: watch.of("rater_group_lag_seconds", name) for name in names}
        waited = time.monotonic() - began
        for age in ages.values():
            assert age is not None
            assert waited - TWO_LOOKS_S <= age <= waited + SLACK_S
        await asyncio.sleep(TWO_LOOKS_S)

    words = ("watch", "--once", "--json", "--max-lag-seconds", "1")
    over = await asyncio.to_thread(rater, broker, roles.WATCH, *words)
    assert over.code == 1, over
    found = [json.loads(line) for line in over.out.splitlines()]
    behind = {each["topic"]: each for each in found if each["lag_records"]}
    assert set(behind) == set(names)
    assert {each["partition"] for each in behind.values()} == {HOME}
    await watch.until(lambda: set(watch.shown("rater_group_members").values()) == {0})

    name = catalog.NOTIFICATIONS.name
    await delete_first(broker, name, behind[name]["end_offset"] - 1)
    await watch.until(lambda: (watch.of("rater_group_lost_records", name) or 0) > 0)
    assert watch.of("rater_group_lag_records", name) == 1
    lost = {labels[1] for labels, found in watch.shown("rater_group_lost_records").items() if found}
    assert lost == {name}


async def nothing_can_be_written(broker: AccessBroker) -> None:
    """Try to write, and to join a group, with the login of the watch."""
    topic = catalog.CDR_RAW.name
    client = AIOKafkaProducer(**options(broker, roles.WATCH))
    try:
        await client.start()
        with pytest.raises(TopicAuthorizationFailedError):
            await client.send_and_wait(topic, b"{}", b"acme", HOME)
    finally:
        await client.stop()
    with pytest.raises(ClusterAuthorizationFailedError):
        async with producing(broker, roles.WATCH):
            pass
    with pytest.raises(GroupAuthorizationFailedError):
        async with consuming(broker, roles.WATCH, topic, group=roles.APP) as one:
            await one.getone()
