"""Deck files on disk."""

from pathlib import Path

import pytest

from rater.wire.pricing.deck_files import DeckFileError, read_deck_file, read_sheet_file


def test_a_file_becomes_a_deck_that_is_always_in_force(tmp_path: Path) -> None:
    path = tmp_path / "deck.csv"
    path.write_text("prefix,rate\n33,0.1\n")

    deck = read_deck_file(path, deck_id="d", currency="EUR", version=3)

    assert (deck.deck_id, deck.version, deck.currency, deck.rows) == ("d", 3, "EUR", 1)
    assert deck.valid_from_ms == 946_684_800_000


def test_every_fault_is_a_line_of_the_message(tmp_path: Path) -> None:
    path = tmp_path / "deck.csv"
    path.write_text("prefix,rate\nx,0.1\n33,y\n")

    with pytest.raises(DeckFileError) as caught:
        read_deck_file(path, deck_id="d", currency="USD")

    assert len(caught.value.faults) == 2
    assert str(caught.value).count("\n") == 1
    assert "line 3, column rate: 'y'" in str(caught.value)


def test_a_file_without_a_header_is_a_fault_of_line_one(tmp_path: Path) -> None:
    path = tmp_path / "deck.csv"
    path.write_text("33,0.1\n")

    with pytest.raises(DeckFileError, match="line 1"):
        read_sheet_file(path)


def test_a_file_that_is_not_there_and_a_bad_name_are_told(tmp_path: Path) -> None:
    with pytest.raises(DeckFileError, match="No such file"):
        read_sheet_file(tmp_path / "none.csv")
    with pytest.raises(DeckFileError, match="deck_id: 'a b'"):
        read_deck_file(tmp_path / "none.csv", deck_id="a b", currency="USD")
