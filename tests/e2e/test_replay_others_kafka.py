"""`loadtest replay` to accounts of a load test, with other numbers, and from a topic, on real Kafka."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
import termios
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from loadtest import logins, stage
from loadtest.accounts import name_of
from loadtest.own_accounts import standings
from loadtest.plan import Plan
from loadtest.replay import instants
from loadtest.replay.tenants import TenantRewrite
from loadtest.tariff import Tariff, charge_micros
from tests.e2e.broker import consume, own_broker, produce
from tests.e2e.charging_fleet import ROOT, Fleet
from tests.e2e.logins import environment
from tests.e2e.test_replay_kafka import command, ran, replayed, until
from topics.catalog import CDR_RAW, LEDGER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.kafka.broker import Broker

CUSTOMERS = ("4711", "acme", "globex", "initech", "umbrella")
ACCOUNTS = 4
ROWS = 400
NUMBERS = ("+33612345678", "+447500123456", "+12065550100", "+4930123456", "+33142685300")


def accounts(bootstrap: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "loadtest", "accounts", *words, "--broker", bootstrap]
    return subprocess.run(
        command, cwd=ROOT, env=environment("produce"), capture_output=True, text=True, check=False
    )


def opened(bootstrap: str, *words: str) -> None:
    done = accounts(bootstrap, *words)
    assert done.returncode == 0, done.stderr


def calls(folder: Path) -> tuple[Path, Counter[str]]:
    """Write old calls; return them, and what each account owes for them by a reading of the deck of our own."""
    tariff, owed = Tariff.read(stage.SAMPLE_DECK), Counter[str]()
    lines = []
    for number in range(ROWS):
        tenant, to, billsec = (
            CUSTOMERS[number % 5],
            NUMBERS[number % 3 + number % 2],
            number % 90 + 1,
        )
        row = tariff.match("out", to)
        assert row is not None
        owed[TenantRewrite(ACCOUNTS).of(tenant)] += charge_micros(row.terms, billsec)
        began_s = 1_750_000_000 + number
        lines.append(
            {
                "cdr_id": f"c{number // 5}",
                "tenant_id": tenant,
                "direction": "out",
                "to": to,
                "from": "+442079460034",
                "user_id": "ann@acme.example",
                "started_at": instants.write(began_s * 1_000),
                "ended_at": instants.write((began_s + billsec) * 1_000),
                "billsec": billsec,
            }
        )
    path = folder / "calls.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path, owed


async def test_calls_are_charged_to_accounts_of_a_load_test_that_are_closed_again(
    private_broker: Broker, tmp_path: Path
) -> None:
    bootstrap = private_broker.bootstrap
    file, owed = calls(tmp_path)
    fleet = Fleet(bootstrap, tmp_path)
    await asyncio.to_thread(stage.create_topics, bootstrap)
    await asyncio.to_thread(stage.load_deck, bootstrap, Plan(start_ms=1))
    count = ("--count", str(ACCOUNTS))
    told: tuple[str, ...] = (
        "--tenants",
        "rewrite",
        "--tenant-count",
        str(ACCOUNTS),
        "--shift-time",
        "now",
    )
    told += ("--anonymise", "--deck", str(stage.SAMPLE_DECK), "--loop", "2")
    try:
        fleet.start()
        await fleet.settled()
        await asyncio.to_thread(opened, bootstrap, "open", *count, "--funds", "1000")
        found = await asyncio.to_thread(replayed, bootstrap, file, *told, "--throughput", "800")
        await asyncio.to_thread(opened, bootstrap, "close")
        closed = await standings(bootstrap)
        refused = await asyncio.to_thread(accounts, bootstrap, "open", *count, "--currency", "EUR")
        await asyncio.to_thread(opened, bootstrap, "open", *count, "--funds", "1")
        again = await standings(bootstrap)
        await fleet.stop()
    finally:
        fleet.end()

    assert (found["records"], found["lap"], found["left_out"]) == (2 * ROWS, 2, 0)
    assert {each.state for each in closed.values()} == {"closed"}
    assert (refused.returncode, "in USD, not in EUR" in refused.stderr) == (2, True)
    assert {name: each.state for name, each in again.items()} == {
        name_of(serial): "open" for serial in range(1, ACCOUNTS + 1)
    }
    entries = [json.loads(each.value or b"") for each in await consume(bootstrap, LEDGER.name)]
    charges = [each for each in entries if each["kind"] == "charge"]
    assert len({(each["tenant_id"], each["cdr_id"]) for each in charges}) == 2 * ROWS
    assert {each["outcome"] for each in charges} == {"rated"}
    paid = Counter[str]()
    for each in charges:
        paid[each["tenant_id"]] += -each["amount_micros"]
    assert paid == Counter({name: 2 * amount for name, amount in owed.items()})
    raw = b"".join(each.value or b"" for each in await consume(bootstrap, CDR_RAW.name))
    assert not [each for each in (*NUMBERS, "ann@", "442079460034") if each.encode() in raw]


@pytest.fixture
def source_broker() -> Iterator[Broker]:
    own = own_broker()
    try:
        own.start()
        yield own
    finally:
        own.remove()


async def test_a_range_of_a_topic_of_another_broker_is_replayed(
    private_broker: Broker, source_broker: Broker, tmp_path: Path
) -> None:
    source, bootstrap = source_broker.bootstrap, private_broker.bootstrap
    for address in (source, bootstrap):
        await asyncio.to_thread(stage.create_topics, address)
    keys = [f"tenant-{number:04}".encode() for number in range(1, 9)]

    def batch(name: str) -> list[tuple[bytes, bytes]]:
        return [
            (key, b'{"tenant_id":"%s",\n "cdr_id":"%s"}' % (key, name.encode())) for key in keys
        ]

    await produce(source, CDR_RAW.name, batch("before"))
    await asyncio.sleep(0.05)
    since = instants.write(time.time_ns() // 1_000_000)
    await asyncio.sleep(0.05)
    await produce(source, CDR_RAW.name, [*batch("first"), (keys[0], b"no JSON"), *batch("second")])
    await asyncio.sleep(0.05)
    until = instants.write(time.time_ns() // 1_000_000)
    await asyncio.sleep(0.05)
    await produce(source, CDR_RAW.name, batch("after"))

    told = ["--source-broker", source, "--from-time", since, "--until-time", until]
    login = logins.variables(logins.reader_of(CDR_RAW.name))
    env = tmp_path / "source.env"
    env.write_text("".join(f"{name}='{value}'\n" for name, value in login.items()))
    told += ["--source-login", str(env)]
    topic = Path(f"kafka:{CDR_RAW.name}")
    found = await asyncio.to_thread(replayed, bootstrap, topic, *told)
    assert (found["records"], found["left_out"]) == (16, 1)
    sent = await consume(bootstrap, CDR_RAW.name)
    values = dict(batch("first")), dict(batch("second"))
    for key in keys:
        mine = [each.value for each in sent if each.key == key]
        assert mine == [each[key] for each in values], "byte for byte, in their order"

    there: dict[int, list[Any]] = {}
    for record in await consume(source, CDR_RAW.name):
        there.setdefault(record.partition, []).append(record)
    number, records = max(there.items(), key=lambda each: len(each[1]))
    others = ",".join(f"{part}:0" for part in there if part != number)
    by_offsets = ["--source-broker", source, "--from-offsets", f"{number}:1"]
    by_offsets += ["--until-offsets", f"{number}:3,{others}".rstrip(",")]
    found = await asyncio.to_thread(replayed, bootstrap, topic, *by_offsets)
    assert found["records"] == sum(b"no JSON" != each.value for each in records[1:3])
    none = await asyncio.to_thread(ran, bootstrap, topic, "--from-offsets", "99:1")
    assert (none.returncode, "partition 99 is not there: 0 to 7 are" in none.stderr) == (2, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_laps_of_two_processes_go_on_until_they_are_interrupted(
    private_broker: Broker, tmp_path: Path, number: signal.Signals
) -> None:
    bootstrap = private_broker.bootstrap
    await asyncio.to_thread(stage.create_topics, bootstrap)
    pytest.importorskip("hdrh")
    file, _ = calls(tmp_path)
    hdr = tmp_path / "late.hlog"
    words: tuple[str, ...] = (
        "--loop",
        "0",
        "--procs",
        "2",
        "--throughput",
        "2000",
        "--new-ids",
        "-run",
    )
    words += ("--anonymise", "--tenants", "rewrite", "--hdr", str(hdr))
    process = await asyncio.create_subprocess_exec(
        *command(bootstrap, file, *words),
        cwd=ROOT, env=environment("produce"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    await until(bootstrap, 2 * ROWS + 10)
    # A terminal tells all processes, a supervisor the first one alone.
    (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    out, _ = await asyncio.wait_for(process.communicate(), 30)
    found = json.loads(out)

    assert (found["ended_by"], process.returncode) == ("interrupt", 0)
    assert found["lap"] > 2
    sent = [json.loads(each.value or b"") for each in await consume(bootstrap, CDR_RAW.name)]
    assert len(sent) == found["records"] > 2 * ROWS
    ids = Counter((each["tenant_id"], each["cdr_id"]) for each in sent)
    assert set(ids.values()) == {1}, "each lap has ids of its own"
    laps = Counter(each["cdr_id"].rpartition("-run")[2] for each in sent)
    assert (laps[""], laps["~2"]) == (ROWS, ROWS)
    lap_ms = ROWS / 2_000 * 1_000
    ends: dict[str, list[int]] = {"": [], "~2": []}
    for each in sent:
        lap = each["cdr_id"].rpartition("-run")[2]
        if lap in ends:
            ends[lap].append(instants.read_ms(each["ended_at"]))
    moved_ms = min(ends["~2"]) - min(ends[""])
    assert abs(moved_ms - lap_ms) < 5, "each call is as old as it was"
    assert sum(each.get_total_count() for each in histograms(hdr)) == found["records"]


async def test_nothing_goes_on_where_the_first_process_is_gone(
    private_broker: Broker, tmp_path: Path
) -> None:
    bootstrap = private_broker.bootstrap
    await asyncio.to_thread(stage.create_topics, bootstrap)
    file, _ = calls(tmp_path)
    process = await asyncio.create_subprocess_exec(
        *command(bootstrap, file, "--loop", "0", "--procs", "2", "--throughput", "100"),
        cwd=ROOT, env=environment("produce"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    await until(bootstrap, 20)
    process.kill()
    await process.wait()
    for _ in range(200):
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        await asyncio.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    raise AssertionError("its processes go on")


def histograms(path: Path) -> list[Any]:
    """Return the histograms of a log, as the tools of HdrHistogram read them."""
    logs, histogram = pytest.importorskip("hdrh.log"), pytest.importorskip("hdrh.histogram")
    reader = logs.HistogramLogReader(str(path), histogram.HdrHistogram(1_000, 10**14, 3))
    try:
        return list(iter(reader.get_next_interval_histogram, None))
    finally:
        reader.close()


async def test_at_a_terminal_progress_tells_rate_lag_and_how_long_it_takes(
    private_broker: Broker, tmp_path: Path
) -> None:
    bootstrap = private_broker.bootstrap
    await asyncio.to_thread(stage.create_topics, bootstrap)
    file, _ = calls(tmp_path)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 160))
    process = await asyncio.create_subprocess_exec(
        *command(bootstrap, file, "--throughput", "200"),
        cwd=ROOT, env=environment("produce"), stdout=subprocess.PIPE, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    shown = await asyncio.to_thread(read_all, ours)
    await process.communicate()

    lines = [line for line in re.split(r"[\r\n]+", shown) if "replaying" in line and "lag" in line]
    assert re.search(r"\d+%\|.*\d+/400 \[00:0\d<00:0\d, +\d+\.?\d* CDR/s, lag \d+ ms\]", lines[-1])


def read_all(terminal: int) -> str:
    """Return what comes from a terminal until whoever writes has ended."""
    found = b""
    with contextlib.suppress(OSError):
        while data := os.read(terminal, 65_536):
            found += data
    os.close(terminal)
    return found.decode()
