"""Trouble that no command can help: one line, no traceback, and exit code 2."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress

import pytest

DECK = "rater/data/sample_deck.csv"
CALL = ("--to", "+33612345678", "--answered-at", "2026-11-02T09:00:00Z", "--duration", "219")
PRINTING = [
    ("--help",),
    ("topics", "list"),
    ("price", "--deck", DECK, *CALL),
]
ON_KAFKA = [
    ("topics", "check"),
    ("deck", "list"),
    ("reconcile",),
    ("worker", "charging", "--metrics-port", "0"),
    ("gateway", "--provider", "simulator", "--book", "/dev/null", "--metrics-port", "0"),
    ("notifier", "--metrics-port", "0"),
    ("gatekeeper", "--port", "0", "--metrics-port", "0"),
    ("watch", "--metrics-port", "0"),
]


def rater(*words: str, stdout: int = subprocess.PIPE) -> tuple[int, str]:
    """Return exit code and standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "rater", *words], stdout=stdout, stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr


def told(lines: str) -> Sequence[str]:
    """Return the lines that are no log of a service's start."""
    return [line for line in lines.splitlines() if " INFO " not in line and " WARNING " not in line]


@pytest.fixture
def deaf() -> Iterator[str]:
    """Give an address where somebody listens who hangs up on everyone."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        ended = threading.Event()

        def hang_up() -> None:
            while not ended.is_set():
                with suppress(OSError):
                    server.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        ended.set()
        thread.join()


@pytest.mark.parametrize("command", PRINTING, ids=" ".join)
def test_a_full_disk_behind_standard_output_is_one_line(command: tuple[str, ...]) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    code, said = rater(*command, stdout=full)
    os.close(full)

    assert code == 2
    assert said.splitlines()[-1] == "rater: standard output: No space left on device"
    assert "Traceback" not in said


@pytest.mark.parametrize("command", ON_KAFKA, ids=lambda words: words[0])
def test_an_address_that_is_none_is_told(command: tuple[str, ...]) -> None:
    code, said = rater(*command, "--broker", "localhost:port")

    assert code == 2
    assert [line for line in told(said) if "Error" in line] == [
        "Error: broker address must be host:port, found 'localhost:port' (set --broker or RATER_BROKER)"
    ]
    assert len(told(said)) == 1


@pytest.mark.parametrize("command", ON_KAFKA, ids=lambda words: words[0])
def test_nobody_at_the_address_is_told(command: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    code, said = rater(*command, "--broker", f"127.0.0.1:{port}")

    assert code == 2
    assert told(said) == [
        f"Error: no Kafka broker answers at 127.0.0.1:{port} (set --broker or RATER_BROKER)"
    ]


@pytest.mark.parametrize("command", ON_KAFKA[:4], ids=lambda words: words[0])
def test_a_broker_that_lets_nobody_in_is_told(command: tuple[str, ...], deaf: str) -> None:
    code, said = rater(*command, "--broker", deaf)

    assert code == 2
    (line,) = told(said)
    assert line.startswith(
        f"Error: {deaf} takes connections but does not let us in: it wants a login"
    )


@pytest.mark.parametrize("command", ON_KAFKA[3:], ids=lambda words: words[0])
def test_a_log_level_that_does_not_exist_is_refused(command: tuple[str, ...]) -> None:
    code, said = rater(*command, "--log-level", "CHATTY")

    assert code == 2
    assert "Invalid value for '--log-level'" in said
    assert "Traceback" not in said
