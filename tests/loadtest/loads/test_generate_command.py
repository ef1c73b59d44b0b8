"""`loadtest generate` as it is typed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from loadtest.__main__ import main
from loadtest.loads.folder import read_manifest

FEW = ("--num-records", "500", "--tenants", "10")


def typed(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["generate", *words])
    return done.exit_code, done.output


def test_the_same_command_gives_the_same_load(tmp_path: Path) -> None:
    words = (*FEW, "--start", "2026-12-01T12:00:00Z", "--seed", "9", "--corrections", "5")
    first, again = (typed(str(tmp_path / name), *words) for name in "ab")

    assert first[0] == again[0] == 0, first[1]
    assert read_manifest(tmp_path / "a") == read_manifest(tmp_path / "b")
    said = json.loads(first[1].splitlines()[-1])
    assert (said["cdrs"], said["start"]) == (500, "2026-12-01T12:00:00Z")


def test_knobs_reach_the_plan(tmp_path: Path) -> None:
    knobs = ("--shape", "ramp", "--disorder", "5", "--hot", "10", "--lots", "3", "--malformed", "0")
    code, text = typed(str(tmp_path / "a"), *FEW, *knobs)

    assert code == 0, text
    plan = read_manifest(tmp_path / "a").plan
    assert (plan["shape"], plan["disorder_s"], plan["hot"]) == ("ramp", 5, 10.0)
    assert (plan["lots_min"], plan["lots_max"]) == (3, 3)
    assert {share for _, share in plan["broken"]} == {0.0}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--start", "yesterday"), "--start': must be an RFC 3339 time, found 'yesterday'"),
        (("--tenants", "0"), "tenants: 0, must be at least 1"),
        (("--tenants", "1e3"), "--tenants"),
        (("--disorder", "5"), "disorder_s: 5, must be 0 with shape random"),
        (("--corrections", "5", "--changes", "1"), "corrections: 5.0, must be 0 with changes"),
        (("--hot", "101"), "must be from 0 to 100"),
        (("--deck", "nowhere.csv"), "nowhere.csv"),
    ],
)
def test_what_cannot_be_made_is_said_by_its_name_and_nothing_is_written(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    code, text = typed(str(tmp_path / "a"), *words)

    assert code == 2
    assert said in text
    assert not (tmp_path / "a").exists()
