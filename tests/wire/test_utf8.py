"""What can be written as UTF-8, and what cannot."""

import pytest

from rater.wire.utf8 import is_utf8


@pytest.mark.parametrize("text", ["", "café", "\U0001f4de", "\0"])
def test_text_is_utf8(text: str) -> None:
    assert is_utf8(text)


@pytest.mark.parametrize("text", ["caf\udce9", "\ud83d"])
def test_half_a_surrogate_pair_is_not(text: str) -> None:
    assert not is_utf8(text)
