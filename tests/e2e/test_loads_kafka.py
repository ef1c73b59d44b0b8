"""A load as a user tries one: generated, played to a worker, audited; one micro that is wrong is found."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from loadtest import stage
from loadtest.service import Worker
from loadtest.watch import watching
from tests.e2e.charging_fleet import ROOT
from topics.catalog import CDR_RAW

if TYPE_CHECKING:
    from deploy.kafka.broker import Broker

KNOBS = (
    *("--num-records", "3000", "--tenants", "40", "--seed", "5", "--compress", "gz"),
    *("--shape", "diurnal", "--span", "7200", "--disorder", "30", "--hot", "10", "--bursts", "1"),
    *("--plans", "drawn", "--users", "2", "--post-paid", "20", "--promotional", "20"),
    *("--malformed", "0.5", "--misrouted", "1", "--duplicates", "3", "--changes", "1"),
)


def typed(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "loadtest", *words],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )


def last(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    assert done.stdout, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(found, dict)
    return found


def test_a_load_is_made_played_and_audited(private_broker: "Broker", tmp_path: Path) -> None:
    folder, at = str(tmp_path / "load"), ("--broker", private_broker.bootstrap)
    assert typed("generate", folder, *KNOBS).returncode == 0
    early = typed("play", folder, *at)
    assert early.returncode == 2
    assert "is not on the broker" in early.stderr

    stage.create_topics(private_broker.bootstrap)
    with Worker(private_broker.bootstrap, tmp_path / "worker.log"):
        played = typed("play", folder, *at)
        assert (played.returncode, last(played)["cdrs"]) == (0, 3_000), played.stderr
    audited = typed("audit", folder, *at)
    assert audited.returncode == 0, audited.stdout
    assert last(audited)["clean"] is True
    assert last(audited)["money_error_micros"] == 0

    again = typed("play", folder, *at)
    assert again.returncode == 2
    assert "already" in again.stderr

    wrong = tmp_path / "wrong.json"
    said = json.loads((tmp_path / "load" / "expected.json").read_text())
    tenant = said["tenants"]["tenant-0003"]
    tenant["funded_micros"] += 1
    tenant["balance_micros"] += 1
    wrong.write_text(json.dumps(said))
    found = typed("audit", str(wrong), *at)
    assert found.returncode == 1
    assert last(found)["worst"] == {"tenant-0003": 1}
    assert "tenant-0003: balance_micros: found" in found.stdout


def test_accounts_are_opened_and_a_replay_sends_the_cdrs(
    private_broker: "Broker", tmp_path: Path
) -> None:
    folder, at = tmp_path / "load", ("--broker", private_broker.bootstrap)
    plain = ("--num-records", "800", "--tenants", "10", "--malformed", "0", "--misrouted", "0")
    assert typed("generate", str(folder), *plain).returncode == 0
    stage.create_topics(private_broker.bootstrap)
    with Worker(private_broker.bootstrap, tmp_path / "worker.log"):
        opened = typed("play", str(folder), *at, "--accounts-only")
        assert (opened.returncode, last(opened)["cdrs"]) == (0, 0), opened.stderr
        file = str(folder / "1-cdr.raw.v1.jsonl")
        sent = typed("replay", file, *at, "--throughput", "2000")
        # 1: beside other tests it may be late.
        assert sent.returncode in {0, 1}, sent.stderr
        assert last(sent)["records"] == 800
        asyncio.run(charged(private_broker.bootstrap))

    audited = typed("audit", str(folder), *at)
    assert audited.returncode == 0, audited.stdout


async def charged(bootstrap: str) -> None:
    async with watching(bootstrap) as watch:
        await watch.until_done(CDR_RAW.name, timeout_s=60.0)
