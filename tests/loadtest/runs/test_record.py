"""The record of a run: what is written is what is read; a history has a line of each; what is none is named."""

import json
from pathlib import Path

import msgspec
import pytest

from loadtest.runs.record import HISTORY, RecordError, line_of, read, remember, write
from tests.loadtest.runs.made import a_run


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    run = a_run()

    assert read(write(run, tmp_path / "load")) == run


def test_a_history_has_a_line_of_each_run(tmp_path: Path) -> None:
    remember(a_run(), tmp_path / "results" / HISTORY)
    remember(a_run(latency=None), tmp_path / "results" / HISTORY)

    first, second = map(json.loads, (tmp_path / "results" / HISTORY).read_text().splitlines())
    assert (first["cdrs_per_s"], first["payment_command_p99_ms"]) == (41_234, 99.0)
    assert (second["payment_command_p99_ms"], second["is_good"]) == (None, True)


def test_a_run_is_good_only_with_right_money_and_a_generator_in_time() -> None:
    run = a_run()
    assert run.latency is not None
    late = msgspec.structs.replace(run.latency, results={**run.latency.results, "valid": False})

    assert line_of(run)["is_good"]
    assert not a_run(latency=late).is_good
    assert not a_run(money=msgspec.structs.replace(run.money, problems=["acme"])).is_good
    assert not a_run(money=msgspec.structs.replace(run.money, is_reconciled=False)).is_good


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "truncated"),
        (b'{"format":1}', "missing required field"),
        (msgspec.json.encode(a_run(format=2)), "format: must be 1, found 2"),
    ],
)
def test_what_is_no_run_is_named(tmp_path: Path, text: bytes, said: str) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(text)

    with pytest.raises(RecordError, match=f"run.json: .*{said}"):
        read(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"run.json: No such file"):
        read(tmp_path / "run.json")
