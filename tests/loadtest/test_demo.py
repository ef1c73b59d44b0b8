"""The demo on real Kafka: what a newcomer sees, in small; and that it leaves nothing behind."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtest.logins import FOLDER

ROOT = Path(__file__).resolve().parents[2]
DEMO = (sys.executable, "-m", "loadtest.demo", "--tenants", "30", "--cdrs")

pytestmark = pytest.mark.kafka


@pytest.fixture(autouse=True)
def no_foreign_broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the demo start its own broker: a shared one may hold records already."""
    monkeypatch.delenv("RATER_BROKER", raising=False)
    before = set(instances())
    yield
    assert set(instances()) - before == set()


def instances() -> list[str]:
    return [folder.name for folder in (ROOT / ".kafka").glob("demo-*")]


def test_the_demo_charges_its_calls_and_every_check_is_clean() -> None:
    done = subprocess.run(
        [*DEMO, "3000"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=240
    )

    assert done.returncode == 0, done.stdout + done.stderr
    for line in (
        "odd cases: everything that a CDR can come to, once",
        "every outcome, and every account's balance and pools, are what it predicted",
        "calls of which plans paid",
        "seconds paid by pools",
        "one charge explained:",
        "one letter a transition",
        "verdict: clean",
        "nothing is left running",
    ):
        assert line in done.stdout


def test_it_is_as_clean_on_a_secured_broker_on_which_nobody_may_do_everything() -> None:
    done = subprocess.run(
        [*DEMO, "1000", "--secure"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert "each command, service and reader logs in as its role" in done.stdout
    assert "every outcome, and every account's balance and pools, are" in done.stdout
    assert "one letter a transition" in done.stdout
    assert "verdict: clean" in done.stdout


def test_a_secured_demo_on_a_broker_of_somebody_elses_asks_for_the_logins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(FOLDER, raising=False)
    monkeypatch.setenv("RATER_BROKER", "127.0.0.1:1")
    done = subprocess.run(
        [*DEMO, "1", "--secure"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert done.returncode == 1
    assert "LOADTEST_LOGINS must say where its logins lie" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_the_demo_interrupted_at_work_leaves_nothing_running(how: signal.Signals) -> None:
    demo = await asyncio.create_subprocess_exec(
        *DEMO,
        "200000",
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert demo.stdout is not None
    async with asyncio.timeout(240):
        async for line in demo.stdout:
            if line.startswith(b"6. calls"):
                demo.send_signal(how)
                break
        said = await demo.stdout.read()
        code = await demo.wait()

    assert code == 130
    assert said.endswith(b"stopped; nothing is left running\n")
