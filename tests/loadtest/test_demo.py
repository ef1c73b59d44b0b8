"""The demo on real Kafka: what a newcomer sees, in small; and that it leaves nothing behind."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from loadtest.logins import FOLDER

ROOT = Path(__file__).resolve().parents[2]
DEMO = (sys.executable, "-m", "loadtest.demo", "--tenants", "30", "--cdrs")

pytestmark = pytest.mark.kafka


@pytest.fixture(autouse=True)
def no_foreign_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the demo start its own broker: a shared one may hold records already."""
    monkeypatch.delenv("RATER_BROKER", raising=False)


def play(*options: str, timeout_s: float = 240.0) -> tuple[int, str]:
    """Play a demo to its end; return its exit code and what it said. It leaves no broker, nor its folder."""
    with subprocess.Popen(
        [*DEMO, *options], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as demo:
        said, _ = demo.communicate(timeout=timeout_s)
    # Another process may play one of its own at the same time.
    assert not (ROOT / ".kafka" / f"demo-{demo.pid}").exists()
    return demo.returncode, said


def test_the_demo_charges_its_calls_and_every_check_is_clean() -> None:
    code, said = play("3000")

    assert code == 0, said
    for line in (
        "odd cases: everything that a CDR can come to, once",
        "changes of licences, users, limits and how it is paid",
        "every outcome, and every account's balance and pools, are what it predicted",
        "calls of which plans paid",
        "lots of promotional credit",
        "without a licence to spend",
        "at their credit limit",
        "seconds paid by pools",
        "one charge explained:",
        "one letter a transition",
        "verdict: clean",
        "nothing is left running",
    ):
        assert line in said


def test_it_is_as_clean_on_a_secured_broker_on_which_nobody_may_do_everything() -> None:
    code, said = play("1000", "--secure")

    assert code == 0, said
    assert "each command, service and reader logs in as its role" in said
    assert "every outcome, and every account's balance and pools, are" in said
    assert "one letter a transition" in said
    assert "verdict: clean" in said


def test_a_secured_demo_on_a_broker_of_somebody_elses_asks_for_the_logins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(FOLDER, raising=False)
    monkeypatch.setenv("RATER_BROKER", "127.0.0.1:1")
    code, said = play("1", "--secure")

    assert code == 1
    assert "LOADTEST_LOGINS must say where its logins lie" in said


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
    assert not (ROOT / ".kafka" / f"demo-{demo.pid}").exists()
