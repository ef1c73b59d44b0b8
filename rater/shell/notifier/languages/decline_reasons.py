"""Why a payment was declined: codes of results, by the reason that a letter gives. No code stands in a letter.

A code of which the people of an account can make nothing, since it is between the provider and us, has no reason: the
letter then gives none.
"""

from typing import Final

_CODES: Final = {
    "insufficient_funds": "insufficient_funds",
    "expired_card": "expired_card invalid_expiry_month invalid_expiry_year",
    "unusable": "lost_card stolen_card pickup_card restricted_card invalid_account account_closed "
    "new_account_information_available no_action_taken canary_method",
    "not_allowed": "card_not_supported currency_not_supported transaction_not_allowed "
    "not_permitted service_not_allowed",
    "wrong_details": "incorrect_number invalid_number incorrect_cvc invalid_cvc incorrect_zip",
    "confirmation": "authentication_required authentication_not_handled offline_pin_required "
    "online_or_offline_pin_required",
    "not_authorised": "debit_not_authorized revocation_of_all_authorizations "
    "revocation_of_authorization stop_payment_order",
    "limit_reached": "card_velocity_exceeded withdrawal_count_limit_exceeded",
    "bank_unreachable": "try_again_later reenter_transaction processing_error "
    "issuer_not_available approve_with_id",
    "no_reason": "call_issuer card_declined generic_decline do_not_honor do_not_try_again "
    "security_violation fraudulent merchant_blacklist",
    "too_late": "expired",
    "cancelled": "cancelled",
    "duplicate": "duplicate_transaction",
}

REASONS: Final[dict[str, str]] = {
    code: reason for reason, codes in _CODES.items() for code in codes.split()
}
"""By code: the name of the reason in `words.Declines`."""
