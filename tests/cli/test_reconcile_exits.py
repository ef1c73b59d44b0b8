"""Exit codes of `rater reconcile`: 1 says that money differs, and nothing else does; what could not be done is 2."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from rater.cli import reconcile as command
from rater.reconcile.difference import Complaint, difference
from rater.reconcile.report import Report

RATER = (sys.executable, "-m", "rater")


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """Give a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def started(server: socket.socket, *options: str, **how: object) -> subprocess.Popen[str]:
    """Start the command against a server that is silent, and wait until it has connected."""
    port = server.getsockname()[1]
    process = subprocess.Popen(  # type: ignore[call-overload]
        [*RATER, "reconcile", "--broker", f"127.0.0.1:{port}", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **how,
    )
    server.settimeout(30)
    connection, _ = server.accept()
    connections.append(connection)
    return process  # type: ignore[no-any-return]


connections: list[socket.socket] = []
"""Kept open."""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_says_so_and_is_2(silent: socket.socket, how: signal.Signals) -> None:
    process = started(silent)

    process.send_signal(how)
    out, err = process.communicate(timeout=30)

    assert process.returncode == 2, err
    assert "interrupted" in err
    assert "Traceback" not in err
    assert not out


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_it_is_loaded_it_is_2(how: signal.Signals, tmp_path: Path) -> None:
    """Python's own end would be 1, which says that money differs."""
    slow = "print('importing', flush=True)\nimport time\ntime.sleep(600)\n"
    (tmp_path / "uvloop.py").write_text(slow)
    process = subprocess.Popen(
        [*RATER, "reconcile"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "importing\n"

    process.send_signal(how)
    _, err = process.communicate(timeout=60)

    assert (process.returncode, err) == (2, "Error: interrupted: nothing is proven\n")


def test_a_signal_in_the_middle_of_a_constructor_leaves_nothing_half_made() -> None:
    """An exception raised there would be complained of when what is half made is thrown away."""
    script = (
        "import asyncio, os, signal\n"
        "from rater.cli import reconcile as command\n"
        "class Transport:\n"
        "    def __init__(self):\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "        self.closed = True\n"
        "    def __del__(self):\n"
        "        assert self.closed\n"
        "async def come_to_it(*_, **__):\n"
        "    Transport()\n"
        "command._reconcile = come_to_it\n"
        "command.reconcile([])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )

    assert (done.returncode, done.stderr) == (2, "Error: interrupted: nothing is proven\n")


def test_a_broker_that_is_not_there_is_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    done = run("reconcile", "--broker", f"127.0.0.1:{port}")

    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("wrong", [("--brokre", "x"), ("surplus",), ("--broker",)])
def test_a_bad_option_is_2(wrong: tuple[str, ...]) -> None:
    assert run("reconcile", *wrong).returncode == 2


def test_without_assertions_it_is_2() -> None:
    done = subprocess.run(
        [sys.executable, "-O", "-m", "rater", "reconcile"],
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 2


def test_a_command_that_cannot_be_loaded_is_2() -> None:
    broken = "import sys; sys.modules['aiokafka.errors'] = None; sys.argv = ['rater', 'reconcile']"
    done = subprocess.run(
        [sys.executable, "-c", f"{broken}; from rater.__main__ import main; main()"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 2, done.stderr
    assert "aiokafka.errors" in done.stderr


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line."""
    return subprocess.run(
        [*RATER, *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def decided(monkeypatch: pytest.MonkeyPatch, verdict: object) -> None:
    """Let the reconciler come to a verdict without a broker, or fail."""

    async def come_to_it(*_: object, **__: object) -> object:
        if isinstance(verdict, BaseException):
            raise verdict
        return verdict

    monkeypatch.setattr(command, "_reconcile", come_to_it)


def one_difference() -> Report:
    """Return a verdict with a difference in it."""
    wrong = Complaint("seq", 2, 3)
    return Report(differences=[difference("ledger", ("ledger.entries.v1", 0, 7), "acme", wrong)])


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_difference_is_1_and_none_is_0(
    monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    decided(monkeypatch, one_difference())
    assert CliRunner().invoke(command.reconcile, list(options)).exit_code == 1

    decided(monkeypatch, Report())
    assert CliRunner().invoke(command.reconcile, list(options)).exit_code == 0


@pytest.mark.parametrize(
    "fault", [RuntimeError("ours"), MemoryError(), KeyboardInterrupt(), ConnectionError("gone")]
)
def test_a_fault_of_our_own_is_2(monkeypatch: pytest.MonkeyPatch, fault: BaseException) -> None:
    decided(monkeypatch, fault)

    assert CliRunner().invoke(command.reconcile, []).exit_code == 2


def test_a_verdict_that_cannot_be_shown_is_2(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> object:
        raise ValueError("surrogates not allowed")

    monkeypatch.setattr(Report, "as_dict", fail)
    decided(monkeypatch, one_difference())

    assert CliRunner().invoke(command.reconcile, ["--json"]).exit_code == 2


@pytest.mark.parametrize("where", ["full", "closed"])
def test_a_verdict_that_cannot_be_written_is_2(where: str) -> None:
    """On a full disk, and into a pipe that nobody reads."""
    script = (
        "from tests.cli.test_reconcile_exits import one_difference\n"
        "from rater.cli import reconcile as command\n"
        "async def come_to_it(*_, **__):\n"
        "    return one_difference()\n"
        "command._reconcile = come_to_it\n"
        "command.reconcile([])\n"
    )
    if where == "full":
        out = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, out = os.pipe()
        os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-c", script],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    finally:
        os.close(out)

    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
