"""Keys: shown whole where they can be ours, cut where they cannot."""

import pytest

from rater.wire.keys import KEY_BYTES_MAX, key_text
from rater.wire.pricing.decks import BadDeck, DeckAssembler
from rater.wire.settings.charging_settings import settings_reader
from rater.wire.versions import BadVersion


def test_a_key_is_text_and_one_that_is_too_long_is_cut() -> None:
    assert (key_text(None), key_text(b"acme"), key_text(b"\xff")) == ("", "acme", "\ufffd")
    assert key_text(b"a" * KEY_BYTES_MAX) == "a" * KEY_BYTES_MAX
    assert key_text(b"a" * 20_000_000) == "a" * KEY_BYTES_MAX + "... (20000000 bytes)"


@pytest.mark.parametrize("byte", [b"\0", b"1", b"a"])
def test_what_is_said_of_a_giant_key_is_short(byte: bytes) -> None:
    bad_deck = DeckAssembler().feed(byte * 20_000_000, b"{}")
    bad_settings = settings_reader().feed(byte * 20_000_000, b"{}")

    assert isinstance(bad_deck, BadDeck)
    assert isinstance(bad_settings, BadVersion)
    assert len(repr(bad_deck)) + len(repr(bad_settings)) < 5_000
