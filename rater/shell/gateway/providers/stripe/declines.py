"""Stripe's declines: the shared codes, and what is between Stripe and us; https://docs.stripe.com/declines/codes."""

from rater.shell.gateway.providers.declines import SHARED, hard, named_in, soft
from rater.shell.gateway.providers.provider import Declined

DECLINES = SHARED | {
    "testmode_decline": hard("a test card was used with a live key"),
    "live_mode_test_card": hard("a test card was used with a live key"),
    "resource_missing": hard("the provider does not know this customer or payment method"),
    "payment_method_unactivated": hard("this kind of payment is not enabled at the provider"),
    "amount_not_representable": hard("the amount is no whole number of the currency's units"),
    "amount_too_small": hard("the amount is below the provider's minimum"),
    "amount_too_large": hard("the amount is above the provider's maximum"),
    "invalid_charge_amount": hard("the provider takes no such amount"),
    "invalid_amount": hard("the provider takes no such amount"),
    "payment_intent_payment_attempt_failed": soft("the payment could not be made"),
    "payment_intent_canceled": soft("the payment was cancelled at the provider"),
    "request_refused": soft("the provider refused the request"),
}
"""By decline code, or by error code where there is no decline code."""


def declined(code: str, payment_id: str | None = None) -> Declined:
    """Return the decline of a code; an unknown one is soft and named."""
    return named_in(DECLINES, code, payment_id)
