"""Bounds: what would take an account beyond what it may hold. Then a CDR waits, and nothing changes."""

from rater.core.account.account import Account
from rater.core.account.funding import may_not_fund
from rater.core.account.reversal import owed_back
from rater.core.account.user import User
from rater.core.cdr import Cdr, Source
from rater.core.charging_settings import ChargingSettings
from rater.core.limits import AMOUNT_MICROS_MAX, LOTS_MAX
from rater.core.pricing.rating import Rated
from rater.core.suspension import Suspended, Suspension
from topics.records import Charge


def beyond_bound(account: Account, rated: Rated, settings: ChargingSettings) -> Suspension:
    """Say that a charge would take the balance below what its currency allows."""
    detail = (
        f"charge_micros: {rated.charge_micros} {account.currency} would take the balance, {account.balance}, "
        f"below -{account.balance_max}"
    )
    return Suspension(Suspended.AMOUNT_TOO_LARGE, detail, settings.version)


def beyond_credit(
    account: Account,
    rated: Rated,
    settings: ChargingSettings,
    month: str,
    replaced: Charge | None,
) -> Suspension | None:
    """Say that a charge would take what is owed of a month above what a balance of its currency may be."""
    contract = account.contract
    owed = 0 if contract is None else contract.owed.get(month, 0)
    if replaced is not None:
        owed -= owed_back(replaced, month)
    if owed + rated.charge_micros <= account.balance_max:
        return None
    detail = (
        f"charge_micros: {rated.charge_micros} {account.currency} would take what is owed of {month}, {owed}, "
        f"above {account.balance_max}"
    )
    return Suspension(Suspended.AMOUNT_TOO_LARGE, detail, settings.version)


def cannot_return(
    account: Account, cdr: Cdr, source: Source, original: Charge, user: User | None
) -> Suspension | None:
    """Say why a charge cannot be taken back, or not be replaced: the account has no room."""
    if len(account.lots) + len(account.expired) + len(original.draws) >= LOTS_MAX:
        detail = (
            f"lots: {LOTS_MAX} is the limit, and what comes back may open more; once some are used up or expired, a "
            "higher version of it is taken"
        )
        return Suspension(Suspended.CORRECTION_UNSUPPORTED, detail)
    if account.balance + original.charge_micros > AMOUNT_MICROS_MAX:
        detail = (
            f"charge_micros: {original.charge_micros} {account.currency}, taken back, would take the balance, "
            f"{account.balance}, above {AMOUNT_MICROS_MAX}"
        )
        return Suspension(Suspended.AMOUNT_TOO_LARGE, detail)
    return None if cdr.kind == "void" else may_not_fund(account, cdr, source.at_ms, user)
