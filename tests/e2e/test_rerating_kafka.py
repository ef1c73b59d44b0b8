"""Rating again on real Kafka: a dry run, a limit, and a job that is killed with its workers, twice, and goes on."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections import Counter
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from loadtest import stage
from loadtest.rater_command import run
from rater.batch.charging.rerating import RERATED_MAX
from rater.shell.charging.originals import OriginalsReader
from rater.shell.recycling.job import AT_ONCE
from tests.e2e.broker import MARKERS_S, consume, produce, producer
from tests.e2e.charging_fleet import EXIT_KILLED, Fleet
from tests.e2e.charging_stage import reconciled
from tests.e2e.logins import reaching, session
from tests.e2e.test_freecall_kafka import CDRS, SINCE, TIMERS, cdr, set_up
from tests.e2e.test_suspense_kafka import ledger, started
from topics import roles
from topics.catalog import LEDGER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from deploy.kafka.broker import Broker

pytestmark = pytest.mark.kafka

SESSION = session(2)
MANY = 1_200
SOME = 600
STILL_S = 0.3
FRANCE = "+33142685300"
MENDED = "prefix,rate,per_seconds,increment\n33,0.75,60,60/60\n"
WHO = ("--by", "ann@acme.example", "--reason", "the deck was wrong")


def load(fleet: Fleet, version: int, text: str) -> str:
    deck = fleet.folder / f"deck-{version}.csv"
    deck.write_text(text)
    terms = ("--deck-id", "sample", "--version", str(version), "--currency", "USD")
    since = ("--valid-from", SINCE, "--backdate", "--broker", fleet.bootstrap)
    return run("deck", "load", str(deck), *terms, *since).text


def rerate(fleet: Fleet, *words: str, code: int = 0) -> list[dict[str, Any]]:
    """Run `rater rerate` to its end; return its objects."""
    more = (*WHO, "--json", "--broker", fleet.bootstrap)
    done = run("rerate", *words, *more, accepted=(code,))
    return [json.loads(line) for line in done.text.splitlines() if line.startswith("{")]


async def posted(fleet: Fleet) -> list[dict[str, Any]]:
    return [e for e in await ledger(fleet) if e["kind"] == "charge" and e.get("generation")]


async def killed_in_the_middle(fleet: Fleet) -> None:
    """Rate again under one name: the worker is killed, then the job, in its middle."""
    await fleet.stop()
    worker = fleet.start(failpoint="before_commit:2")
    await fleet.settled()
    limits = ("--limit", "1000", "--job", "j1")
    job = started("rerate", "--deck", "sample", *limits, *WHO, "--broker", fleet.bootstrap)
    try:
        assert await worker.ended() == EXIT_KILLED, fleet.report()
        fleet.supervise()
        began = time.monotonic()
        while not await posted(fleet):
            assert time.monotonic() - began < 60, fleet.report()
            await asyncio.sleep(0.1)
    finally:
        job.kill()
        job.wait()
    await fleet.settled()
    assert 0 < len(await posted(fleet)) < MANY


async def test_a_job_that_is_killed_with_its_workers_posts_each_difference_once(
    private_broker: Broker, tmp_path: Path
) -> None:
    fleet = Fleet(private_broker.bootstrap, tmp_path, SESSION)
    now_s = int(time.time())
    calls = [cdr("acme", f"c{n}", now_s - MANY + n, to=FRANCE) for n in range(MANY)]
    others = [cdr("bolt", f"b{n}", now_s, to=FRANCE) for n in range(2)]
    try:
        await set_up(fleet, ["acme", "bolt"])
        fleet.start()
        await fleet.settled()
        await produce(fleet.bootstrap, CDRS, calls + others)
        await fleet.obeyed(CDRS)
        same = await asyncio.to_thread(rerate, fleet, "--all", "--dry-run")
        misspelt = ("--deck", "sampel")
        await asyncio.to_thread(rerate, fleet, *misspelt, "--dry-run", code=1)
        await asyncio.to_thread(rerate, fleet, *misspelt, "--limit", "1", "--job", "none", code=1)
        hint = await asyncio.to_thread(load, fleet, 2, MENDED)
        would = await asyncio.to_thread(rerate, fleet, "--deck", "sample", "--dry-run")
        beyond = ("--deck", "sample", "--limit", "1000", "--limit-tenant", "0.20", "--job", "j1")
        await asyncio.to_thread(rerate, fleet, *beyond, code=1)
        before = await posted(fleet)
        await killed_in_the_middle(fleet)
        words = ("--deck", "sample", "--limit", "1000", "--job", "j1")
        await asyncio.to_thread(rerate, fleet, *words)
        again = await asyncio.to_thread(rerate, fleet, *words)
        await produce(fleet.bootstrap, CDRS, calls[:50])
        await fleet.obeyed(CDRS, TIMERS)
        await fleet.stop()
        differences = await reconciled(fleet.bootstrap)
        entries = await ledger(fleet)
    finally:
        fleet.end()

    assert differences == []
    assert same == before == again == []
    assert f"rater rerate --deck sample --from {SINCE} --dry-run --by NAME" in hint
    tenants = {e["tenant_id"]: e for e in would if e["what"] == "tenant"}
    assert {name: (e["calls"], e["difference_micros"]) for name, e in tenants.items()} == {
        "acme": (MANY, 150_000 * MANY),
        "bolt": (2, 300_000),
    }
    assert sum(e["what"] == "call" for e in would) == 10
    charged = [e for e in entries if e.get("generation")]
    assert Counter(e["cdr_id"] for e in charged) == {
        **{f"c{n}": 1 for n in range(MANY)},
        "b0": 1,
        "b1": 1,
    }
    of_acme = [e["cdr_id"] for e in charged if e["tenant_id"] == "acme"]
    assert of_acme == [f"c{n}" for n in range(MANY)]
    assert {(e["job_id"], e["charge_micros"]) for e in charged} == {("j1", 750_000)}
    balance = [e for e in entries if e["tenant_id"] == "acme"][-1]["balance_micros"]
    assert balance == -750_000 * MANY


@asynccontextmanager
async def stuttering(broker: Broker) -> AsyncIterator[None]:
    """Have a broker stand still most of the time."""

    async def stutter() -> None:
        while True:
            broker.send(signal.SIGSTOP)
            await asyncio.sleep(STILL_S)
            broker.send(signal.SIGCONT)
            await asyncio.sleep(STILL_S / 3)

    task = asyncio.create_task(stutter())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        broker.send(signal.SIGCONT)


async def test_more_orders_than_are_fetched_or_sent_at_once_are_each_carried_out_in_order_by_a_slow_broker(
    private_broker: Broker, tmp_path: Path
) -> None:
    fleet = Fleet(private_broker.bootstrap, tmp_path, SESSION)
    now_s = int(time.time())
    calls = [cdr("acme", f"c{n}", now_s - SOME + n, to=FRANCE) for n in range(SOME)]
    try:
        await set_up(fleet, ["acme"])
        fleet.start()
        await fleet.settled()
        await produce(fleet.bootstrap, CDRS, calls)
        await fleet.obeyed(CDRS)
        await asyncio.to_thread(load, fleet, 2, MENDED)
        words = ("--deck", "sample", "--limit", "1000", "--job", "j1", "--timeout", "120")
        async with stuttering(private_broker):
            told = await asyncio.to_thread(rerate, fleet, *words)
        # All of it is there when the job has ended: nothing is waited for.
        entries = await posted(fleet)
        await fleet.stop()
        differences = await reconciled(fleet.bootstrap)
        sent = [json.loads(each.value or b"") for each in await consume(fleet.bootstrap, TIMERS)]
    finally:
        fleet.end()

    names = [f"c{n}" for n in range(SOME)]
    assert min(SOME - RERATED_MAX, SOME - AT_ONCE) > 0
    assert differences == []
    assert [e["cdr_id"] for e in sent if e["type"] == "rerate_call"] == names
    assert [e["cdr_id"] for e in entries] == names
    assert [e["cdr_id"] for e in told if e.get("outcome") == "posted"] == names


async def test_what_an_order_names_is_read_where_it_is_and_else_left_out(
    private_broker: Broker,
) -> None:
    """Behind a transaction its marker lies, and behind the last one nothing: neither may stop a partition."""
    bootstrap = private_broker.bootstrap
    await asyncio.to_thread(stage.create_topics, bootstrap)
    reader = OriginalsReader(reaching(bootstrap, roles.CHARGING))
    try:
        async with producer(bootstrap, "tests-ledger") as client:
            for number in range(2):
                async with client.transaction():
                    for entry in range(2):
                        value = f"{number}/{entry}".encode()
                        await client.send_and_wait(LEDGER.name, value, partition=0)
        await asyncio.sleep(MARKERS_S)
        found = await reader.look(0, [0, 1, 2, 3, 5, 6, 99])
        nothing = await reader.look(0, [99])
    finally:
        await reader.stop()

    assert found == {0: b"0/0", 1: b"0/1", 3: b"1/0"}
    assert nothing == {}
