"""Declines: the codes that results and e-mails know, each hard or soft, with the sentence that a result carries.

Hard: a further attempt with the same method is futile, or forbidden by the card schemes; the next method is due
at once. Soft: it may pass later. The codes are named as issuers and Stripe name them; a provider with other names
translates them in its own room, and adds there what is between it and us (e-mails have no words for that). A code that
is in no table is soft: attempts are few and capped, and a method put out of use by mistake is worse than four attempts.
The sentences are ours: a provider's text may hold anything.
"""

from collections.abc import Mapping
from typing import NamedTuple

from rater.shell.gateway.providers.provider import Declined
from topics.records.payments import DeclineClass

CODE_CHARACTERS_MAX = 64


CANARY_METHOD = "canary_method"
"""The code of a decline of a canary tenant's payment with a method that is not the simulator's (R32)."""


class Decline(NamedTuple):
    """What a code means."""

    decline_class: DeclineClass
    detail: str


def hard(detail: str) -> Decline:
    """Return a decline after which this method is not tried again."""
    return Decline("hard", detail)


def soft(detail: str) -> Decline:
    """Return a decline that may pass."""
    return Decline("soft", detail)


SHARED = {
    # The card itself will not do any more.
    "expired_card": hard("the card has expired"),
    "lost_card": hard("the card was reported lost"),
    "stolen_card": hard("the card was reported stolen"),
    "pickup_card": hard("the issuer wants the card withdrawn"),
    "restricted_card": hard("the card cannot be used for this payment"),
    "card_not_supported": hard("the card does not allow this kind of payment"),
    "currency_not_supported": hard("the card does not take this currency"),
    # Its data are wrong, and nobody is there to correct them.
    "incorrect_number": hard("the card number is wrong"),
    "invalid_number": hard("the card number is wrong"),
    "incorrect_cvc": hard("the card's security code is wrong"),
    "invalid_cvc": hard("the card's security code is wrong"),
    "incorrect_zip": hard("the postal code is not the card's"),
    "invalid_expiry_month": hard("the card's expiry month is wrong"),
    "invalid_expiry_year": hard("the card's expiry year is wrong"),
    "invalid_account": hard("the card or its account is invalid"),
    "new_account_information_available": hard("the card or its account is invalid"),
    "account_closed": hard("the account was closed"),
    "debit_not_authorized": hard("the holder did not authorise debits"),
    # The holder, or the issuer for him, has said no to payments without him.
    "authentication_required": hard("the issuer wants the holder to confirm, who is not there"),
    "authentication_not_handled": hard("the issuer wants the holder to confirm, who is not there"),
    "offline_pin_required": hard("the issuer wants a PIN"),
    "online_or_offline_pin_required": hard("the issuer wants a PIN"),
    "revocation_of_all_authorizations": hard("the holder has revoked all authorisations"),
    "revocation_of_authorization": hard("the holder has revoked the authorisation"),
    "stop_payment_order": hard("the holder has stopped such payments"),
    "transaction_not_allowed": hard("the issuer does not allow such payments"),
    "not_permitted": hard("the issuer does not allow such payments"),
    "do_not_try_again": hard("the issuer asks not to try again"),
    "no_action_taken": hard("the issuer does not act on this card"),
    "security_violation": hard("the issuer refused for security"),
    "fraudulent": hard("the payment looks fraudulent to the provider"),
    "merchant_blacklist": hard("the provider's block list has this card"),
    # No card was asked: the gateway came too late, or was told not to.
    "expired": soft("the time for this payment was over before it was made"),
    "cancelled": soft("the payment was taken back before it was made"),
    CANARY_METHOD: hard("a canary pays with methods of the simulator alone"),
    # May pass.
    "insufficient_funds": soft("the account has not enough money"),
    "card_velocity_exceeded": soft("the card's limit of payments was reached"),
    "withdrawal_count_limit_exceeded": soft("the card's limit of payments was reached"),
    "try_again_later": soft("the issuer asks to try again later"),
    "reenter_transaction": soft("the issuer asks to try again"),
    "processing_error": soft("the payment could not be processed"),
    "issuer_not_available": soft("the issuer could not be reached"),
    "approve_with_id": soft("the issuer could not authorise the payment"),
    "call_issuer": soft("the issuer gave no reason"),
    "card_declined": soft("the issuer gave no reason"),
    "generic_decline": soft("the issuer gave no reason"),
    "do_not_honor": soft("the issuer gave no reason"),
    "service_not_allowed": soft("the issuer gave no reason"),
    "duplicate_transaction": soft("a payment of the same amount was made just before"),
}
"""By code. Every language of the notifier has words for each of them."""


def named_in(declines: Mapping[str, Decline], code: str, payment_id: str | None) -> Declined:
    """Return the decline of a code in a provider's table; an unknown one is soft and named."""
    decline = declines.get(code) or soft("a reason that we do not know")
    return Declined(decline.decline_class, code[:CODE_CHARACTERS_MAX], decline.detail, payment_id)
