"""Declines: Stripe's codes, each hard or soft, with the sentence that results and e-mails carry.

Hard: a further attempt with the same method is futile, or forbidden by the card schemes; the next method is due
at once. Soft: it may pass later. A code that is not here is soft: attempts are few and capped, and a method
put out of use by mistake is worse than four attempts. The sentences are ours: a provider's text may hold anything.
"""

from typing import NamedTuple

from rater.shell.gateway.provider import DeclineClass, Declined


class Decline(NamedTuple):
    """What a code means."""

    decline_class: DeclineClass
    detail: str


def _hard(detail: str) -> Decline:
    return Decline("hard", detail)


def _soft(detail: str) -> Decline:
    return Decline("soft", detail)


DECLINES = {
    # The card itself will not do any more.
    "expired_card": _hard("the card has expired"),
    "lost_card": _hard("the card was reported lost"),
    "stolen_card": _hard("the card was reported stolen"),
    "pickup_card": _hard("the issuer wants the card withdrawn"),
    "restricted_card": _hard("the card cannot be used for this payment"),
    "card_not_supported": _hard("the card does not allow this kind of payment"),
    "currency_not_supported": _hard("the card does not take this currency"),
    "testmode_decline": _hard("a test card was used with a live key"),
    "live_mode_test_card": _hard("a test card was used with a live key"),
    # Its data are wrong, and nobody is there to correct them.
    "incorrect_number": _hard("the card number is wrong"),
    "invalid_number": _hard("the card number is wrong"),
    "incorrect_cvc": _hard("the card's security code is wrong"),
    "invalid_cvc": _hard("the card's security code is wrong"),
    "incorrect_zip": _hard("the postal code is not the card's"),
    "invalid_expiry_month": _hard("the card's expiry month is wrong"),
    "invalid_expiry_year": _hard("the card's expiry year is wrong"),
    "invalid_account": _hard("the card or its account is invalid"),
    "new_account_information_available": _hard("the card or its account is invalid"),
    "account_closed": _hard("the account was closed"),
    "debit_not_authorized": _hard("the holder did not authorise debits"),
    "resource_missing": _hard("the provider does not know this customer or payment method"),
    "payment_method_unactivated": _hard("this kind of payment is not enabled at the provider"),
    # The holder, or the issuer for him, has said no to payments without him.
    "authentication_required": _hard("the issuer wants the holder to confirm, who is not there"),
    "authentication_not_handled": _hard("the issuer wants the holder to confirm, who is not there"),
    "offline_pin_required": _hard("the issuer wants a PIN"),
    "online_or_offline_pin_required": _hard("the issuer wants a PIN"),
    "revocation_of_all_authorizations": _hard("the holder has revoked all authorisations"),
    "revocation_of_authorization": _hard("the holder has revoked the authorisation"),
    "stop_payment_order": _hard("the holder has stopped such payments"),
    "transaction_not_allowed": _hard("the issuer does not allow such payments"),
    "not_permitted": _hard("the issuer does not allow such payments"),
    "do_not_try_again": _hard("the issuer asks not to try again"),
    "no_action_taken": _hard("the issuer does not act on this card"),
    "security_violation": _hard("the issuer refused for security"),
    "fraudulent": _hard("the payment looks fraudulent to the provider"),
    "merchant_blacklist": _hard("the provider's block list has this card"),
    # The amount cannot be asked for, however often.
    "amount_not_representable": _hard("the amount is no whole number of the currency's units"),
    "amount_too_small": _hard("the amount is below the provider's minimum"),
    "amount_too_large": _hard("the amount is above the provider's maximum"),
    "invalid_charge_amount": _hard("the provider takes no such amount"),
    "invalid_amount": _hard("the provider takes no such amount"),
    "bad_script": _hard("the payment method is no script of the simulator"),
    # No card was asked: the gateway came too late, or was told not to.
    "expired": _soft("the time for this payment was over before it was made"),
    "cancelled": _soft("the payment was taken back before it was made"),
    # May pass.
    "insufficient_funds": _soft("the account has not enough money"),
    "card_velocity_exceeded": _soft("the card's limit of payments was reached"),
    "withdrawal_count_limit_exceeded": _soft("the card's limit of payments was reached"),
    "try_again_later": _soft("the issuer asks to try again later"),
    "reenter_transaction": _soft("the issuer asks to try again"),
    "processing_error": _soft("the payment could not be processed"),
    "issuer_not_available": _soft("the issuer could not be reached"),
    "approve_with_id": _soft("the issuer could not authorise the payment"),
    "call_issuer": _soft("the issuer gave no reason"),
    "card_declined": _soft("the issuer gave no reason"),
    "generic_decline": _soft("the issuer gave no reason"),
    "do_not_honor": _soft("the issuer gave no reason"),
    "service_not_allowed": _soft("the issuer gave no reason"),
    "duplicate_transaction": _soft("a payment of the same amount was made just before"),
    "payment_intent_payment_attempt_failed": _soft("the payment could not be made"),
    "payment_intent_canceled": _soft("the payment was cancelled at the provider"),
    "request_refused": _soft("the provider refused the request"),
}
"""By decline code, or by error code where there is no decline code."""


def declined(code: str, payment_id: str | None = None) -> Declined:
    """Return the decline of a code; an unknown one is soft and named."""
    decline = DECLINES.get(code) or _soft("a reason that we do not know")
    return Declined(decline.decline_class, code[:64], decline.detail, payment_id)
