"""Carried contract: the parts of a contract as records say them."""

from rater.core.account.account import Account
from rater.core.account.contract import Billing, BillingMode, Contract, billing_mode_at
from rater.core.account.entitlement import Entitlement
from rater.core.account.month import after_month, month_at, month_end_ms
from rater.core.account.zone_change import ZoneChange
from rater.core.limits import NEVER_MS
from rater.core.pricing.plans.book import PlanBook
from topics import records as r
from topics.records.contract import BillingState, CarriedBilling, Mode
from topics.records.status import CreditUse


def carried_entitlement(each: Entitlement) -> r.CarriedEntitlement:
    """Return an entitlement as a record."""
    said = (each.plan_id, each.usage_country, each.from_ms, each.licences, each.seq)
    return r.CarriedEntitlement(*said)


def carried_mode(each: BillingMode) -> r.CarriedBillingMode:
    """Return a billing mode as a record."""
    return r.CarriedBillingMode(mode_of(each), each.from_ms, each.seq, each.limit or None)


def carried_zones(time_zone: str, changes: list[ZoneChange]) -> tuple[r.CarriedTimeZone, ...]:
    """Return changes of the time zone that an account had before all of them as records."""
    found: list[r.CarriedTimeZone] = []
    for each in changes:
        found.append(r.CarriedTimeZone(each.time_zone, time_zone, each.from_ms, each.month))
        time_zone = each.time_zone
    return tuple(found)


def carried_billing(billing: Billing) -> CarriedBilling | None:
    """Return how an account pays now; nothing where that was never said."""
    if billing == Billing():
        return None
    return CarriedBilling(
        state_of(billing),
        billing.said_ms,
        billing.limit or None,
        None if billing.look_ms == NEVER_MS else billing.look_ms,
    )


def state_of(billing: Billing) -> BillingState:
    """Return the name of how an account pays now."""
    if billing.is_reached:
        return "limit_reached"
    return "post_paid" if billing.pays_later else "prepaid"


def mode_of(each: BillingMode | None) -> Mode:
    """Return the name of a billing mode; where nothing was said an account is prepaid."""
    return "post_paid" if each is not None and each.pays_later else "prepaid"


def credit_use(
    account: Account, contract: Contract, plans: PlanBook, at_ms: int
) -> CreditUse | None:
    """Return what is owed of a month that has a credit limit, or may have one; None: there is none, now or later."""
    limits = [each for each in contract.billing_modes if each.limit and each.pays_later]
    mode = billing_mode_at(contract, at_ms)
    if mode not in limits and not any(each.from_ms > at_ms for each in limits):
        return None
    month = month_at(account, plans, at_ms)
    owed, ahead = contract.owed.get(month, 0), after_month(contract.owed, month)
    limit = None if mode is None or not mode.pays_later else mode.limit or None
    return CreditUse(owed, month_end_ms(account, plans, at_ms), limit, ahead or None)
