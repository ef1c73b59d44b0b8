"""Pool use: how much of each pool of the month is used, and when the world is told that one is running out.

Rule 1: the month is that of the account's clocks at the time of an entry; catalog and licences are those in force then.
        A month that is over tells nothing more: its pool cannot run out any more.
Rule 2: the world is told at 80 % and at 100 %, once a pool, month and level: by the charge that takes it there, or the
        change of licences that leaves so little. At 100 % nothing is left that whole units of the plan could pay.
        Of both at once the higher is told.
Rule 3: it is told again only where the pool has grown since, so that less than the level was used of it.
Rule 4: a pool whose seconds have a price in other currencies than the account's is one of no seconds (`total_in`).
Rule 5: of a pool that a user has alone likewise, with the user's name: it is as large as its terms and the account's
        licences of then make it, and the user's row remembers what was told. Only a charge tells of it: licences and
        terms give such a pool, or take it, whole.
"""

from typing import Final

from rater.core.account.account import Account
from rater.core.account.cause import Cause
from rater.core.account.contract import Contract
from rater.core.account.entitled import Pot, total_in
from rater.core.account.heads import event_head
from rater.core.account.posting import Posting
from rater.core.account.user import User, is_of_user, own_pool, shared_name
from rater.core.account.user_terms import terms_at
from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.plans.funding import POOL
from topics.records import Charge, EntitlementsSet, MoneyEntry, PoolUse
from topics.records import balance as v
from topics.records.balance import PoolLevel
from topics.records.status import STATUS_POOLS_MAX

LEVELS: Final[tuple[PoolLevel, ...]] = (80, 100)
"""In per cent, the lowest first; what an account remembers of a pool is in this order."""
_NONE_TOLD: Final = (0, 0)

Running = tuple[Pot, PoolLevel, int]
"""A pool, the level that it has reached, and the seconds used of it."""
Told = dict[str, tuple[int, int]]
_NONE: Final[list[Running]] = []

Uses = tuple[int | None, tuple[PoolUse, ...]]
"""The version of the catalog that says how large pools are, and the pools; no version where there is no pool."""
NO_POOLS: Final[Uses] = (None, ())


def pools_of(account: Account, contract: Contract, plans: PlanBook, at_ms: int) -> Uses:
    """Return the pools of the month that have seconds for the account, or of which some are used, by name.

    And those of the month after it of which some are used, by calls of platforms whose clocks are ahead: nobody could
    know it otherwise once that month has begun, until the account's first entry in it.
    """
    entitled, used = contract.at(at_ms, plans, account.time_zone), contract.used_s
    if not entitled.month:
        return NO_POOLS
    found: dict[str, PoolUse] = {}
    for pot in entitled.pots():
        used_s = used.get(pot.name, 0)
        total_s = total_in(pot, account.currency)
        if total_s or used_s:
            found[pot.name] = PoolUse(pot.name, used_s, total_s)
    for name, used_s in used.items():
        if used_s and name not in found and name[:7] >= entitled.month:
            found[name] = PoolUse(name, used_s, 0)
    if not found:
        return NO_POOLS
    names = sorted(found)
    if len(names) > STATUS_POOLS_MAX:
        # What is not used follows from licences and catalog.
        names = [name for name in names if found[name].used_s]
    return entitled.catalog.version, tuple([found[name] for name in names])


def running_out(
    account: Account, contract: Contract, entry: MoneyEntry, plans: PlanBook
) -> list[Running]:
    """Return which of the account's pools an entry that was applied makes known to be running out; note that it did."""
    if isinstance(entry, EntitlementsSet):
        entitled = contract.at(entry.at_ms, plans, account.time_zone)
        pots = [pot for name in contract.used_s if (pot := entitled.named(name)) is not None]
        used, told_s, currency = contract.used_s, contract.told_s, account.currency
        return [
            each
            for pot in pots
            for each in _reached((pot, currency), pot.name, used[pot.name], told_s, 0)
        ]
    return _NONE


