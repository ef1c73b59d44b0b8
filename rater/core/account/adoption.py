"""Adoption: what the settings in force mean for one account, noted on its working copy until other settings hold.

Nothing of it is stored: an account's bytes follow from its entries alone (D4).
"""

from rater.core.account.account import AUTO_RECHARGE, NO_LIMIT, Account
from rater.core.charging_settings import ChargingSettings
from rater.core.limits import AMOUNT_MICROS_MAX, SPEND_PER_HOUR_TRIGGERS
from topics.records.charging_settings import CurrencyTerms


def adopt(account: Account, settings: ChargingSettings) -> None:
    """Note the bounds of an account under settings, and the order of its draws."""
    terms = settings.terms(account.currency)
    account.adopted = settings
    account.balance_max = terms.balance_max_micros
    account.paid_first = settings.promotional_credit == "last"
    account.spending.limit = _spend_limit(account, terms)


def _spend_limit(account: Account, terms: CurrencyTerms) -> int:
    """Return what the limit an hour comes to: as set, or by default that of the currency or of the trigger."""
    limit = account.spending.per_hour
    if limit < 0:
        limit = terms.spend_per_hour_micros
        if limit:
            for threshold in account.thresholds:
                if threshold.threshold_id == AUTO_RECHARGE:
                    limit = max(limit, SPEND_PER_HOUR_TRIGGERS * threshold.amount)
    return min(limit, AMOUNT_MICROS_MAX) if limit else NO_LIMIT
