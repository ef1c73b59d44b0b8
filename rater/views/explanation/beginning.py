"""Beginning: the account as an entry says it that a ledger may begin with: its first, or that of a month.

The counterpart of `core/account/commands/carry_forward`, which writes it.
"""

from rater.core.account.account import Account, HighRateWatch, Spending, Threshold, next_due_ms
from rater.core.account.breaker import LIMITS
from rater.core.account.contract import Billing, BillingMode, Contract
from rater.core.account.entitlement import Entitlement
from rater.core.account.lots import CreditLot
from rater.core.account.past import Past
from rater.core.account.thresholds import note_calm
from rater.core.account.zone_change import ZoneChange
from rater.core.call_classes import PAID_CALLS
from rater.core.limits import NEVER_MS
from topics.records import AccountOpened, BalanceCarriedForward, CarriedLot, CarriedSpending

Beginning = AccountOpened | BalanceCarriedForward


def account_before(entry: Beginning) -> Account:
    """Return the account as it was before an entry that it may begin with."""
    if isinstance(entry, AccountOpened):
        account = Account(entry.tenant_id, entry.currency, entry.time_zone, entry.decks)
    else:
        account = _carried(entry)
    account.seq = entry.seq - 1
    note_calm(account)
    return account


def _carried(entry: BalanceCarriedForward) -> Account:
    zones = entry.time_zone_changes
    account = Account(
        entry.tenant_id,
        entry.currency,
        zones[0].previous_time_zone if zones else entry.time_zone,
        entry.decks,
    )
    account.balance, account.debt = entry.balance_micros, entry.overdraft_micros
    account.lots = [_lot(each) for each in entry.lots]
    account.expired = [_lot(each) for each in entry.lots_in_grace]
    account.forfeited_to_ms = entry.forfeited_to_ms
    fired = frozenset(entry.fired)
    for each in entry.thresholds:
        is_armed, name = each.threshold_id not in fired, each.threshold_id
        if each.hours is not None:
            account.hour_thresholds.append(Threshold(name, each.hours, is_armed, each.label))
        elif each.amount_micros is not None:
            account.thresholds.append(Threshold(name, each.amount_micros, is_armed, each.label))
    account.closed_ms = NEVER_MS if entry.closed_ms is None else entry.closed_ms
    if entry.settled_ms is not None:
        closures = [(each.from_ms, each.to_ms) for each in entry.closures]
        decks = [(each.until_ms, each.decks) for each in entry.earlier_decks]
        account.past = Past(entry.settled_ms, closures, decks)
    account.recharge_seq = entry.recharge_seq
    account.spending = _spending(entry.spending)
    account.contract = _contract(entry)
    account.due_ms = next_due_ms(account)
    return account


def _lot(said: CarriedLot) -> CreditLot:
    due_ms = said.expires_ms if said.due_ms is None else said.due_ms
    times = (said.purchased_ms, said.expires_ms)
    return CreditLot(said.lot_id, *times, said.remaining_micros, due_ms, said.category)


def _spending(said: CarriedSpending) -> Spending:
    watch, high_rate = said.watch, None
    if watch is not None:
        limits = watch.high_rate_micros, watch.new_high_rate_destinations_max
        high_rate = HighRateWatch(*limits, list(watch.known), list(watch.fresh_ms))
    return Spending(
        said.burn,
        -1 if said.burn_from_minute is None else said.burn_from_minute,
        said.burn_to_minute,
        -1 if said.spend_per_hour_micros is None else said.spend_per_hour_micros,
        said.hour,
        said.spent_micros,
        said.spent_before_micros,
        said.cost_per_call_micros,
        high_rate,
        sum(1 << n for n, name in enumerate(PAID_CALLS) if name in said.denied),
        sum(1 << n for n, name in enumerate(LIMITS) if name in said.tripped),
    )


def _contract(entry: BalanceCarriedForward) -> Contract:
    """Return the contract; an empty one decides as none does."""
    said = entry.billing
    billing = None
    if said is not None:
        billing = Billing(
            said.state != "prepaid",
            said.credit_limit_micros or 0,
            said.state == "limit_reached",
            NEVER_MS if said.until_ms is None else said.until_ms,
            said.said_ms,
        )
    return Contract(
        [
            Entitlement(e.plan_id, e.usage_country, e.valid_from_ms, e.licences, e.seq)
            for e in entry.entitlements
        ],
        [
            BillingMode(e.valid_from_ms, e.mode == "post_paid", e.seq, e.credit_limit_micros or 0)
            for e in entry.billing_modes
        ],
        {each.pool: each.used_s for each in entry.pools},
        entry.unlicensed_calls,
        billing,
        {each.month: each.owed_micros for each in entry.owed},
        {e.pool: (e.told_80_s, e.told_100_s) for e in entry.pools if e.told_80_s or e.told_100_s},
        [ZoneChange(e.valid_from_ms, e.month, e.time_zone) for e in entry.time_zone_changes],
    )
