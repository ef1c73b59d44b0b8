"""Why a payment was declined, in words for the people of the account. A provider's code never stands in a letter.

A code of which they can make nothing, since it is between the provider and us, has no words: the letter then gives no
reason.
"""

from typing import Final

_WORDS: Final = (
    (
        "insufficient_funds",
        "not enough money behind the payment method",
        "provision insuffisante",
    ),
    ("expired_card invalid_expiry_month invalid_expiry_year", "the card has expired, or its date is wrong",
     "la carte a expiré, ou sa date est erronée"),
    (("lost_card stolen_card pickup_card restricted_card invalid_account account_closed "
      "new_account_information_available no_action_taken"),
     "the payment method can no longer be used", "le moyen de paiement n'est plus utilisable"),
    ("card_not_supported currency_not_supported transaction_not_allowed not_permitted service_not_allowed",
     "the bank does not allow such payments", "la banque n'autorise pas ce type de paiement"),
    ("incorrect_number invalid_number incorrect_cvc invalid_cvc incorrect_zip",
     "the details of the card are wrong", "les données de la carte sont erronées"),
    ("authentication_required authentication_not_handled offline_pin_required online_or_offline_pin_required",
     "the bank wants the holder to confirm the payment", "la banque demande que le titulaire confirme le paiement"),
    ("debit_not_authorized revocation_of_all_authorizations revocation_of_authorization stop_payment_order",
     "the holder does not authorise such payments", "le titulaire n'autorise pas ces paiements"),
    ("card_velocity_exceeded withdrawal_count_limit_exceeded",
     "the limit of the payment method was reached", "le plafond du moyen de paiement est atteint"),
    ("try_again_later reenter_transaction processing_error issuer_not_available approve_with_id",
     "the bank could not be reached, or could not process it",
     "la banque n'a pas pu être jointe, ou n'a pas pu traiter le paiement"),
    (("call_issuer card_declined generic_decline do_not_honor do_not_try_again security_violation fraudulent "
      "merchant_blacklist"),
     "the bank gave no reason", "la banque n'a pas donné de raison"),
    ("expired", "the payment could not be made in time", "le paiement n'a pas pu être fait à temps"),
    ("cancelled", "the payment was cancelled", "le paiement a été annulé"),
    ("duplicate_transaction", "a payment of the same amount was made just before",
     "un paiement du même montant venait d'être fait"),
)  # fmt: skip
"""Codes, English, French. Of a card reported stolen, or that looks like fraud, no more is said than a bank would."""

_BY_CODE: Final = {
    code: {"en": english, "fr": french}
    for codes, english, french in _WORDS
    for code in codes.split()
}


def decline_words(code: str, language: str) -> str:
    """Return the reason in words; "" where there is none for these readers."""
    return _BY_CODE.get(code, {}).get(language, "")
