"""What nothing mends, on real Kafka: released by a word, written again or chosen; killed, each is charged once."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from rater.shell.process.failpoints import DEAD_LETTERS_FAILPOINTS
from tests.e2e.broker import consume, produce
from tests.e2e.charging_fleet import EXIT_KILLED, Fleet
from tests.e2e.charging_stage import reconciled
from tests.e2e.dead_letters_stage import HEADERS, dead, ends, write
from tests.e2e.logins import session
from tests.e2e.test_freecall_kafka import CDRS, TIMERS, cdr, open_rows, set_up
from tests.e2e.test_suspense_kafka import WHO, killed_in_the_middle, ledger, suspense
from topics import catalog
from topics.partitioner import partition_of

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.kafka.broker import Broker

pytestmark = pytest.mark.kafka

SESSION = session(2)
DAY_S = 86_400
MANY = 600
ACME = partition_of(b"acme", catalog.PARTITIONS)
ELSEWHERE = (ACME + 1) % catalog.PARTITIONS
FRANCE = "+33612345678"
KILLED = ("killed-0", "killed-1", "killed-2")
"""Calls whose command is killed, once at each place."""


def call(cdr_id: str, ended_s: int, **fields: Any) -> tuple[bytes, bytes]:
    return cdr("acme", cdr_id, ended_s, **{"to": FRANCE, **fields})


def charges(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in entries if each["kind"] == "charge"]


async def test_what_is_too_old_is_charged_once_by_a_word_though_job_and_worker_are_killed(
    private_broker: Broker, tmp_path: Path
) -> None:
    fleet = Fleet(private_broker.bootstrap, tmp_path, SESSION)
    now_s = int(time.time())
    old_s = now_s - 40 * DAY_S
    calls = [call(f"c{n}", old_s + n) for n in range(MANY)]
    ahead = call("ahead", now_s + 30 * DAY_S)
    meant = ("--waits-for", "too_old")
    try:
        await set_up(fleet, ["acme"])
        fleet.start()
        await fleet.settled()
        await produce(fleet.bootstrap, CDRS, [*calls, ahead])
        await fleet.obeyed(CDRS)
        listed = await asyncio.to_thread(suspense, fleet, "ls")
        unnamed = await asyncio.to_thread(suspense, fleet, "recycle", "--all", *WHO, code=1)
        tried = await asyncio.to_thread(suspense, fleet, "recycle", *meant, *WHO, "--dry-run")
        early = await asyncio.to_thread(suspense, fleet, "recycle", "--cdr", "ahead", *WHO, code=1)
        await killed_in_the_middle(fleet, 2, *meant)
        await produce(fleet.bootstrap, CDRS, calls[:50])
        await fleet.obeyed(CDRS, TIMERS)
        again = await asyncio.to_thread(suspense, fleet, "recycle", *meant, *WHO, code=1)
        await fleet.stop()
        differences = await reconciled(fleet.bootstrap)
        entries, rows = await ledger(fleet), await open_rows(fleet.bootstrap)
    finally:
        fleet.end()

    assert differences == []
    assert {(g["waits_for"], g["calls"], *g["mended_by"]) for g in listed} == {
        ("too_old", MANY, "word"), ("in_future", 1, "word")
    }  # fmt: skip
    assert Counter(each["outcome"] for each in unnamed) == {"stays": MANY + 1}
    assert Counter(each["outcome"] for each in tried) == {"charged": MANY}
    assert [each["outcome"] for each in early] == ["refused"]
    assert again == []
    charged = charges(entries)
    assert Counter(each["cdr_id"] for each in charged) == {f"c{n}": 1 for n in range(MANY)}
    assert {each["waited"]["reason"] for each in charged} == {"too_old"}
    assert {(each["waited"]["by"], each["waited"]["why"]) for each in charged} == {(WHO[1], WHO[3])}
    assert charged[-1]["balance_micros"] == -600_000 * MANY
    assert rows == {("acme", "ahead", 1)}


def act(bootstrap: str, letters: list[str], conflict: str) -> list[list[Any]]:
    """End letters: what is misrouted is killed at each place and begun again, and one content is chosen, likewise."""
    said: list[list[Any]] = []
    for place, each in zip(DEAD_LETTERS_FAILPOINTS, letters, strict=True):
        words = ("replay", "--found", "misrouted", "--id", each, *WHO, "--job", each[-6:])
        dead(bootstrap, *words, failpoint=place, codes=(EXIT_KILLED,))
        said.append(dead(bootstrap, *words).outcomes())
    listed = dead(bootstrap, "show", "--found", "conflict").lines
    (content,) = {each["content"] for each in listed if each["dead_id"] == conflict}
    (other,) = {each["content"] for each in listed if each["dead_id"] != conflict}
    assert content != other
    said.append(dead(bootstrap, "replay", "--found", "conflict", *WHO, codes=(1,)).outcomes())
    words = ("replay", "--found", "conflict", "--choose", content, *WHO, "--job", "choice")
    dead(bootstrap, *words, failpoint=DEAD_LETTERS_FAILPOINTS[1], codes=(EXIT_KILLED,))
    said.append(sorted(dead(bootstrap, *words, codes=(1,)).outcomes()))
    said.append(dead(bootstrap, "drop", "--found", "conflict", *WHO).outcomes())
    named = ("--found", "conflict", "--found", "misrouted")
    said += [dead(bootstrap, verb, *named, codes=(1,)).lines for verb in ("ls", "show")]
    assert dead(bootstrap, "ls").lines == []
    return said


async def test_what_is_misrouted_or_in_conflict_is_charged_once_wherever_its_command_is_killed(
    private_broker: Broker, tmp_path: Path
) -> None:
    fleet = Fleet(private_broker.bootstrap, tmp_path, SESSION)
    bootstrap = fleet.bootstrap
    now_s = int(time.time())
    astray = [call(name, now_s)[1] for name in KILLED]
    try:
        await set_up(fleet, ["acme", "bolt"])
        fleet.start()
        await fleet.settled()
        letters = await write(bootstrap, CDRS, astray[:2], ELSEWHERE)
        # Its key alone is wrong.
        letters += await write(bootstrap, CDRS, astray[2:], ACME, b"nobody")
        await produce(bootstrap, CDRS, [call("twice", now_s)])
        await fleet.obeyed(CDRS)
        contents = [call("twice", now_s, billsec=seconds)[1] for seconds in (59, 58)]
        conflict, _ = await write(bootstrap, CDRS, contents, ACME)
        await fleet.obeyed(CDRS)
        said = await asyncio.to_thread(act, bootstrap, letters, conflict)
        await fleet.obeyed(CDRS)
        await fleet.stop()
        differences = await reconciled(bootstrap)
        entries, written = await ledger(fleet), await consume(bootstrap, CDRS)
        known = await ends(bootstrap)
    finally:
        fleet.end()

    assert differences == []
    assert said == [
        ["replayed"], ["replayed"], ["ended before"],
        ["stays", "stays"], ["replayed", "stays"], ["dropped"], [], [],
    ]  # fmt: skip
    found = [(each["cdr_id"], each.get("version", 1)) for each in charges(entries)]
    assert Counter(found) == dict.fromkeys(
        [*((name, 1) for name in KILLED), ("twice", 1), ("twice", 2)], 1
    )
    assert charges(entries)[-1]["call"]["duration_s"] == 59
    assert [e["version"] for e in entries if e["kind"] == "charge_reversed"] == [1]
    again = [each for each in written if each.partition == ACME and each.key == b"acme"]
    assert {each.value: each.headers for each in again if each.value in astray} == dict.fromkeys(
        astray, HEADERS
    )
    assert Counter((each["reason"], each["outcome"]) for each in known) == {
        ("misrouted", "replayed"): 3, ("conflict", "replayed"): 1, ("conflict", "dropped"): 1
    }  # fmt: skip
    assert {(each["by"], each["why"]) for each in known} == {(WHO[1], WHO[3])}
    assert json.loads(again[-1].value or b"")["version"] == 2