def run_down(
    account: Account, contract: Contract, posting: Posting, plans: PlanBook
) -> list[Running]:
    """Return likewise which ones a charge runs down."""
    found = _NONE
    for draw in posting.pools:
        # Whose it is was decided when the call started: now another catalog may hold, by which it is nobody's own.
        if not draw.is_own:
            entitled = contract.at(posting.at_ms, plans, account.time_zone)
            pot = entitled.named(draw.name)
            if pot is not None:
                used_s, told_s = contract.used_s[pot.name], contract.told_s
                of = (pot, account.currency)
                if more := _reached(of, pot.name, used_s, told_s, draw.seconds):
                    found = [*found, *more]
    return found


def own_running_out(
    account: Account, contract: Contract, user: User, entry: Charge, plans: PlanBook
) -> list[Running]:
    """Return which pools of a user's own a charge that was counted makes known to be running out; note that it did."""
    terms = terms_at(user.terms, entry.at_ms)
    if terms is None:
        return _NONE
    found = _NONE
    entitled = contract.at(entry.at_ms, plans, account.time_zone)
    pots = entitled.own_pots(terms.usage_country, terms.plan_ids)
    for draw in entry.draws:
        name = draw.id
        if name is not None and is_of_user(name) and draw.source == POOL:
            pot = pots.get(shared_name(name, user))
            if pot is not None:
                used_s = user.used_s[name]
                of = (pot, account.currency)
                if more := _reached(of, name, used_s, user.told_s, draw.quantity or 0):
                    found = [*found, *more]
    return found


def tell_use(  # noqa: PLR0913, PLR0917
    account: Account,
    running: list[Running],
    cause: Cause,
    plans: PlanBook,
    events: list[v.Event],
    user: User | None = None,
) -> None:
    """Append what an entry has made known of the account's pools, or of those that a user has alone.

    The id of such an event does not name the user: names of pools and users together may be too long for it, and the
    entry is the charge of one call, of one user.
    """
    catalog, contract = plans.at(cause.at_ms), account.contract
    pays_later = contract is not None and contract.billing.pays_later
    for pot, level, used_s in running:
        head = event_head(account, f"pool_used/{level}/{pot.name}", cause)
        name = pot.name if user is None else own_pool(pot.name, user)
        user_id = None if user is None else user.user_id
        plan_name = catalog.plan_name(pot.pool.plan_id)
        what = (name, plan_name, level, used_s, pot.total_s, user_id, pays_later)
        events.append(v.PoolUsed(*head, *what))


def _reached(
    of: tuple[Pot, str], name: str, used_s: int, told_s: Told, seconds: int
) -> list[Running]:
    """Return what is to be told of a pool, of which an entry took so many seconds, one level at most; note it.

    `of`: the pool, and the account's currency. `name`: by which it is kept what was told of it.
    """
    pot, currency = of
    before, total_s, unit_s = told_s.get(name), total_in(pot, currency), pot.pool.unit_s
    # A pool of few units may have nothing left before 80 % of it are used.
    if before is None and 100 * used_s < LEVELS[0] * total_s and used_s + unit_s <= total_s:
        return _NONE
    # Of the first level it is told; of the second it is, too, or it is not reached.
    if (
        before is not None
        and before[0] == total_s
        and (before[1] == total_s or (not before[1] and used_s < _least_s(100, total_s, unit_s)))
    ):
        return _NONE
    told = list(_NONE_TOLD if before is None else before)
    reached: list[Running] = []
    for n, level in enumerate(LEVELS):
        least_s = _least_s(level, total_s, unit_s)
        if told[n] < total_s and used_s - seconds < least_s:
            told[n] = 0
        if not told[n] and 0 < least_s <= used_s:
            told[n] = total_s
            reached = [(pot, level, used_s)]
    if told[0] or told[1]:
        told_s[name] = (told[0], told[1])
    elif before is not None:
        del told_s[name]
    return reached


def _least_s(level: PoolLevel, total_s: int, unit_s: int) -> int:
    """Return the least use that reaches a level."""
    return total_s // unit_s * unit_s if level == 100 else -(-total_s * level // 100)
