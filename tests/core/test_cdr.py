"""The CDR of the core is a value."""

import pytest

from rater.core.cdr import Call, Cdr, Source
from rater.shell.process.hot_path import is_compiled
from tests.build import cdr, source
from tests.finals import finals


@pytest.mark.parametrize("kind", [Call, Cdr, Source])
def test_a_cdr_and_its_source_cannot_be_changed(kind: type) -> None:
    """Mypy refuses to assign what is Final; compiled, the field refuses it too."""
    assert set(kind.__match_args__) == finals(*kind.__mro__[:-1])  # type: ignore[attr-defined]
    if is_compiled():
        with pytest.raises(AttributeError, match="not writable"):
            cdr().billsec = 1  # type: ignore[misc]
        with pytest.raises(AttributeError, match="not writable"):
            source().at_ms = 1  # type: ignore[misc]


def test_a_cdr_has_no_other_fields() -> None:
    with pytest.raises(AttributeError):
        cdr().amount = 1  # type: ignore[attr-defined]


def test_equal_cdrs_are_equal() -> None:
    assert cdr() == cdr()
    assert cdr() != cdr(billsec=61)
