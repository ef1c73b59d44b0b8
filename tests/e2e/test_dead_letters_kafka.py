"""Dead letters on real Kafka: each is written again or dropped once, whoever is killed and whoever else tries."""

from __future__ import annotations

import asyncio
import json
import re
import time
import urllib.request
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from aiokafka import TopicPartition
from aiokafka.admin.records_to_delete import RecordsToDelete

from loadtest import stage
from loadtest.rater_command import run
from loadtest.service import Service
from loadtest.watch import watching
from rater.shell.dead_letters.ending import AT_ONCE
from rater.shell.process.failpoints import DEAD_LETTERS_FAILPOINTS
from tests.e2e.broker import admin, consume, produce, wait_for_records
from tests.e2e.charging_fleet import EXIT_KILLED, Fleet
from tests.e2e.charging_stage import reconciled
from tests.e2e.dead_letters_stage import (
    CDRS,
    COMMANDS,
    HEADERS,
    WHO,
    Told,
    begin,
    dead,
    ended,
    ends,
    write,
)
from tests.e2e.logins import session
from tests.e2e.test_freecall_kafka import cdr, set_up
from tests.e2e.test_suspense_kafka import ledger
from topics import catalog
from topics.partitioner import partition_of

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.kafka.broker import Broker

pytestmark = pytest.mark.kafka

SESSION = session(2)
ACME = partition_of(b"acme", catalog.PARTITIONS)
ELSEWHERE = (ACME + 1) % catalog.PARTITIONS
KILLED = ("killed-0", "killed-1", "killed-2")
"""Calls whose command is killed, once at each place."""
MEANWHILE = "meanwhile-"
MANY = AT_ONCE + 30
REQUESTS, EVENTS = catalog.ACCOUNT_REQUESTS.name, catalog.BALANCE_EVENTS.name


def call(cdr_id: str) -> bytes:
    return cdr("acme", cdr_id, int(time.time()), to="+33612345678")[1]


class Acts(NamedTuple):
    """What the commands have said."""

    listed: Told
    as_they_were: Told
    """All letters replayed without being mended."""
    after_kills: list[Told]
    at_once: list[Told]
    """Two commands on one letter, and a third one after them."""
    drops: list[Told]
    left: Told


def act(bootstrap: str, letters: list[str], files: dict[str, Path]) -> Acts:
    """End letters: each but the last is mended from a file, all but one of these are killed first."""
    listed = dead(bootstrap, "ls")
    as_they_were = dead(bootstrap, "replay", "--all", *WHO, codes=(1,))
    after_kills = []
    for place, name, each in zip(DEAD_LETTERS_FAILPOINTS, files, letters, strict=False):
        words = ("replay", "--id", each, "--with", str(files[name]), *WHO, "--job", name)
        dead(bootstrap, *words, failpoint=place, codes=(EXIT_KILLED,))
        after_kills.append(dead(bootstrap, *words))
    twice = ("replay", "--id", letters[-2], "--with", str(files["twice"]), *WHO)
    at_once = [ended(each) for each in [begin(bootstrap, *twice) for _ in range(2)]]
    at_once.append(dead(bootstrap, *twice))
    drops = [dead(bootstrap, "drop", "--id", letters[-1], *WHO) for _ in range(2)]
    return Acts(listed, as_they_were, after_kills, at_once, drops, dead(bootstrap, "ls"))


async def proven_while_calls_come(bootstrap: str) -> dict[str, Any]:
    """Prove all of it while calls are written and charged."""

    async def write_on() -> None:
        number = 0
        while True:
            number += 1
            await produce(bootstrap, CDRS, [(b"acme", call(f"{MEANWHILE}{number}"))])
            await asyncio.sleep(0.02)

    writing = asyncio.create_task(write_on())
    try:
        words = ("reconcile", "--json", "--broker", bootstrap)
        done = await asyncio.to_thread(run, *words, accepted=(0, 1))
    finally:
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing
    told: dict[str, Any] = json.loads(done.text.splitlines()[-1])
    return told


