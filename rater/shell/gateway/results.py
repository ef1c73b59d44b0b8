"""Results: an outcome of a provider as the record of `payment.results.v1`."""

from typing import NamedTuple

from rater.shell.gateway.providers.provider import (
    Declined,
    LateOutcome,
    Mode,
    MovedBack,
    Succeeded,
)
from rater.wire.outputs import encode
from topics.records import (
    PaymentDeclined,
    PaymentRestored,
    PaymentReversed,
    PaymentSucceeded,
    PaymentUnknown,
)
from topics.records.payments import AnyResult


class Origin(NamedTuple):
    """Whose word a result is: the provider, and the mode that the gateway was started in."""

    provider: str
    mode: Mode


def result_of(told: LateOutcome, origin: Origin, at_ms: int) -> AnyResult:
    """Return the result that tells an outcome; `at_ms` is when the gateway learnt it."""
    head = (told.command_id, told.tenant_id, at_ms, origin.provider, origin.mode)
    match told.outcome:
        case Succeeded(payment_id, amount_micros, currency, livemode):
            return PaymentSucceeded(*head, payment_id, amount_micros, currency, livemode)
        case MovedBack() as moved:
            kind = PaymentRestored if moved.is_restored else PaymentReversed
            return kind(
                *head,
                moved.payment_id,
                moved.reversal_id,
                moved.reversal,
                moved.reversed_micros,
                moved.currency,
                moved.restored_micros,
            )
        case Declined(decline_class, code, detail, payment_id):
            return PaymentDeclined(*head, decline_class, code, detail, payment_id)
        case unknown:
            return PaymentUnknown(*head, unknown.detail)


def encode_result(told: LateOutcome, origin: Origin, at_ms: int) -> bytes:
    """Return the result's record."""
    return encode(result_of(told, origin, at_ms))
