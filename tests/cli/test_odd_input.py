"""Odd input to commands that need no Kafka: a line that says what is wrong, and never a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

DECK = "rater/data/sample_deck.csv"
PRICED = ("--answered-at", "2026-01-01T00:00:00Z", "--duration", "5")
TERMS = ("--deck-id", "d", "--version", "1", "--currency", "USD")
SINCE = ("--valid-from", "2026-01-01T00:00:00Z")
NOBODY = ("--broker", "127.0.0.1:1")
NO_TEXT = b"\xff"
FOLDER = "rater"


def no_utf8(option: str) -> bytes:
    """Return what is said of an option whose word is no UTF-8."""
    return f"'{option}': must be UTF-8, found '\\udcff'".encode()


def run(*words: str | bytes, **variables: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "rater", *words],
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("authorise", "--tenant", NO_TEXT, "--to", "112", *NOBODY), no_utf8("--tenant")),
        (("deck", "retire", "--deck-id", "d", "--reason", NO_TEXT, *NOBODY), no_utf8("--reason")),
        (("deck", "retire", "--deck-id", NO_TEXT, *NOBODY), no_utf8("--deck-id")),
        (("price", "--deck", NO_TEXT, "--to", "112", *PRICED), b"--deck: \\udcff: No such file"),
        (("price", "--deck", DECK, "--to", NO_TEXT, *PRICED), no_utf8("--to")),
        (
            ("price", "--deck", DECK, "--to", "112", *PRICED, "--calendars", FOLDER),
            b"--calendars: rater: Is a directory",
        ),
        (("deck", "lint", DECK, "--calendars", FOLDER), b"--calendars: rater: Is a directory"),
        (("simulate", "--deck", f"d={DECK}", "--calendars", FOLDER), b"--calendars: rater: Is a"),
        (
            ("deck", "load", DECK, *TERMS, *SINCE, "--calendars", FOLDER, *NOBODY),
            b"--calendars: rater: Is a directory",
        ),
        (("simulate", NO_TEXT), b"No such file or directory"),
        (("topics", "read", "cdr.raw.v1", "--from", NO_TEXT, *NOBODY), no_utf8("--from")),
    ],
)
def test_an_option_that_is_odd_is_named(words: tuple[str | bytes, ...], said: bytes) -> None:
    done = run(*words)

    assert done.returncode in {1, 2}, done.stderr
    assert said in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("encoding", ["utf-8:strict", "ascii:strict"])
@pytest.mark.parametrize("command", ["deck", "plan"])
def test_a_name_that_a_terminal_cannot_show_is_written_out(
    command: str, encoding: str, tmp_path: Path
) -> None:
    name = os.fsencode(tmp_path) + b"/\xff"
    Path(os.fsdecode(name)).write_bytes("prefix,rate\nFranç,1\n".encode())

    done = run(command, "lint", name, PYTHONIOENCODING=encoding)

    is_shown = b"\\udcff" in done.stdout or encoding.startswith("ascii")
    assert (done.returncode, is_shown) == (1, True), done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("command", "content", "said"),
    [
        ("deck", b"prefix,rate," + b"c" * 9_000 + b"\n", b"is not a column"),
        ("deck", b"prefix,rate\n33,0." + b"1" * 5_000 + b"\n", b"has more than 30 characters"),
        ("deck", b"prefix,rate\n33,nan\n", b"is not a decimal number"),
        ("deck", b"prefix,rate,increment\n33,1,86401/1\n", b"two whole numbers of at most 86400"),
        ("config", b'{"version":' + b"1" * 5_000 + b"}", b"an integer must have at most 19 digits"),
        ("config", b'\xef\xbb\xbf{"version":true}', b"version: must be an integer, found true"),
        ("plan", b"", b"plans: is missing"),
        ("plan", b"x = 0x" + b"1" * 5_000, b"x: must be an integer of at most 19 digits"),
    ],
)
def test_a_file_that_is_odd_is_said_to_be_in_short(
    command: str, content: bytes, said: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "odd"
    file.write_bytes(content)

    done = run(command, "lint", str(file))

    assert done.returncode == 1
    assert said in done.stdout + done.stderr
    assert b"Traceback" not in done.stderr
    assert max(map(len, (done.stdout + done.stderr).splitlines())) < 700


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    "words", ["simulate", "example cdrs", "deck lint rater/data/sample_deck.csv"]
)
def test_a_standard_stream_may_be_closed(words: str, closed: str) -> None:
    line = f"{sys.executable} -m rater {words} {closed}"
    done = subprocess.run(
        ["/bin/sh", "-c", line],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=120,
    )

    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr


def test_a_deck_may_come_through_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen([sys.executable, "-m", "rater", "deck", "lint", pipe]) as linting:
        pipe.write_bytes(b"prefix,rate\nx,1\n")
        assert linting.wait(120) == 1
