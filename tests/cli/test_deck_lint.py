"""`rater deck lint`."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from rater.cli.deck import deck

WARNED = "prefix,rate,number_type\n331,0.01,landline\n3311,0.2,landline\n"


def run(tmp_path: Path, text: str, *options: str) -> Result:
    path = tmp_path / "deck.csv"
    path.write_text(text)
    return CliRunner().invoke(deck, ["lint", str(path), *options])


def test_errors_fail_and_warnings_do_not_unless_strict(tmp_path: Path) -> None:
    assert run(tmp_path, WARNED).exit_code == 0
    assert run(tmp_path, WARNED, "--strict").exit_code == 1
    assert run(tmp_path, WARNED + "331,0.01,landline\n").exit_code == 1


def test_a_finding_is_a_line_with_its_place(tmp_path: Path) -> None:
    result = run(tmp_path, WARNED)

    assert (
        "deck.csv:3: warning: child_over_parent: prefix 3311 costs 0.20 a minute" in result.stdout
    )


def test_findings_can_be_read_by_programs(tmp_path: Path) -> None:
    result = run(tmp_path, "prefix,rate,colour\n331,1,red\n", "--json")

    (finding,) = map(json.loads, result.stdout.splitlines())
    assert result.exit_code == 1
    assert (finding["level"], finding["line"], finding["code"]) == ("error", 1, "bad_cell")


def test_a_file_that_is_not_there_is_another_matter(tmp_path: Path) -> None:
    result = CliRunner().invoke(deck, ["lint", str(tmp_path / "none.csv")])

    assert result.exit_code == 2
    assert "No such file" in result.stderr


def test_all_commands_of_the_group_are_listed() -> None:
    result = CliRunner().invoke(deck, ["--help"])

    assert result.exit_code == 0
    assert all(name in result.stdout for name in ("lint", "list", "load"))


DATED = "prefix,rate,calendar\n331,0.01,\n331,0.005,holidays\n"


def test_calendars_are_linted_with_their_dates(tmp_path: Path) -> None:
    dates = tmp_path / "dates.csv"
    dates.write_text("calendar,date\nholidays,2026-12-25\nschool,2026-12-25\n")

    known = run(tmp_path, DATED, "--calendars", str(dates))
    unknown = run(tmp_path, DATED)

    assert known.exit_code == 0
    assert "unused_calendar: calendar school is named by no row: its 1 dates" in known.stdout
    assert unknown.exit_code == 1
    assert "deck.csv:3: error: unknown_calendar: line 3, column calendar" in unknown.stdout


def test_calendars_that_cannot_be_read_end_the_lint(tmp_path: Path) -> None:
    dates = tmp_path / "dates.csv"
    dates.write_text("calendar,date\nholidays,25.12.\n")
    result = run(tmp_path, DATED, "--calendars", str(dates))

    assert result.exit_code == 2
    assert f"{dates}: line 2: date: '25.12.' of holidays is not a date" in result.stderr
