"""Classes of calls that were charged."""

from typing import Any

import pytest

from rater.views.statement.call_class import CLASSES, class_of
from rater.wire.pricing.numbering import load_numbers

USAGE = [{"kind": "usage"}]


@pytest.mark.parametrize(
    ("call", "fields", "found"),
    [
        ({"usage_country": "FR"}, {}, "overage"),
        ({"usage_country": "DE"}, {}, "international"),
        ({"usage_country": "DE", "routing_number": "+491511234567"}, {}, "overage"),
        ({}, {}, "outgoing"),
        ({"usage_country": "FR", "call_type": "Conf_out"}, {}, "conference_dial_out"),
        ({"direction": "in"}, {}, "toll_free"),
        ({"direction": "in"}, {"reason": "inbound"}, "inbound"),
        ({}, {"reason": "emergency"}, "emergency"),
        ({}, {"reason": "voided"}, "free"),
        (
            {"usage_country": "FR"},
            {"lines": [{"kind": "pool"}, {"kind": "pool_usage"}]},
            "in_bundle",
        ),
        ({"usage_country": "FR"}, {"lines": [*USAGE, {"kind": "pool"}]}, "overage"),
    ],
)
def test_a_class_follows_from_the_entry(
    call: dict[str, Any], fields: dict[str, Any], found: str
) -> None:
    entry = {"call": {"direction": "out", "to": "+33612345678"} | call, "lines": USAGE} | fields

    assert class_of(entry, load_numbers().country_of) == found
    assert found in CLASSES