async def test_a_record_that_is_mended_is_charged_once_wherever_its_command_is_killed(
    private_broker: Broker, tmp_path: Path
) -> None:
    fleet = Fleet(private_broker.bootstrap, tmp_path, SESSION)
    bootstrap = fleet.bootstrap
    files = {name: tmp_path / f"{name}.json" for name in (*KILLED, "twice")}
    for name, file in files.items():
        file.write_bytes(call(name))
    try:
        await set_up(fleet, ["acme"])
        fleet.start()
        await fleet.settled()
        torn = [b'{not json, "number":%d' % n for n in range(len(files) + 1)]
        letters = await write(bootstrap, CDRS, torn, ACME)
        await fleet.obeyed(CDRS)
        acts = await asyncio.to_thread(act, bootstrap, letters, files)
        await fleet.obeyed(CDRS)
        meanwhile = await proven_while_calls_come(bootstrap)
        await fleet.obeyed(CDRS)
        await fleet.stop()
        differences = await reconciled(bootstrap)
        entries, written = await ledger(fleet), await consume(bootstrap, CDRS)
        known = await ends(bootstrap)
    finally:
        fleet.end()

    assert (meanwhile["differences"], differences) == ([], [])
    assert any("what workers wrote meanwhile" in each for each in meanwhile["unproven"])
    counts = [meanwhile["counts"][f"dead letters {how}"] for how in ("replayed", "dropped", "open")]
    assert counts == [len(files), 1, 0]
    (group,) = acts.listed.lines
    assert {name: group[name] for name in ("tenant_id", "topic", "reason", "letters")} == {
        "tenant_id": "acme", "topic": CDRS, "reason": "not_json", "letters": len(torn)
    }  # fmt: skip
    assert Counter(acts.as_they_were.outcomes()) == {"stays": len(torn)}
    assert [x.outcomes() for x in acts.after_kills] == [
        ["replayed"], ["replayed"], ["ended before"]
    ]  # fmt: skip
    assert {each.code for each in acts.at_once} <= {0, 2}
    assert sum(each.outcomes().count("replayed") for each in acts.at_once) <= 1, acts.at_once
    assert [each.outcomes() for each in acts.drops] == [["dropped"], ["ended before"]]
    assert acts.left.lines == []
    charged = Counter(each["cdr_id"] for each in entries if each["kind"] == "charge")
    charged = Counter({name: n for name, n in charged.items() if MEANWHILE not in name})
    assert charged == dict.fromkeys(files, 1)
    mended = {json.loads(each.value or b"")["cdr_id"]: each for each in written[len(torn) :]}
    mended = {name: each for name, each in mended.items() if MEANWHILE not in name}
    assert {name: each.headers for name, each in mended.items()} == dict.fromkeys(files, HEADERS)
    assert [(each["dead_id"], each["outcome"]) for each in known] == [
        *((each, "replayed") for each in letters[:-1]), (letters[-1], "dropped")
    ]  # fmt: skip
    assert {(each["by"], each["why"]) for each in known} == {(WHO[1], WHO[3])}
    for name, end in zip(files, known, strict=False):
        place = mended[name].partition, mended[name].offset
        assert (end["sent_partition"], end["sent_offset"]) == place


def recharge(bootstrap: str, folder: Path) -> Service:
    words = ("worker", "recharge", "--broker", bootstrap, "--metrics-port", "0", *SESSION)
    return Service("rater recharge", "rater", words, folder / "recharge.log")


def resume(number: int) -> bytes:
    order = {"type": "resume_recharge", "command_id": f"r{number}", "tenant_id": "acme"}
    return json.dumps(order).encode()


async def known_to_recharge(fleet: Fleet) -> None:
    """Open acme's account, and have recharge hear of it; charging is stopped then."""
    await set_up(fleet, ["acme"])
    fleet.start()
    order = {"type": "set_auto_recharge", "command_id": "a1", "tenant_id": "acme", "enabled": False}
    await produce(fleet.bootstrap, REQUESTS, [(b"acme", json.dumps(order).encode())])
    await fleet.obeyed(REQUESTS)
    await wait_for_records(fleet.bootstrap, EVENTS, 1)
    await taken(fleet.bootstrap, EVENTS)
    await fleet.stop()


async def taken(bootstrap: str, topic: str) -> None:
    """Wait until recharge has taken all that lies on a topic."""
    async with watching(bootstrap, catalog.RECHARGE_APP) as watch:
        await watch.until_done(topic, timeout_s=120.0)


