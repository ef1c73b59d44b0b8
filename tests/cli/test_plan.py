"""`rater plan` before it meets a broker."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rater.cli.plan import PLAN_HEAD, plan, plan_rows
from tests.plan_build import allowance, catalog
from tests.plan_build import plan as plan_of
from topics.records.plans import MinutePrice

SAMPLE = "rater/data/sample_plans.toml"
UNUSUAL = """
unpooled_number_types = []
[chains.out]
user_out = ["bundle", "credits"]
[plans.P]
name = "P"
[plans.P.allowances.a]
pool = "bundle"
minutes = 1
"""
SINCE = ("--valid-from", "2026-01-01T00:00:00Z")
BROKER = ("--broker", "127.0.0.1:1")
LOAD = ("--version", "1", *SINCE, *BROKER)


def rater(*words: str) -> Result:
    return CliRunner().invoke(plan, words)


def written(folder: Path, text: str) -> str:
    file = folder / "plans.toml"
    file.write_text(text)
    return str(file)


@pytest.mark.parametrize("name", ["sample_plans", "sample_plans_reseller"])
def test_a_sample_is_without_findings(name: str) -> None:
    done = rater("lint", f"rater/data/{name}.toml", "--strict")

    assert (done.exit_code, done.stdout) == (0, "")
    assert "0 errors, 0 warnings" in done.stderr


def test_warnings_fail_where_that_is_asked_for(tmp_path: Path) -> None:
    file = written(tmp_path, UNUSUAL)

    assert rater("lint", file).exit_code == 0
    strict = rater("lint", file, "--strict")
    assert (strict.exit_code, "warning: premium_pooled: " in strict.stdout) == (1, True)
    said = json.loads(rater("lint", file, "--json").stdout)
    assert (said["level"], said["code"], said["line"]) == ("warning", "premium_pooled", None)


def test_a_file_with_errors_is_refused_and_every_one_is_said(tmp_path: Path) -> None:
    file = written(tmp_path, UNUSUAL.replace("minutes = 1", "seconds = 0\nper = 'seat'"))
    done = rater("lint", file)

    assert done.exit_code == 1
    assert (
        "error: bad_field: plans.P.allowances.a.seconds: must be at least 1, found 0" in done.stdout
    )
    assert "plans.P.allowances.a.per: must be one of licence, user, account" in done.stdout
    assert "2 errors, 0 warnings" in done.stderr
    loaded = rater("load", file, *LOAD)
    assert loaded.exit_code == 1
    assert "plans.P.allowances.a.seconds: must be at least 1, found 0" in loaded.stderr
    assert "nothing was published" in loaded.stderr


def test_every_line_that_is_no_toml_is_said(tmp_path: Path) -> None:
    file = written(tmp_path, UNUSUAL.replace('"P"', "P").replace("minutes = 1", "minutes ="))
    done = rater("lint", file)

    assert done.exit_code == 1
    assert "error: bad_file: not TOML: Invalid value (at line 6, column 8)" in done.stdout
    assert "error: bad_file: not TOML: Invalid value (at line 9, column 10)" in done.stdout
    assert "2 errors, 0 warnings" in done.stderr


def test_a_file_that_is_not_there_cannot_be_read() -> None:
    for words in (("lint", "nowhere.toml"), ("load", "nowhere.toml", *LOAD)):
        done = rater(*words)
        assert (done.exit_code, "nowhere.toml: No such file" in done.stderr) == (2, True)


def test_what_load_is_asked_for_is_checked_before_it_looks_for_a_broker(tmp_path: Path) -> None:
    bad_time = rater("load", SAMPLE, "--version", "1", "--valid-from", "tomorrow", *BROKER)
    assert bad_time.exit_code == 1
    assert (
        "--valid-from: 'tomorrow' is not a time with its offset, in the years 2000 to 2100"
        in bad_time.stderr
    )
    assert rater("load", SAMPLE, "--version", "0", *SINCE, *BROKER).exit_code == 2
    strict = rater("load", written(tmp_path, UNUSUAL), *LOAD, "--strict")
    assert (strict.exit_code, "--strict: nothing was published" in strict.stderr) == (1, True)
    assert rater("load", SAMPLE, *LOAD).exit_code == 2


def test_what_minutes_of_a_plan_cost_is_listed_beside_them() -> None:
    prices = (MinutePrice("USD", 5_000, 10_000), MinutePrice("EUR", 0, 4_500))
    priced = allowance("all", 660, zones=(), prices=prices)
    rows = plan_rows(catalog(plan_of("P", priced, allowance("free", 60, zones=()))))

    assert PLAN_HEAD[-1] == "prices"
    assert [row[-1] for row in rows] == ["USD 0.005 a minute, 0.01 a call; EUR 0.0045 a call", "-"]
