"""Files of people are read up to a bound, by every command; what cannot be read is said in a line."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from rater.__main__ import cli
from rater.wire.told import FAULTS_TOLD_MAX

DECK = "rater/data/sample_deck.csv"
TERMS = ("--deck-id", "d", "--version", "1", "--currency", "USD")
SINCE = ("--valid-from", "2026-01-01T00:00:00Z")
CALL = ("--to", "112", "--answered-at", "2026-01-01T00:00:00Z", "--duration", "1")
COMMANDS: dict[str, tuple[str, ...]] = {
    "plan lint": ("plan", "lint", "FILE"),
    "plan load": ("plan", "load", "FILE", "--version", "1", *SINCE),
    "price plans": ("price", "--deck", DECK, *CALL, "--plans", "FILE", "--held", "P/US"),
    "simulate plans": ("simulate", "--plans", "FILE"),
    "deck lint": ("deck", "lint", "FILE"),
    "deck load": ("deck", "load", "FILE", *TERMS, *SINCE),
    "price deck": ("price", "--deck", "FILE", *CALL),
    "price calendars": ("price", "--deck", DECK, *CALL, "--calendars", "FILE"),
    "deck lint calendars": ("deck", "lint", DECK, "--calendars", "FILE"),
    "config lint": ("config", "lint", "FILE"),
    "config load": ("config", "load", "FILE"),
    "settings": ("worker", "charging", "--settings", "FILE"),
    "config check": ("config", "check", "--settings", "FILE"),
}
EVERY = pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)


def said(words: tuple[str, ...], file: Path) -> str:
    done = CliRunner().invoke(cli, [word.replace("FILE", str(file)) for word in words])

    assert isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code in {1, 2}
    return done.output


@EVERY
def test_a_file_without_end_is_read_no_further_than_its_bound(words: tuple[str, ...]) -> None:
    found = said(words, Path("/dev/zero"))

    assert "/dev/zero" in found
    assert "must have at most " in found or "is a directory" in found or "does not exist" in found


@EVERY
@pytest.mark.parametrize("content", [b"", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"[" * 5_000])
def test_a_file_of_another_kind_is_said_to_be(
    words: tuple[str, ...], content: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "odd"
    file.write_bytes(content)
    is_settings = "--settings" in words
    if is_settings and content in {b"", b"\xef\xbb\xbf"}:
        pytest.skip("a settings file may say nothing")

    assert str(file) in said(words, file)


@EVERY
def test_a_directory_is_no_file(words: tuple[str, ...], tmp_path: Path) -> None:
    assert str(tmp_path) in said(words, tmp_path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("plan lint", "".join(f"f{n} = 5\n" for n in range(FAULTS_TOLD_MAX + 7))),
        ("deck lint", "prefix,rate\n" + "x,1\n" * (FAULTS_TOLD_MAX + 7)),
        ("price deck", "prefix,rate\n" + "x,1\n" * (FAULTS_TOLD_MAX + 7)),
    ],
)
def test_no_more_faults_are_told_than_anybody_reads(name: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / "odd"
    file.write_text(text)
    lines = said(COMMANDS[name], file).splitlines()

    told = [line for line in lines if line.endswith(" more are not told")]
    assert len(told) == 1
    assert len(lines) <= FAULTS_TOLD_MAX + 2
