"""Results are what the published schema says, whatever the outcome; declines are what the table says."""

import json

import pytest

from rater.shell.admin.validation import RecordCheck
from rater.shell.gateway.providers.provider import LateOutcome, Outcome, Succeeded, Unknown
from rater.shell.gateway.providers.stripe.declines import DECLINES, declined
from rater.shell.gateway.results import Origin, encode_result
from topics.catalog import PAYMENT_RESULTS

OUTCOMES: list[Outcome] = [
    Succeeded("pi_1", 200_000_000, "USD", livemode=True),
    declined("expired_card", "pi_1"),
    declined("insufficient_funds"),
    declined("a" * 200),
    Unknown("no answer"),
    Unknown(""),
]


@pytest.mark.parametrize("outcome", OUTCOMES, ids=repr)
def test_a_result_is_as_published(outcome: Outcome) -> None:
    record = json.loads(
        encode_result(LateOutcome("c1", "acme", outcome), Origin("stripe", "live"), 5)
    )

    assert RecordCheck(PAYMENT_RESULTS).problems(record) == []
    assert (record["command_id"], record["tenant_id"], record["at_ms"]) == ("c1", "acme", 5)


@pytest.mark.parametrize("code", DECLINES)
def test_every_code_fits_a_result(code: str) -> None:
    record = json.loads(
        encode_result(LateOutcome("c1", "acme", declined(code)), Origin("stripe", "live"), 5)
    )

    assert RecordCheck(PAYMENT_RESULTS).problems(record) == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("expired_card", "hard"), ("lost_card", "hard"), ("stolen_card", "hard"),
        ("pickup_card", "hard"), ("incorrect_number", "hard"), ("invalid_account", "hard"),
        ("card_not_supported", "hard"), ("authentication_required", "hard"),
        ("insufficient_funds", "soft"), ("try_again_later", "soft"), ("processing_error", "soft"),
        ("issuer_not_available", "soft"), ("approve_with_id", "soft"), ("never_heard_of", "soft"),
    ],
)  # fmt: skip
def test_hard_and_soft(code: str, expected: str) -> None:
    assert declined(code).decline_class == expected
