"""`loadtest plan` as it is typed."""

import json
from pathlib import Path

from click.testing import CliRunner

from loadtest.__main__ import main
from loadtest.runs.record import write
from tests.loadtest.runs.made import a_run


def typed(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["plan", *words])
    return done.exit_code, done.output


def test_a_plan_says_what_it_takes_what_gives_way_and_what_is_assumed(tmp_path: Path) -> None:
    path = write(a_run(), tmp_path)

    code, text = typed("--cdrs-per-day", "5e9", "--run", str(path), "--largest", "5")

    assert code == 0, text
    assert "5,000,000,000" in text
    assert "500,000,000,000" in text
    assert "at 10 times: the largest tenant takes 144 % of a core" in text
    assert "a CDR costs 16.2 us of a worker" in text
    said = json.loads(text.splitlines()[-1])
    assert said["sizing"]["workers"] == 6
    assert said["demand"]["largest_pct"] == 5.0


def test_without_a_run_it_says_how_to_take_one(tmp_path: Path) -> None:
    code, text = typed("--cdrs-per-day", "1000000", "--run", str(tmp_path / "none.json"))

    assert code == 2
    assert "none.json: No such file" in text
    assert "make load" in text


def test_a_number_that_is_none_is_named() -> None:
    code, text = typed("--cdrs-per-day", "many")

    assert code == 2
    assert "--cdrs-per-day" in text
