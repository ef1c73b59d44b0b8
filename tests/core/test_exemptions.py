"""Calls that nobody pays."""

from typing import Any

import pytest

from rater.core.exemptions import exemption
from tests.build import RULES, cdr


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, None),
        ({"disposition": "no_answer"}, "unanswered"),
        ({"disposition": "busy", "billsec": 0}, "unanswered"),
        ({"billsec": 0}, "zero_duration"),
        ({"to": "112"}, "emergency"),
        ({"to": "911", "usage_country": "US"}, "emergency"),
        ({"to": "112", "usage_country": "US"}, "emergency"),
        ({"to": "911", "usage_country": "FR"}, None),
        ({"to": "911"}, None),
        ({"to": "+112"}, None),
        ({"call_type": "emergency"}, "emergency"),
        ({"call_type": "emergency_out"}, "emergency"),
        ({"call_type": "dr_emergency_out"}, "emergency"),
        ({"call_type": "conf_out"}, None),
        ({"direction": "in"}, "inbound"),
        ({"direction": "in", "service_number_type": "subscriber"}, "inbound"),
        ({"direction": "in", "service_number_type": "toll_free"}, None),
        ({"direction": "in", "service_number_type": "service"}, None),
        ({"to": "112", "disposition": "failed"}, "unanswered"),
    ],
)
def test_a_call_is_free_for_a_reason_or_priced_by_a_deck(
    fields: dict[str, Any], reason: str | None
) -> None:
    assert exemption(cdr(**fields), RULES.emergency) == reason
