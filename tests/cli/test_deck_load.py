"""`rater deck load` before it meets a broker."""

from pathlib import Path

from click.testing import CliRunner

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
