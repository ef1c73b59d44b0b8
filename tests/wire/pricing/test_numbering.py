"""The world's number ranges that ship with the package."""

import pytest

from rater.core.pricing.prefixes import PrefixTable
from rater.wire.pricing.numbering import load_numbering

TABLE = PrefixTable({"+" + one.prefix: one for one in load_numbering()})


@pytest.mark.parametrize(
    ("number", "country", "kind"),
    [
        ("+33142685300", "FR", "landline"),
        ("+33612345678", "FR", "mobile"),
        ("+33899123456", "FR", "premium"),
        ("+449098765432", "GB", "premium"),
        ("+447500123456", "GB", "mobile"),
        ("+447781123456", "GG", "mobile"),
        ("+4915112345678", "DE", "mobile"),
        ("+49900123456", "DE", "premium"),
        ("+12065550100", "US", "mixed"),
        ("+14165550100", "CA", "mixed"),
        ("+18005550100", "US", "toll_free"),
        ("+19005550100", "US", "premium"),
        ("+38267123456", "ME", "mobile"),
        ("+77011234567", "KZ", "mobile"),
        ("+881612345678", "", "satellite"),
        ("+979123456789", "", "premium"),
    ],
)
def test_well_known_numbers_are_what_they_are(number: str, country: str, kind: str) -> None:
    found = TABLE.find(number)

    assert found is not None
    assert (found.country, found.kind) == (country, kind)


def test_no_bare_calling_code_of_a_country_is_a_range() -> None:
    assert TABLE.find("+9") is None
    assert TABLE.find("+33") is None
