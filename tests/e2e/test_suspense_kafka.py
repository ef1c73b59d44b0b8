"""Calls in suspense on real Kafka: listed, tried, released by a job that is killed with its workers, and dropped."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from loadtest.rater_command import run
from tests.e2e.broker import consume, produce
from tests.e2e.charging_fleet import EXIT_KILLED, ROOT, Fleet
from tests.e2e.charging_stage import reconciled
from tests.e2e.logins import environment, session
from tests.e2e.test_freecall_kafka import CDRS, NOWHERE, SINCE, TIMERS, cdr, open_rows, set_up
from topics import catalog

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.kafka.broker import Broker

pytestmark = pytest.mark.kafka

SESSION = session(2)
MANY = 1_500
MENDED = "prefix,rate,per_seconds,increment\n33,0.60,60,60/60\n999,0.06,60,60/60\n"
WHO = ("--by", "ann@acme.example", "--reason", "the deck is mended")


def load_mended(fleet: Fleet) -> None:
    deck = fleet.folder / "mended.csv"
    deck.write_text(MENDED)
    terms = ("--deck-id", "sample", "--version", "2", "--currency", "USD", "--valid-from", SINCE)
    run("deck", "load", str(deck), *terms, "--backdate", "--broker", fleet.bootstrap)


def suspense(fleet: Fleet, *words: str, code: int = 0) -> list[dict[str, Any]]:
    """Run `rater suspense` to its end; return its objects."""
    broker = ("--json", "--broker", fleet.bootstrap)
    done = run("suspense", *words, *broker, accepted=(code,))
    return [json.loads(line) for line in done.text.splitlines() if line.startswith("{")]


async def ledger(fleet: Fleet) -> list[dict[str, Any]]:
    records = await consume(fleet.bootstrap, catalog.LEDGER.name)
    return [json.loads(record.value or b"") for record in records]


def started(*words: str) -> subprocess.Popen[bytes]:
    """Start a command that is killed before it ends."""
    return subprocess.Popen(
        [sys.executable, "-m", "rater", *words],
        cwd=ROOT,
        env=environment(*words),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


async def killed_in_the_middle(fleet: Fleet, step: int, *meant: str) -> None:
    """Recycle calls under one name: the worker is killed in a step, then the job, then it goes on."""
    await fleet.stop()
    worker = fleet.start(failpoint=f"before_commit:{step}")
    await fleet.settled()
    words = ("recycle", *meant, "--job", "j1", *WHO)
    job = started("suspense", *words, "--timeout", "60", "--broker", fleet.bootstrap)
    try:
        assert await worker.ended() == EXIT_KILLED, fleet.report()
        fleet.supervise()
        began = time.monotonic()
        while not any(entry.get("job_id") == "j1" for entry in await ledger(fleet)):
            assert time.monotonic() - began < 60, fleet.report()
            await asyncio.sleep(0.2)
    finally:
        job.kill()
        job.wait()
    await fleet.settled()
    await asyncio.to_thread(suspense, fleet, *words)


async def test_a_job_that_is_killed_with_its_workers_charges_each_call_once(
    private_broker: Broker, tmp_path: Path
) -> None:
    fleet = Fleet(private_broker.bootstrap, tmp_path, SESSION)
    now_s = int(time.time())
    calls = [cdr("acme", f"c{n}", now_s - MANY + n) for n in range(MANY)]
    others = [cdr("bolt", "b1", now_s), cdr("nobody", "n1", now_s), cdr("nobody", "n2", now_s)]
    try:
        await set_up(fleet, ["acme", "bolt"])
        fleet.start()
        await fleet.settled()
        assert await asyncio.to_thread(suspense, fleet, "ls") == []
        await produce(fleet.bootstrap, CDRS, calls + others)
        await fleet.obeyed(CDRS)
        listed = await asyncio.to_thread(suspense, fleet, "ls")
        for asked in (("ls", "--cdr", "misspelt"), ("show", "--tenant", "misspelt")):
            assert await asyncio.to_thread(suspense, fleet, *asked, code=1) == []
        early = await asyncio.to_thread(
            suspense, fleet, "recycle", "--cdr", "b1", *WHO, "--job", "early", code=1
        )
        await asyncio.to_thread(load_mended, fleet)
        would = await asyncio.to_thread(
            suspense, fleet, "recycle", "--tenant", "acme", "--dry-run", *WHO
        )
        shown = await asyncio.to_thread(suspense, fleet, "show", "--tenant", "bolt")
        await killed_in_the_middle(fleet, 3, "--tenant", "acme")
        dropped = await asyncio.to_thread(
            suspense, fleet, "drop", "--cdr", "n1", *WHO, "--job", "tests"
        )
        gone = ("recycle", "--tenant", "acme", *WHO)
        for words, code in ((("--job", "j1"), 0), (("--job", "j2"), 1), (("--dry-run",), 1)):
            assert await asyncio.to_thread(suspense, fleet, *gone, *words, code=code) == []
        await produce(fleet.bootstrap, CDRS, [*calls[:50], *others[1:]])
        await fleet.obeyed(CDRS, TIMERS)
        await fleet.stop()
        differences = await reconciled(fleet.bootstrap)
        entries, rows = await ledger(fleet), await open_rows(fleet.bootstrap)
    finally:
        fleet.end()

    assert differences == []
    assert {(g["tenant_id"], g["waits_for"], g["calls"]) for g in listed} == {
        ("acme", "no_rate", MANY),
        ("bolt", "no_rate", 1),
        ("nobody", "unknown_tenant", 2),
    }
    assert [each["outcome"] for each in early] == ["refused"]
    assert Counter(each["outcome"] for each in would) == {"charged": MANY}
    assert [(each["to"], each["at_stake_micros"]) for each in shown] == [(NOWHERE, 60_000)]
    assert [each["outcome"] for each in dropped] == ["dropped"]
    charged = [each for each in entries if each["kind"] == "charge" and each["tenant_id"] == "acme"]
    assert Counter(each["cdr_id"] for each in charged) == {f"c{n}": 1 for n in range(MANY)}
    assert [each["cdr_id"] for each in charged] == [f"c{n}" for n in range(MANY)]
    assert {(each["job_id"], each["waited"]["by"]) for each in charged} == {("j1", WHO[1])}
    assert charged[-1]["balance_micros"] == -60_000 * MANY
    assert ("nobody", "n2", 1) in rows
    assert ("nobody", "n1", 1) not in rows
