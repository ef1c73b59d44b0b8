"""A service that is told to stop before it has begun ends in order: whoever starts processes sees no crash."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

SERVICES = {
    "charging": ("worker", "charging"),
    "recharge": ("worker", "recharge"),
    "gateway": ("gateway", "--provider", "stripe"),
    "canary": ("canary", "--tenant", "canary"),
    "notifier": ("notifier", "--smtp-tls", "none"),
    "reconciler": ("reconcile", "--follow"),
}
BOTH = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
SLOW = "print('importing', flush=True)\nimport time\ntime.sleep(600)\n"
LIMIT_S = 120
"""Far less than that, and enough for a process that has to wait for a CPU."""


def started(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "rater", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def ended(process: subprocess.Popen[str], number: int) -> tuple[int, str]:
    process.send_signal(number)
    _, said = process.communicate(timeout=LIMIT_S)
    return process.returncode, said


def importing(tmp_path: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a command that stays in its imports."""
    (tmp_path / "uvloop.py").write_text(SLOW)
    process = started(*arguments, PYTHONPATH=str(tmp_path))
    assert process.stdout is not None
    assert process.stdout.readline() == "importing\n"
    return process


@BOTH
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_is_stopped_while_it_is_loaded_says_so(
    service: str, number: int, tmp_path: Path
) -> None:
    process = importing(tmp_path, *SERVICES[service])

    assert ended(process, number) == (0, "rater: stopped before it began\n")


@BOTH
def test_a_service_that_waits_for_its_broker_ends_at_once(number: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        process = started("worker", "charging", "--broker", address, "--metrics-port", "0")
        silent.settimeout(LIMIT_S)
        connection, _ = silent.accept()
        with connection:
            code, said = ended(process, number)

    assert code == 0
    assert said.endswith("rater: stopped before it began\n")


def test_a_command_that_is_no_service_is_ended_as_any_other(tmp_path: Path) -> None:
    process = importing(tmp_path, "notifier", "webhook-key", "acme")

    assert ended(process, signal.SIGTERM) == (-signal.SIGTERM, "")
