"""Columns of a deck: what is declared of each is what its cells take."""

import pytest

from rater.wire.pricing.deck_cells import Complaint
from rater.wire.pricing.deck_columns import COLUMNS, REQUIRED


@pytest.mark.parametrize("name", COLUMNS)
def test_examples_and_default_are_read(name: str) -> None:
    column = COLUMNS[name]

    assert column.examples
    assert not [text for text in column.examples if isinstance(column.read(text), Complaint)]
    if name not in REQUIRED:
        assert not isinstance(column.read(column.default), Complaint)
        assert column.default or column.default_means


@pytest.mark.parametrize("name", COLUMNS)
def test_what_is_not_allowed_is_refused(name: str) -> None:
    assert isinstance(COLUMNS[name].read("\x00" + "x" * 300), Complaint)
