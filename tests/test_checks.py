"""`deploy/checks.py`, the order of `make test`: what ends it ends all that it has started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deploy.kafka.orphans import remove_orphans
from deploy.kafka.process import command_line, within

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CHECKS = Path(__file__).parents[1] / "deploy" / "checks.py"
RECIPE = "echo $$$$ >> pids; sleep 300 & echo $$! >> pids; wait"
HEAD = "SHELL := /bin/bash\n.SHELLFLAGS := -eu -o pipefail -c\n"
LONG = (
    f"{HEAD}test:\n\t@{sys.executable} {CHECKS}\nkafka-classes .venv/installed-dev:\n\t@{RECIPE}\n"
)
STUBBORN = LONG.replace("\t@echo", "\t@trap '' TERM; echo").replace("sleep 300", "nohup sleep 300")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Give a folder for a Makefile; kill in the end what its recipes have left behind."""
    yield tmp_path
    for pid in left(tmp_path):
        os.kill(pid, signal.SIGKILL)


def left(folder: Path) -> list[int]:
    """Return which of the processes that wrote down their number still run."""
    pids = (folder / "pids").read_text().split()
    return [int(pid) for pid in pids if command_line(int(pid))]


def interrupted(
    folder: Path, makefile: str, command: Sequence[str], number: signal.Signals
) -> tuple[int, str]:
    """Start the checks, send a signal when two parts run; return the exit code and what was said."""
    (folder / "Makefile").write_text(makefile)
    (folder / "pids").touch()
    running = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert within(20.0, lambda: len((folder / "pids").read_text().split()) == 4), "two parts"
    assert 4 == len(left(folder))
    running.send_signal(number)
    said, _ = running.communicate(timeout=30)
    return running.returncode, said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_told_to_end_it_ends_its_parts_and_says_so(folder: Path, number: signal.Signals) -> None:
    code, said = interrupted(folder, LONG, [sys.executable, str(CHECKS)], number)

    assert [] == left(folder)
    assert 1 == code
    assert "FAILED: interrupted" in said


def test_a_make_that_is_told_to_end_leaves_nothing_running(folder: Path) -> None:
    code, said = interrupted(folder, LONG, ["make", "test"], signal.SIGTERM)

    assert [] == left(folder)
    assert -signal.SIGTERM == code
    assert "FAILED: interrupted" in said


def test_what_does_not_want_to_end_is_killed(folder: Path) -> None:
    short = f"import sys; sys.path[0] = {str(CHECKS.parent)!r}; import checks; checks.STOP_S = 1.0"
    command = [sys.executable, "-c", f"{short}; sys.exit(checks.main())"]

    code, _ = interrupted(folder, STUBBORN, command, signal.SIGTERM)

    assert [] == left(folder)
    assert 1 == code


def test_a_part_that_is_being_started_is_ended_too(folder: Path) -> None:
    (folder / "Makefile").write_text(LONG)
    (folder / "pids").touch()
    script = f"""
import os, pathlib, signal, subprocess, sys, time
sys.path[0] = {str(CHECKS.parent)!r}
import checks

class Started(subprocess.Popen):
    def __init__(self, command, **options):
        super().__init__(command, **options)
        while command[0] == "make" and len(pathlib.Path("pids").read_text().split()) < 2:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

subprocess.Popen = Started
sys.exit(checks.main())
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False
    )

    assert [] == left(folder)
    assert (1, True) == (done.returncode, "FAILED: interrupted" in done.stdout)


def test_a_broker_whose_test_session_is_gone_is_removed_and_no_other(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    for name in (f"test-{gone.pid}-ab12", f"test-{os.getpid()}-ab12", f"demo-{gone.pid}", "dev"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "broker.json").write_text("{}")

    remove_orphans("test", tmp_path)

    assert {f"test-{os.getpid()}-ab12", f"demo-{gone.pid}", "dev"} == {
        each.name for each in tmp_path.iterdir()
    }
