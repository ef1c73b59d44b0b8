"""Amounts, counts and dates as a reader of English or French writes them; integers only, no locale of the machine."""

from datetime import UTC, datetime
from typing import Final

from rater.core.money import MICROS_DECIMALS, div_half_even
from rater.wire.pricing.amounts import format_micros

NBSP: Final = "\u00a0"

_DECIMALS_USUAL: Final = 2
_DECIMALS: Final = {
    currency: decimals
    for decimals, currencies in (
        (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
        (3, "BHD IQD JOD KWD LYD OMR TND"),
        (4, "CLF UYW"),
    )
    for currency in currencies.split()
}
"""Of ISO 4217, where they are not two."""

_MONTHS: Final = {
    "en": "January February March April May June July August September October November December",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
}
_CLASSES: Final = {
    "en": {
        "conference_dial_out": "conference dial-out",
        "international": "international calls",
        "overage": "calls beyond the plans' minutes",
        "toll_free": "toll-free calls",
        "": "other calls",
    },
    "fr": {
        "conference_dial_out": "appels sortants de conférence",
        "international": "appels internationaux",
        "overage": "appels au-delà des minutes des forfaits",
        "toll_free": "appels vers les numéros gratuits",
        "": "autres appels",
    },
}


_KINDS: Final = {
    "en": {
        "balance_exhausted": "The balance is used up",
        "balance_low": "The balance is low",
        "fraud_suspected": "Unusual spending",
        "funds_added": "Money was added",
        "funds_expired": "Money has expired",
        "funds_expiring": "Money expires soon",
        "payment_restored": "A payment was restored",
        "payment_reversed": "A payment was taken back",
        "recharge_capped": "Auto-recharge reached its cap",
        "recharge_failed": "A payment was declined",
        "recharge_paused": "Auto-recharge is paused",
        "": "Other",
    },
    "fr": {
        "balance_exhausted": "Le solde est épuisé",
        "balance_low": "Le solde est bas",
        "fraud_suspected": "Dépenses inhabituelles",
        "funds_added": "De l'argent a été ajouté",
        "funds_expired": "De l'argent a expiré",
        "funds_expiring": "De l'argent expire bientôt",
        "payment_restored": "Un paiement a été rétabli",
        "payment_reversed": "Un paiement a été repris",
        "recharge_capped": "Recharge automatique au plafond",
        "recharge_failed": "Un paiement a été refusé",
        "recharge_paused": "Recharge automatique en pause",
        "": "Autre",
    },
}


def kind_name(kind: str, language: str) -> str:
    """Return what a kind of letter is about, in a few words."""
    return _KINDS[language].get(kind, _KINDS[language][""])


def amount(micros: int, currency: str, language: str) -> str:
    """Return an amount, rounded half to even to the currency's usual decimals; never minus zero.

    >>> amount(1_234_565_000, "USD", "en"), amount(-1_500_000, "JPY", "en")
    ('1,234.56 USD', '-2 JPY')
    """
    decimals = _DECIMALS.get(currency, _DECIMALS_USUAL)
    rounded = div_half_even(abs(micros), 10 ** (MICROS_DECIMALS - decimals))
    whole, fraction = divmod(rounded, 10**decimals)
    digits = f"{fraction:0{decimals}}" if decimals else ""
    return _written(micros < 0 and rounded > 0, whole, digits, currency, language)


def exact_amount(micros: int, currency: str, language: str) -> str:
    """Return an amount with all its decimals, where rounding would hide what is told."""
    whole, _, digits = format_micros(abs(micros)).partition(".")
    return _written(micros < 0, int(whole), digits, currency, language)


def _written(negative: bool, whole: int, digits: str, currency: str, language: str) -> str:  # noqa: FBT001
    sign = "-" if negative else ""
    if language == "fr":
        return f"{sign}{count(whole, language)}{digits and ',' + digits}{NBSP}{currency}"
    return f"{sign}{count(whole, language)}{digits and '.' + digits} {currency}"


def count(number: int, language: str) -> str:
    """Return a whole number with its thousands apart."""
    return f"{number:,}".replace(",", NBSP) if language == "fr" else f"{number:,}"


def moment(at_ms: int, language: str) -> str:
    """Return an instant to the minute, in UTC and in words.

    >>> moment(1_772_361_060_000, "en"), moment(1_772_361_060_000, "fr")
    ('1 March 2026, 10:31 UTC', '1er mars 2026 à 10:31 UTC')
    """
    at = datetime.fromtimestamp(at_ms // 1_000, UTC)
    month = _MONTHS[language].split()[at.month - 1]
    clock = f"{at.hour:02}:{at.minute:02} UTC"
    if language == "fr":
        return f"{'1er' if at.day == 1 else at.day} {month} {at.year} à {clock}"
    return f"{at.day} {month} {at.year}, {clock}"


def call_classes(names: tuple[str, ...], language: str) -> str:
    """Return classes of calls in words; what we have no words for are other calls."""
    words = _CLASSES[language]
    return ", ".join(dict.fromkeys(words.get(name, words[""]) for name in names))
