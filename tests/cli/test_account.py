"""`rater account`, `ledger`, `calls`: what cannot be asked is refused in a line, before a broker is asked."""

import pytest
from click.testing import CliRunner, Result

from rater.__main__ import cli
from rater.cli.columns import GrowingColumns

NOBODY = "127.0.0.1:1"


def rater(*words: str) -> Result:
    return CliRunner().invoke(cli, [*words, "--broker", NOBODY])


@pytest.mark.parametrize(
    "words",
    [("account", "show", "acme"), ("account", "list"), ("ledger", "acme"), ("calls", "acme")],
    ids=" ".join,
)
def test_without_a_broker_it_says_where_it_looked(words: tuple[str, ...]) -> None:
    done = rater(*words)

    assert done.exit_code == 2, done.output
    assert NOBODY in done.output
    assert "RATER_BROKER" in done.output
    assert len(done.output.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("account", "list", "--below", "1e3"), "is not a decimal number, found '1e3'"),
        (("account", "list", "--state", "gone"), "'gone' is not one of"),
        (("ledger", "acme", "--kind", "chrage"), "'chrage' is not one of"),
        (("ledger", "acme", "--from", "soon"), "must be a time such as"),
        (("ledger", "acme", "--follow", "--last", "3"), "--follow goes with neither"),
        (("ledger", "acme", "--limit", "3", "--last", "3"), "give one of them"),
        (("calls", "acme", "--limit", "0"), "0 is not in the range"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_what_makes_no_sense_is_refused(words: tuple[str, ...], said: str) -> None:
    done = rater(*words)

    assert done.exit_code == 2
    assert said in done.output


def test_rows_are_printed_as_they_come_each_column_as_wide_as_it_was(
    capsys: pytest.CaptureFixture[str],
) -> None:
    columns = GrowingColumns(("a", "b"), at_once=2)
    for row in (("1", "x"), ("2222", "y"), ("3", "z")):
        columns.add(row)
    first = capsys.readouterr().out
    columns.flush()

    assert first == "a     b\n1     x\n2222  y\n"
    assert capsys.readouterr().out == "3     z\n"


def test_a_head_without_rows_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    GrowingColumns(("a", "b")).flush()

    assert capsys.readouterr().out == ""
