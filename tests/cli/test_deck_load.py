"""`rater deck load` before it meets a broker."""

from pathlib import Path

from click.testing import CliRunner

from rater.__main__ import cli
from rater.cli.deck_load import load

TERMS = ("--deck-id", "d", "--version", "1", "--valid-from", "2026-01-01T00:00:00Z")


def test_a_currency_that_is_none_is_told_before_its_deck_is_there(tmp_path: Path) -> None:
    file = tmp_path / "deck.csv"
    file.write_text("prefix,rate\n33,0.01\n")
    nobody = ("--broker", "127.0.0.1:1")
    odd = CliRunner().invoke(load, [str(file), *TERMS, "--currency", "JYP", *nobody])
    known = CliRunner().invoke(load, [str(file), *TERMS, "--currency", "JPY", *nobody])

    assert "note: --currency: JYP is in no list of ISO 4217" in odd.stderr
    assert "JPY" not in known.stderr


def test_what_is_wrong_with_an_option_is_named_by_it(tmp_path: Path) -> None:
    file = tmp_path / "deck.csv"
    file.write_text("prefix,rate\n33,0.01\n")

    def said(*options: str) -> str:
        return CliRunner().invoke(cli, ["simulate", *options]).stderr

    assert "--deck: 'a b' is not 1 to 64 letters" in said("--deck", f"a b={file}")
    assert "--currency: 'usd' is not three capital" in said("--deck", f"d={file}", "--currency", "usd")  # fmt: skip
    assert "note: --currency: USX is in no list" in said("--deck", f"d={file}", "--currency", "USX")
    retired = CliRunner().invoke(cli, ["deck", "retire", "--deck-id", "a/b"])
    assert "--deck-id: 'a/b' is not 1 to 64 letters" in retired.stderr
    late = CliRunner().invoke(
        cli, ["deck", "retire", "--deck-id", "d", "--valid-from", "1999-01-01T00:00:00Z"]
    )
    assert "--valid-from: '1999-01-01T00:00:00Z' is not a time with its offset, in" in late.stderr
