"""Rows: an account as plain nested tuples, in the order in which it is stored, and back. Compiled: a tenant's first CDR
of a batch pays for both.
"""

from typing import Any

from rater.core.account.account import Account, HighRateWatch, Spending, Threshold
from rater.core.account.contract import Billing, BillingMode, Contract
from rater.core.account.entitlement import Entitlement
from rater.core.account.lots import CreditLot, LotCategory
from rater.core.account.past import Past
from rater.core.account.zone_change import ZoneChange
from rater.core.limits import NEVER_MS
from topics.records.contract import UnlicensedCalls

Row = tuple[Any, ...]

LotRow = tuple[str, int, int, int, int, LotCategory]
ThresholdRow = tuple[str, int, bool, str | None]
HighRateRow = tuple[int, int, list[str], list[int]]
SpendingRow = tuple[int, int, int, int, int, int, int, int, HighRateRow | None, int, int]
PastRow = tuple[int, list[tuple[int, int]], list[tuple[int, tuple[str, ...]]]]
EntitlementRow = tuple[str, str, int, int, int]
BillingModeRow = tuple[int, bool, int, int]
BillingRow = tuple[bool, int, bool, int, int]
ZoneChangeRow = tuple[int, str, str]
ContractRow = tuple[
    list[EntitlementRow],
    list[BillingModeRow],
    dict[str, int],
    UnlicensedCalls,
    BillingRow | None,
    dict[str, int],
    dict[str, tuple[int, int]],
    list[ZoneChangeRow],
]
AccountRow = tuple[
    str,
    str,
    str,
    tuple[str, ...],
    int,
    int,
    int,
    list[LotRow],
    list[LotRow],
    list[ThresholdRow],
    int,
    int,
    int,
    int,
    bool,
    int,
    int,
    int,
    int,
    int,
    int,
    int,
    list[ThresholdRow],
    int,
    SpendingRow,
    PastRow | None,
    int,
    ContractRow | None,
]
"""The types of a row, for its decoder; what each is, the classes' `__match_args__` say, in the same order."""


def row_of(account: Account) -> Row:
    """Return the row of an account."""
    spending, high_rate, past = account.spending, account.spending.high_rate, account.past
    return (
        account.tenant_id,
        account.currency,
        account.time_zone,
        account.decks,
        account.seq,
        account.balance,
        account.debt,
        [_lot_row(lot) for lot in account.lots],
        [_lot_row(lot) for lot in account.expired],
        [_threshold_row(each) for each in account.thresholds],
        account.closed_ms,
        account.forfeited_to_ms,
        account.status_ms,
        account.status_class,
        account.dirty,
        account.cdr_offset,
        account.command_offset,
        account.request_offset,
        account.timer_offset,
        account.calm_from,
        account.calm_to,
        account.due_ms,
        [_threshold_row(each) for each in account.hour_thresholds],
        account.recharge_seq,
        (
            spending.burn,
            spending.burn_from,
            spending.burn_to,
            spending.per_hour,
            spending.hour,
            spending.spent,
            spending.spent_before,
            spending.cost_limit,
            None
            if high_rate is None
            else (high_rate.rate, high_rate.most, high_rate.known, high_rate.fresh_ms),
            spending.held,
            spending.tripped,
        ),
        None if past is None else (past.settled_ms, past.closures, past.decks),
        account.carry_ms,
        None if account.contract is None else _contract_row(account.contract),
    )


def account_of(row: Row) -> Account:
    """Return the account of a row."""
    past = row[25]
    return Account(
        row[0],
        row[1],
        row[2],
        row[3],
        row[4],
        row[5],
        row[6],
        [_lot(each) for each in row[7]],
        [_lot(each) for each in row[8]],
        [_threshold(each) for each in row[9]],
        row[10],
        row[11],
        row[12],
        row[13],
        row[14],
        row[15],
        row[16],
        row[17],
        row[18],
        row[19],
        row[20],
        row[21],
        [_threshold(each) for each in row[22]],
        row[23],
        _spending(row[24]),
        None if past is None else Past(past[0], past[1], past[2]),
        row[26],
        None if row[27] is None else _contract(row[27]),
    )


def _lot_row(lot: CreditLot) -> Row:
    return (lot.lot_id, lot.purchased_ms, lot.expires_ms, lot.remaining, lot.due_ms, lot.category)


def _lot(row: Row) -> CreditLot:
    return CreditLot(row[0], row[1], row[2], row[3], row[4], row[5])


def _contract_row(contract: Contract) -> Row:
    billing = contract.billing
    return (
        [(e.plan_id, e.usage_country, e.from_ms, e.licences, e.seq) for e in contract.entitlements],
        [(m.from_ms, m.pays_later, m.seq, m.limit) for m in contract.billing_modes],
        contract.used_s,
        contract.unlicensed_calls,
        None
        if billing.look_ms == NEVER_MS and not billing.said_ms
        else (
            billing.pays_later,
            billing.limit,
            billing.is_reached,
            billing.look_ms,
            billing.said_ms,
        ),
        contract.owed,
        contract.told_s,
        [(z.from_ms, z.month, z.time_zone) for z in contract.zone_changes],
    )


def _contract(row: Row) -> Contract:
    return Contract(
        [Entitlement(e[0], e[1], e[2], e[3], e[4]) for e in row[0]],
        [BillingMode(m[0], m[1], m[2], m[3]) for m in row[1]],
        row[2],
        row[3],
        None if row[4] is None else Billing(*row[4]),
        row[5],
        row[6],
        [ZoneChange(z[0], z[1], z[2]) for z in row[7]],
    )


def _threshold_row(threshold: Threshold) -> Row:
    return (threshold.threshold_id, threshold.amount, threshold.armed, threshold.label)


def _threshold(row: Row) -> Threshold:
    return Threshold(row[0], row[1], row[2], row[3])


def _spending(row: Row) -> Spending:
    high_rate = row[8]
    return Spending(
        row[0],
        row[1],
        row[2],
        row[3],
        row[4],
        row[5],
        row[6],
        row[7],
        None
        if high_rate is None
        else HighRateWatch(high_rate[0], high_rate[1], high_rate[2], high_rate[3]),
        row[9],
        row[10],
    )
