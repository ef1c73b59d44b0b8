"""Rules are a value: a worker replaces them, a batch keeps what it began with."""

import pytest

from rater.core.decks import DeckBook
from tests.build import RULES


def test_rules_cannot_be_changed_under_a_batch() -> None:
    with pytest.raises(AttributeError):
        RULES.book = DeckBook.of([])  # type: ignore[misc]