def act_on_many(bootstrap: str) -> tuple[Told, list[Told]]:
    """Try to replay all, then do so; the command is killed in its second transaction, and is begun twice more."""
    tried = dead(bootstrap, "replay", "--all", *WHO, "--dry-run")
    job = ("replay", "--tenant", "acme", *WHO, "--job", "j1")
    place = f"{DEAD_LETTERS_FAILPOINTS[1]}:2"
    dead(bootstrap, *job, failpoint=place, codes=(EXIT_KILLED,))
    found = [dead(bootstrap, *job) for _ in range(2)]
    misspelt = ("replay", "--tenant", "amce", *WHO, "--job", "j2")
    assert dead(bootstrap, *misspelt, codes=(1,)).lines == []
    return tried, found


async def test_many_records_are_written_again_as_they_were_each_once_though_it_is_killed(
    private_broker: Broker, tmp_path: Path
) -> None:
    fleet = Fleet(private_broker.bootstrap, tmp_path, SESSION)
    bootstrap = fleet.bootstrap
    await asyncio.to_thread(stage.create_topics, bootstrap)
    words = ("watch", "--every", "0.5", "--metrics-port", "0", "--broker", bootstrap)
    watch = Service("rater watch", "rater", words, tmp_path / "watch.log")
    try:
        with recharge(bootstrap, tmp_path), watch:
            await known_to_recharge(fleet)
            nothing_yet = await shown(watch, 0)
            misrouted = [resume(number) for number in range(MANY)]
            letters = await write(bootstrap, COMMANDS, misrouted, ELSEWHERE)
            letters += await write(bootstrap, COMMANDS, [resume(MANY)], (ELSEWHERE + 1) % 8)
            await wait_for_records(bootstrap, catalog.RECHARGE_DEAD.name, MANY + 1)
            await delete(bootstrap, letters[-1])
            age_s = await shown(watch, MANY + 1)
            tried, (rest, nothing) = await asyncio.to_thread(act_on_many, bootstrap)
            await taken(bootstrap, COMMANDS)
            ended_s = await shown(watch, 0)
            known = await ends(bootstrap)
    finally:
        fleet.end()
    records = await consume(bootstrap, COMMANDS)
    differences = await reconciled(bootstrap)

    assert differences == []
    assert (nothing_yet, ended_s) == (0, 0)
    assert 0 < age_s < 120
    assert Counter(tried.outcomes()) == {"replayed": MANY + 1}
    assert Counter(rest.outcomes()) == {"replayed": MANY + 1 - AT_ONCE}
    assert nothing.lines == []
    assert f"job j1: no open dead letter matches; done before {MANY + 1:,}" in nothing.error
    assert Counter(each["dead_id"] for each in known) == dict.fromkeys(letters, 1)
    again = [each for each in records if each.partition == ACME]
    assert Counter(each.value for each in again) == {resume(n): 1 for n in range(MANY + 1)}
    assert [each.value for each in again if each.headers] == misrouted
    assert {each.headers for each in again} == {HEADERS, ()}


async def delete(bootstrap: str, dead_id: str) -> None:
    """Delete a record as retention would, and all before it."""
    topic, partition, offset = dead_id.split("/")
    place = TopicPartition(topic, int(partition))
    async with admin(bootstrap) as client:
        await client.delete_records({place: RecordsToDelete(before_offset=int(offset) + 1)})


async def shown(watch: Service, count: int, timeout_s: float = 60.0) -> float:
    """Wait until the watch shows so many open letters; return the age of the oldest."""
    began = time.monotonic()
    while True:
        found = await asyncio.to_thread(samples, watch)
        if found.get("rater_dead_letters_open") == count:
            return found["rater_dead_letters_oldest_age_seconds"]
        assert time.monotonic() - began < timeout_s, f"{found}\n{watch.last_lines()}"
        await asyncio.sleep(0.3)


def samples(watch: Service) -> dict[str, float]:
    """Return what is shown of commands that are nobody's; nothing before it listens."""
    address = re.search(r"health on (http://\S+)", watch.log.read_text())
    if address is None:
        return {}
    with urllib.request.urlopen(f"{address[1].rstrip('/')}/metrics", timeout=10) as answer:  # noqa: S310
        text = answer.read().decode()
    labels = re.escape(f'{{reason="unknown_value",topic="{COMMANDS}"}}')
    found = re.findall(rf"^(\w+){labels} (\S+)$", text, re.MULTILINE)
    return {name: float(value) for name, value in found}
