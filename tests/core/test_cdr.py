"""The CDR of the core is a value."""

import pytest

from tests.build import cdr, source


def test_a_cdr_and_its_source_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        cdr().billsec = 1  # type: ignore[misc]
    with pytest.raises(AttributeError):
        source().at_ms = 1  # type: ignore[misc]


def test_equal_cdrs_are_equal() -> None:
    assert cdr() == cdr()
    assert cdr() != cdr(billsec=61)
