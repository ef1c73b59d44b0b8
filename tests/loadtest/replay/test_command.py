"""Which brokers are this machine's, and what is said of others before anything is sent."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from loadtest.replay.command import replay, throughput
from loadtest.replay.order import is_own


@pytest.mark.parametrize(
    ("brokers", "own"),
    [
        ("localhost:9092", True),
        ("127.0.0.1:9092, [::1]:9092", True),
        ("kafka.example:9092", False),
        ("localhost.example:9092", False),
        ("127.example:9092", False),
        ("localhost:9092,kafka.example:9092", False),
        ("10.0.0.1:9092", False),
        ("", False),
    ],
)
def test_a_broker_is_own_by_its_whole_name(brokers: str, own: bool) -> None:  # noqa: FBT001
    assert is_own(brokers) is own


def test_another_machine_must_be_meant() -> None:
    done = CliRunner().invoke(replay, ["calls.jsonl", "--broker", "localhost.example:9092"])
    assert (done.exit_code, "--i-know" in done.output) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--throughput", "5", "--speed", "2"], "--throughput and --speed: give one of them"),
        (["--tenants", "map"], "--tenants map and --tenant-map: one needs the other"),
        (["--tenant-map", "t.toml"], "--tenants map and --tenant-map: one needs the other"),
        (["--deck", "d.csv"], "they need --anonymise"),
        (["--from-time", "2026-01-01T00:00:00Z"], "they need kafka:TOPIC"),
        (["--source-broker", "localhost:1"], "they need kafka:TOPIC"),
        (["--until-offsets", "0:5"], "they need kafka:TOPIC"),
        (["--hdr", "a.hlog"], "nothing is due without --throughput or --speed"),
        (["--payload-file", "other.jsonl"], "FILE and --payload-file: give one of them"),
    ],
)
def test_what_does_not_go_together_is_told(words: list[str], said: str) -> None:
    done = CliRunner().invoke(replay, ["calls.jsonl", *words])
    assert done.exit_code == 2
    assert said in done.output


@pytest.mark.parametrize("words", [["--procs", "2"], ["--shift-time", "now"], ["--loop", "2"]])
def test_standard_input_is_read_once(words: list[str]) -> None:
    done = CliRunner().invoke(replay, words)
    assert (done.exit_code, "which standard input cannot be" in done.output) == (2, True)
    assert f"{words[0]}: " in done.output


@pytest.mark.parametrize("name", ["--report", "--hdr"])
def test_what_cannot_be_written_is_told_before_anything_is_sent(name: str, tmp_path: Path) -> None:
    pytest.importorskip("hdrh")
    words = ["none.jsonl", "--throughput", "5", "--i-know", name, str(tmp_path / "none" / "file")]
    done = CliRunner().invoke(replay, words)
    assert done.exit_code == 2
    assert "none/file" in done.output


def test_a_throughput_of_minus_one_is_as_fast_as_the_broker_takes_them() -> None:
    assert (throughput("-1"), throughput("2.5")) == (None, 2.5)
