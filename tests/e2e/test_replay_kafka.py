"""`loadtest replay` on real Kafka: each record once, in its place, whatever interrupts it, and charged by a worker."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from loadtest import stage
from loadtest.replay import instants
from loadtest.replay.faults import ReplayError
from loadtest.replay.occupants import refuse_occupied
from tests.e2e.broker import consume, produce
from tests.e2e.charging_fleet import ROOT, Fleet
from tests.e2e.gateway_stage import command as payment_command
from tests.e2e.gateway_stage import staged
from tests.e2e.logins import environment
from tests.e2e.test_contracts_kafka import said
from tests.e2e.test_freecall_kafka import COMMANDS, set_up
from topics.catalog import ACCOUNT_STATUS, CDR_RAW, LEDGER, PARTITIONS
from topics.partitioner import partition_of

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.kafka.broker import Broker

TENANTS = ("acme", "globex", "initech")
ROWS = 600
MAP = """
[fields.cdr_id]
column = "uniqueid"
[fields.tenant_id]
column = "accountcode"
[fields.to]
column = "dst"
strip = "00"
prefix = "+"
[fields.started_at]
column = "start"
time = "%Y-%m-%d %H:%M:%S"
[fields.ended_at]
column = "end"
time = "%Y-%m-%d %H:%M:%S"
[fields.billsec]
column = "billsec"
type = "integer"
[fields.direction]
value = "out"
"""


def command(bootstrap: str, file: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "loadtest", "replay", str(file), "--broker", bootstrap, *options]


def ran(bootstrap: str, file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    words = command(bootstrap, file, *options)
    return subprocess.run(
        words, cwd=ROOT, env=environment("produce"), capture_output=True, text=True, check=False
    )


def replayed(bootstrap: str, file: Path, *options: str) -> dict[str, Any]:
    done = ran(bootstrap, file, *options)
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    # The status tells whether the schedule was kept; on a machine with other work it may not be.
    assert done.returncode == (0 if found.get("schedule_kept", True) else 1), done.stderr
    return found


async def until(bootstrap: str, records: int) -> None:
    """Wait until so many are on the topic."""
    for _ in range(300):
        if len(await consume(bootstrap, CDR_RAW.name)) >= records:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{records} records did not come")


def table(folder: Path) -> tuple[Path, Path]:
    """Write an old table of a switch, ten calls a second, and what its columns mean."""
    rows = ["uniqueid,accountcode,dst,start,end,billsec"]
    for number in range(ROWS):
        end = f"2024-03-08 10:{number // 10 // 60:02}:{number // 10 % 60:02}"
        rows.append(f"u{number},{TENANTS[number % 3]},0033612345678,2024-03-08 09:59:00,{end},60")
    (folder / "calls.csv").write_text("\n".join(rows), encoding="utf-8")
    (folder / "map.toml").write_text(MAP, encoding="utf-8")
    return folder / "calls.csv", folder / "map.toml"


async def test_an_old_table_is_replayed_twice_in_its_own_rhythm_and_charged(
    private_broker: Broker, tmp_path: Path
) -> None:
    bootstrap = private_broker.bootstrap
    file, columns = table(tmp_path)
    fleet = Fleet(bootstrap, tmp_path)
    lot = {"currency": "USD", "amount_micros": 10**10, "lot_id": "L1"}
    lot["purchased_at"] = instants.write(time.time_ns() // 1_000_000)
    try:
        await set_up(fleet, list(TENANTS))
        fleet.start()
        await fleet.settled()
        await produce(
            bootstrap, COMMANDS, [said(each, "add_funds", "f", **lot) for each in TENANTS]
        )
        await fleet.obeyed(COMMANDS)
        told: tuple[str, ...] = ("--map", str(columns), "--shift-time", "now")
        refused = await asyncio.to_thread(ran, bootstrap, file, *told)
        sent_unasked = await consume(bootstrap, CDR_RAW.name)
        told += ("--i-know",)
        first = await asyncio.to_thread(replayed, bootstrap, file, *told, "--speed", "30")
        again = await asyncio.to_thread(
            replayed, bootstrap, file, *told, "--new-ids", "-2", "--throughput", "1000"
        )
        await asyncio.to_thread(replayed, bootstrap, file, *told, "--procs", "2")
        await fleet.obeyed(CDR_RAW.name)
        await fleet.stop()
    finally:
        fleet.end()

    assert (refused.returncode, sent_unasked) == (2, []), "the accounts are no load test's"
    assert all(f"'{each}'" in refused.stderr for each in TENANTS)
    assert "--i-know" in refused.stderr
    assert (first["records"], again["records"]) == (ROWS, ROWS)
    assert first["seconds"] > 1.9, "a minute of calls, 30 times as fast"
    assert again["seconds"] > 0.59
    entries = [json.loads(each.value or b"") for each in await consume(bootstrap, LEDGER.name)]
    charges = Counter(each["cdr_id"] for each in entries if each["kind"] == "charge")
    ids = [f"u{number}{behind}" for number in range(ROWS) for behind in ("", "-2")]
    assert charges == Counter(ids), "each once; the third replay, of old ids, is all duplicates"
    assert {each["outcome"] for each in entries if each["kind"] == "charge"} == {"rated"}


@pytest.mark.alone
async def test_a_schedule_is_kept_where_the_machine_is_free(
    private_broker: Broker, tmp_path: Path
) -> None:
    bootstrap = private_broker.bootstrap
    await asyncio.to_thread(stage.create_topics, bootstrap)
    file, columns = table(tmp_path)
    told = ("--map", str(columns), "--shift-time", "now")
    # A broker that has just started takes its first records slowly, whoever sends them.
    await asyncio.to_thread(replayed, bootstrap, file, *told)
    first = await asyncio.to_thread(replayed, bootstrap, file, *told, "--speed", "30")
    again = await asyncio.to_thread(replayed, bootstrap, file, *told, "--throughput", "1000")

    assert (first["schedule_kept"], again["schedule_kept"]) == (True, True)
    assert 1.9 < first["seconds"] < 4  # A minute of calls, 30 times as fast.
    assert 0.59 < again["seconds"] < 3


async def test_an_interrupted_replay_goes_on_and_each_record_is_there_once(
    private_broker: Broker, tmp_path: Path
) -> None:
    bootstrap = private_broker.bootstrap
    await asyncio.to_thread(stage.create_topics, bootstrap)
    values = [
        b'{ "tenant_id":"t%d", "of no topic":%d,"ended_at":"?"}' % (number % 7, number)
        for number in range(3_000)
    ]
    file = tmp_path / "cdrs.jsonl"
    file.write_bytes(b"\n".join(values))

    process = await asyncio.create_subprocess_exec(
        *command(bootstrap, file, "--throughput", "1000"),
        cwd=ROOT, env=environment("produce"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    await until(bootstrap, 200)
    process.send_signal(signal.SIGINT)
    out, _ = await asyncio.wait_for(process.communicate(), 30)
    first = json.loads(out)
    assert (first["ended_by"], process.returncode) == ("interrupt", 0)
    assert 200 <= first["records"] == first["last_record"] < 3_000

    begin = str(first["last_record"] + 1)
    rest = await asyncio.to_thread(replayed, bootstrap, file, "--from-record", begin)
    assert (rest["records"], rest["ended_by"]) == (3_000 - first["records"], "end of the source")
    found = await consume(bootstrap, CDR_RAW.name)
    assert sorted(each.value or b"" for each in found) == sorted(values)
    assert all(each.partition == partition_of(each.key or b"", PARTITIONS) for each in found)
    for number in range(7):
        mine = [each.value for each in found if each.key == b"t%d" % number]
        assert mine == values[number::7], "in the order of the file"


async def test_tenants_of_others_are_refused_and_a_load_tests_own_are_not(
    private_broker: Broker,
) -> None:
    bootstrap, topic = private_broker.bootstrap, ACCOUNT_STATUS.name
    await refuse_occupied(bootstrap)  # Not even topics are there.
    await asyncio.to_thread(stage.create_topics, bootstrap)
    await refuse_occupied(bootstrap)
    await produce(bootstrap, topic, [(b"tenant-%04d" % number, b"{}") for number in range(1, 40)])
    await refuse_occupied(bootstrap)
    await produce(bootstrap, topic, [(b"acme", b"{}"), (b"acme", b"{}")])
    with pytest.raises(ReplayError) as caught:
        await refuse_occupied(bootstrap)
    assert "no load test has made, 'acme': " in str(caught.value)
    assert "gateway" not in str(caught.value)


async def test_a_gateway_that_is_live_or_has_been_at_work_is_refused(
    private_broker: Broker, tmp_path: Path
) -> None:
    bootstrap = private_broker.bootstrap
    file = tmp_path / "cdrs.jsonl"
    file.write_bytes(b'{"tenant_id":"tenant-0001"}')
    provider = ("--provider", "simulator", "--book", str(tmp_path / "book.sqlite"))
    async with staged(bootstrap, tmp_path, *provider) as gateways:
        gateway = gateways.start()
        await gateway.serving()
        live = await asyncio.to_thread(ran, bootstrap, file)
        payment = payment_command(1, "sim:ok")
        await gateways.give(payment)
        await gateways.settled([payment])
        gateway.signal(signal.SIGTERM)
        assert await gateway.ended() == 0, gateways.logs()
        gone = await asyncio.to_thread(ran, bootstrap, file)

    assert (live.returncode, gone.returncode) == (2, 2)
    assert "is live (group rater-gateway has 1 member)" in live.stderr
    assert "has committed offsets and no member" in gone.stderr
