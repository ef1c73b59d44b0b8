"""Making: the same plan gives the same bytes in every file; the lines are the records; no load is written over."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from loadtest.generate import Workload
from loadtest.loads import expectations
from loadtest.loads.faults import LoadError
from loadtest.loads.folder import MANIFEST, Manifest, read_manifest
from loadtest.loads.lines import record_of
from loadtest.loads.making import Compression, Making, make
from loadtest.plan import Plan
from tests.bench_core import SAMPLE_DECK

PARTITIONS = 4
PLAN = Plan(
    start_ms=1_790_000_000_000, tenants=20, cdrs=2_000, plans="drawn", users=1, changes=1, bursts=1
)


def made(folder: Path, compression: Compression = "none", **knobs: object) -> Manifest:
    plan = replace(PLAN, **knobs)  # type: ignore[arg-type]
    return make(Making(plan, SAMPLE_DECK, PARTITIONS, folder, compression))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("compression", ["none", "gz", "zst"])
def test_the_same_plan_gives_the_same_bytes_in_every_file(
    tmp_path: Path, compression: Compression
) -> None:
    if compression == "zst":
        pytest.importorskip("pyarrow")
    first, again = made(tmp_path / "a", compression), made(tmp_path / "b", compression)

    assert first == again == read_manifest(tmp_path / "a")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert {MANIFEST, *first.sha256} == {*contents(tmp_path / "a")}


def test_the_lines_are_the_records_of_the_plan(tmp_path: Path) -> None:
    manifest = made(tmp_path / "load", "gz")
    workload = Workload(PLAN, SAMPLE_DECK, PARTITIONS)
    list(workload.commands())
    for number, act in enumerate(workload.acts()):
        records = list(act.cdrs)
        file = manifest.acts[number].cdrs
        lines = gzip.decompress((tmp_path / "load" / file.name).read_bytes()).splitlines()
        assert len(lines) == file.records == len(records)
        assert [record_of(line, PARTITIONS) for line in lines] == records
    found = expectations.decode((tmp_path / "load" / "expected.json").read_bytes(), "e")
    assert found.outcomes == workload.expected.outcomes


def test_commands_lie_in_a_file_of_their_topic_each_act_its_own(tmp_path: Path) -> None:
    manifest = made(tmp_path / "load")

    topics = [file.topic for file in manifest.acts[0].commands]
    assert topics == sorted(set(topics), key=topics.index)
    for file in (file for act in manifest.acts for file in act.commands):
        lines = (tmp_path / "load" / file.name).read_bytes().splitlines()
        assert len(lines) == file.records > 0
        assert all(json.loads(line)["command_id"] for line in lines)


def test_a_folder_with_something_in_it_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")

    with pytest.raises(LoadError, match="must be empty, or not be there"):
        made(tmp_path)
    assert contents(tmp_path) == {"mine": b"mine"}


def test_a_file_that_was_changed_is_named(tmp_path: Path) -> None:
    manifest = made(tmp_path / "load")
    path = tmp_path / "load" / manifest.acts[1].cdrs.name
    path.write_bytes(path.read_bytes() + b"{}\n")

    with pytest.raises(LoadError, match=rf"{path.name}: is not what was generated"):
        read_manifest(tmp_path / "load")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"{", "truncated"),
        (b"{}", "missing required field"),
    ],
)
def test_a_manifest_that_is_none_is_named(tmp_path: Path, text: bytes, said: str) -> None:
    (tmp_path / MANIFEST).write_bytes(text)

    with pytest.raises(LoadError, match=f"{MANIFEST}: .*{said}"):
        read_manifest(tmp_path)


def test_a_load_of_another_format_is_named(tmp_path: Path) -> None:
    made(tmp_path / "load")
    path = tmp_path / "load" / MANIFEST
    path.write_text(path.read_text().replace('"format": 1', '"format": 2'))

    with pytest.raises(LoadError, match="format: must be 1, found 2"):
        read_manifest(tmp_path / "load")


def test_a_deck_that_the_load_test_does_not_know_is_named(tmp_path: Path) -> None:
    deck = tmp_path / "deck.csv"
    deck.write_text("prefix,rate,min_charge\n+1,0.01,0.05\n")

    with pytest.raises(LoadError, match=r"deck.csv: line 2: min_charge"):
        make(Making(PLAN, deck, PARTITIONS, tmp_path / "load"))


def test_the_busiest_hour_is_counted_of_the_calls(tmp_path: Path) -> None:
    hour = made(tmp_path / "load", shape="steady", changes=0).busiest_hour

    assert hour is not None
    assert hour.ended > 0
    assert hour.erlang > 0
