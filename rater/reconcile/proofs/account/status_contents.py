"""Status contents: what a status says that an account has: decks, money by expiry, billing modes, licences.

Each follows from the ledger at the number of the status; the money by expiry only at the end of it, where the lots are
known; before that it must come to the balance.
"""

from collections.abc import Iterable
from itertools import pairwise

from rater.reconcile.folds.account_state import NEVER_MS
from rater.reconcile.folds.billing import Modes, month_ends
from rater.reconcile.folds.clocks import turns_of
from rater.reconcile.folds.contract import Licences as Known
from rater.reconcile.folds.folded import Folded
from rater.reconcile.folds.plan_versions import PlanVersions
from rater.reconcile.folds.pool_draws import possible_at
from rater.reconcile.folds.pool_sizes import all_sizes, held_at
from topics import records as r

FUNDS_MAX = 16

Facts = list[tuple[str, object, object]]
"""Name, what the ledger says, what the status says."""
Money = list[tuple[int, int, int]]
"""Amounts by the instant at which they expire, and how much of each is promotional credit."""


def contents(account: Folded, status: r.AccountStatus, plans: PlanVersions) -> Facts:
    """Return what a status says beside balance and permission."""
    money = said_of(status.funds)
    sums = sum(amount for _, amount, _ in money) - (status.overdraft_micros or 0)
    instants = [expires_ms for expires_ms, *_ in money]
    facts: Facts = [
        ("funds, less overdraft_micros", status.balance_micros or 0, sums),
        ("funds", sorted(set(instants))[:FUNDS_MAX], instants),
    ]
    if account.has_gaps:
        return facts
    facts.append(("decks", account.standing.decks_after(status.seq), list(status.decks)))
    if (clocks := account.contract.clocks) is not None:
        time_zone, turns = clocks.known_at(status.seq, status.at_ms)
        facts.append(("time_zone", time_zone, status.time_zone))
        facts.append(("time_zone_changes", turns, turns_of(status.time_zone_changes)))
    return facts + _contract(account, status, plans)


def _pools(account: Folded, status: r.AccountStatus, licences: Known, plans: PlanVersions) -> Facts:
    """Return the pools of the month, as large as one of the catalogs says that may have been known then."""
    clocks = account.contract.clocks
    if clocks is None:
        return []
    month, at_ms = clocks.month(status.at_ms), status.at_ms
    used = {
        name: used_s
        for name, used_s in account.contract.pools.used_at(status.seq).items()
        # Of a later month: clocks of platforms were ahead.
        if used_s and name.partition("/")[0] >= month
    }
    found = {each.pool: (each.used_s, each.total_s) for each in status.pools}
    names = [each.pool for each in status.pools]
    said = (status.plan_version, found)
    in_order = ("pools, in order", sorted(set(names)), names)
    held, currency = held_at(licences, at_ms), account.credits.currency_at(status.seq)
    if not held and not used:
        return [in_order, ("plan_version, pools", (None, {}), said)]
    answers = []
    for version in possible_at(plans, at_ms, at_ms):
        of_all = () if version is None else all_sizes(version.content, held)
        sizes = {
            f"{month}/{each.name}": each.total_s
            for each in of_all
            if each.total_s and each.is_for(currency)
        }
        pools = {name: (used.get(name, 0), sizes.get(name, 0)) for name in sizes.keys() | used}
        pools = {} if version is None else pools
        answers.append((version.version if version and pools else None, pools))
    return [in_order, ("plan_version, pools", said if said in answers else answers[0], said)]


def _contract(account: Folded, status: r.AccountStatus, plans: PlanVersions) -> Facts:
    licences, modes = account.contract.known_at(status.seq)
    at_ms = status.at_ms
    begun = [since for since in sorted(modes) if since <= at_ms]
    pays_later = bool(begun) and modes[begun[-1]][0]
    later = [(since, *modes[since]) for since in sorted(modes) if since > at_ms]
    coming = [
        (e.valid_from_ms, e.mode == "post_paid", e.seq, e.credit_limit_micros or 0)
        for e in status.modes_to_come
    ]
    latest: dict[tuple[str, str], int] = {}
    for plan_id, country, since in sorted(licences):
        if since <= at_ms:
            latest[plan_id, country] = since
    held = [
        (*plan, *licences[plan])
        for plan in sorted(licences)
        if plan[2] > at_ms or (latest[plan[:2]] == plan[2] and licences[plan][0])
    ]
    found = [
        (each.plan_id, each.usage_country, each.valid_from_ms, each.licences, each.seq)
        for each in status.entitlements
    ]
    calls = account.contract.unlicensed_at(status.seq)
    return [
        ("mode", "post_paid" if pays_later else "prepaid", status.mode),
        ("modes_to_come", later, coming),
        ("entitlements", held, found),
        ("unlicensed_calls", None if calls == "charge" else calls, status.unlicensed_calls),
        *_credit(account, status, modes),
        *_pools(account, status, licences, plans),
    ]


def _credit(account: Folded, status: r.AccountStatus, modes: Modes) -> Facts:
    """Return what is owed of the month of a credit limit."""
    clocks = account.contract.clocks
    if clocks is None:
        return []
    wanted = account.contract.billing.credit_at(status.seq, status.at_ms, modes, clocks)
    said = status.credit
    if wanted is None or said is None:
        return [("credit", wanted, said)]
    amounts = said.owed_micros, said.limit_micros, said.owed_ahead_micros or 0
    facts: Facts = [("credit", (wanted.owed, wanted.limit, wanted.ahead), amounts)]
    ends = said.month_ends_ms
    if ends <= status.at_ms or not month_ends(wanted.month, ends, clocks):
        facts.append(("credit.month_ends_ms", f"the end of {wanted.month}", ends))
    return facts


def funds_left(account: Folded) -> Money:
    """Return what is left at the end of the ledger, by expiry; what is too many lies in the last."""
    lots = sorted(account.purse.live, key=lambda lot: lot.expires_ms)
    instants = sorted({lot.expires_ms for lot in lots})[:FUNDS_MAX]
    money: Money = []
    for expires_ms, until_ms in pairwise([*instants, NEVER_MS + 1]):
        here = [lot for lot in lots if expires_ms <= lot.expires_ms < until_ms]
        given = sum(lot.remaining for lot in here if lot.category == "promotional")
        money.append((expires_ms, sum(lot.remaining for lot in here), given))
    return money


def said_of(funds: Iterable[r.Funds]) -> Money:
    """Return what a status says of its money."""
    return [(each.expires_ms, each.amount_micros, each.promotional_micros or 0) for each in funds]
