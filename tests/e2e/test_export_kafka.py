"""The ledger exported from real Kafka: a run that is killed goes on, each entry is there once; DuckDB reads it."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from loadtest.rater_command import run
from rater.core.times import to_text
from rater.shell.process.clock import now_ms
from tests.e2e.broker import consume, produce
from tests.e2e.charging_fleet import ROOT, Fleet
from tests.e2e.logins import environment, session
from tests.e2e.test_contracts_kafka import said
from tests.e2e.test_freecall_kafka import CDRS, COMMANDS, cdr, set_up
from topics import catalog

if TYPE_CHECKING:
    from deploy.kafka.broker import Broker

duckdb = pytest.importorskip("duckdb")
PAGE = ROOT / "docs" / "operating" / "export.md"
CALLS = 1_200
TENANTS = ("acme", "bolt", "cora")


def exported(fleet: Fleet, folder: Path, *words: str, code: int = 0) -> str:
    """Run `rater export` to its end."""
    given = ("export", "--to", str(folder), *words, "--broker", fleet.bootstrap)
    return run(*given, accepted=(code,)).text


def places(folder: Path) -> list[tuple[int, int]]:
    """Return partition and offset of each entry that the files have."""
    found = duckdb.read_parquet(f"{folder}/*.parquet").project('partition, "offset"').fetchall()
    return sorted((int(partition), int(offset)) for partition, offset in found)


async def ledger(fleet: Fleet) -> list[Any]:
    return await consume(fleet.bootstrap, catalog.LEDGER.name)


async def play(fleet: Fleet, first: int) -> None:
    """Charge calls of all tenants."""
    now_s = int(time.time())
    calls = [
        cdr(TENANTS[n % 3], f"c{n}", now_s - CALLS + n, to="+33612345678", user_id=f"u{n % 5}")
        for n in range(first, first + CALLS)
    ]
    await produce(fleet.bootstrap, CDRS, calls)
    await fleet.obeyed(CDRS)


def killed(fleet: Fleet, folder: Path) -> None:
    """Kill a run as soon as it has written two files."""
    words = ("export", "--to", str(folder), "--rows-per-file", "50")
    process = subprocess.Popen(
        [sys.executable, "-m", "rater", *words, "--broker", fleet.bootstrap],
        cwd=ROOT,
        env=environment(*words),
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    for _ in range(2):
        assert b"entries" in process.stdout.readline()
    process.kill()
    process.communicate()
    (folder / ".aside-p000").write_bytes(b"half of a file")


async def test_each_entry_is_exported_once_whatever_is_killed(
    private_broker: Broker, tmp_path: Path
) -> None:
    fleet = Fleet(private_broker.bootstrap, tmp_path, session(2))
    folder = tmp_path / "ledger"
    lot = {"currency": "USD", "purchased_at": to_text(now_ms()), "amount_micros": 10**10}
    try:
        await set_up(fleet, list(TENANTS))
        fleet.start()
        await fleet.settled()
        funds = [said(each, "add_funds", "f", lot_id="L1", **lot) for each in TENANTS]
        await produce(fleet.bootstrap, COMMANDS, funds)
        await fleet.obeyed(COMMANDS)
        await play(fleet, 0)
        await asyncio.to_thread(killed, fleet, folder)
        files = set(folder.glob("ledger*.parquet"))
        await play(fleet, CALLS)
        await asyncio.to_thread(exported, fleet, folder)
        again = await asyncio.to_thread(exported, fleet, folder)
        text = tmp_path / "text"
        await asyncio.to_thread(exported, fleet, text, "--format", "csv")
        late = await asyncio.to_thread(exported, fleet, tmp_path / "none", "--since", "0s")
        other = await asyncio.to_thread(exported, fleet, folder, "--format", "csv", code=2)
        entries = await ledger(fleet)
        await fleet.stop()
    finally:
        fleet.end()

    assert files < set(folder.glob("ledger*.parquet"))
    assert places(folder) == sorted((each.partition, each.offset) for each in entries)
    assert "0 entries, 0 files" in again
    assert "0 entries, 0 files" in late
    assert "no file of this export" in other or "form is parquet, not csv" in other
    check_text(text, len(entries))
    check_queries(folder, [json.loads(each.value or b"") for each in entries])


def check_text(folder: Path, entries: int) -> None:
    """CSV says the same."""
    count = len(duckdb.read_csv(f"{folder}/*.csv"))
    assert count == entries


def check_queries(folder: Path, entries: list[dict[str, Any]]) -> None:
    """Hold what the queries of the page give against the ledger."""
    queries = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
    answers = [duckdb.sql(each.replace("ledger/", f"{folder}/")).fetchall() for each in queries]
    balances = {each["tenant_id"]: each["balance_micros"] for each in entries}

    assert len(queries) == 4
    assert [row[::2] for row in answers[0] if row[3]] == [
        (each, balances[each]) for each in TENANTS
    ]
    assert sum(row[2] for row in answers[1]) == 2 * CALLS
    assert {row[1] for row in answers[2]} == {f"u{n}" for n in range(5)}
    assert sum(row[2] for row in answers[3]) == 2 * CALLS * 600_000
