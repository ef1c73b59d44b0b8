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
