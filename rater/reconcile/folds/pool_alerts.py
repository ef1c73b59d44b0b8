"""Pool alerts: what must be told of pools that run out, worked out anew.

It is told when 80 % of a pool of the present month are used, and when less than a unit of the plan is left; once each,
and again only where the pool has grown since by so much that less was used of it. Asked are the pools that a charge
draws on, and, where licences change, all that are used. Of both levels at once the higher is told. Of a pool that the
caller has alone it is told likewise, by charges alone, after those that are shared: as large as it is with the plans
and the country that the user has by then, if the account has such a licence.

Catalogs and entries have no common order: of one that was published shortly before an entry either is right, and the
events that are there say which it was. Of an account whose beginning is gone, what is told of users' pools is believed.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from rater.reconcile.folds.books import BalanceEntry, Books
from rater.reconcile.folds.clocks import Clocks
from rater.reconcile.folds.plan_versions import PlanVersions, Version
from rater.reconcile.folds.pool_draws import possible_at
from rater.reconcile.folds.pool_sizes import Mine, Plan, Size, held_at, own_size_of, size_of
from rater.reconcile.folds.pools import Pools, is_own

LEVELS = (80, 100)
Told = dict[str, tuple[int, int]]
"""How large a pool was when 80 % were told, and when 100 %; 0: never."""


class Alert(NamedTuple):
    """What is told of a pool; `user_id`: who has it alone."""

    pool: str
    plan_name: str
    level: int
    used_s: int
    total_s: int
    user_id: str | None = None

    def subject(self) -> str:
        """Return what the event's id says; the user is not in it."""
        return f"{self.level}/{self.pool.removesuffix(f'/user={self.user_id}')}"


def alert_of(event: Any) -> Alert:
    """Return what an event tells."""
    what = (event.pool, event.plan_name, event.level, event.used_s, event.total_s)
    return Alert(*what, event.user_id)


def alerts_told(books: Books) -> dict[tuple[str, int], set[Alert]]:
    """Return what was told of pools, by tenant and entry."""
    told: dict[tuple[str, int], set[Alert]] = {}
    for _, event in books.events:
        if event.kind == "pool_used":
            told.setdefault((event.tenant_id, event.seq), set()).add(alert_of(event))
    return told


class Used(NamedTuple):
    """What is known of an account's pools after an entry: its licences, its clocks, and what its pools have paid."""

    licences: dict[Plan, tuple[int, int]]
    pools: Pools
    clocks: Clocks | None
    mine: Mine | None
    """What the caller has at the entry."""
    is_whole: bool
    """Whether the account is known from its beginning on."""


class PoolAlerts:
    """What one account was told, as far as the ledger has been folded."""

    def __init__(self) -> None:
        """Begin with nothing told."""
        self.told_s: Told = {}
        self.own_told_s: Told = {}
        """Of pools that users have alone; their rows have it."""

    def keep(self, used_s: dict[str, int]) -> None:
        """Forget what was told of pools that are not kept any more."""
        if self.told_s:
            self.told_s = {name: told for name, told in self.told_s.items() if name in used_s}

    def of(
        self, entry: BalanceEntry, known: Used, plans: PlanVersions, found: set[Alert]
    ) -> list[Alert]:
        """Return what an entry makes to be told; `found` are the events that there are of it."""
        used_s = known.pools.used_s
        self.keep(used_s)
        taken = _taken(entry, used_s)
        if not taken or known.clocks is None:
            return []
        month = known.clocks.month(entry.at_ms)
        asked = {name: taken[name] for name in taken if name.startswith(f"{month}/")}
        own = [] if known.is_whole else [name for name in asked if is_own(name)]
        believed = [alert for name in own for alert in found if alert.pool == name]
        told_s = self.told_s | self.own_told_s
        answers = [
            _Answer(each, entry, known).alerts(asked, told_s)
            for each in possible_at(plans, entry.at_ms, entry.at_ms)
        ]
        wanted = found.difference(believed)
        alerts, told_s = next((a for a in answers if set(a[0]) == wanted), answers[0])
        self.told_s = {name: told for name, told in told_s.items() if not is_own(name)}
        self.own_told_s = {name: told for name, told in told_s.items() if is_own(name)}
        return alerts + believed


def _taken(entry: BalanceEntry, used_s: dict[str, int]) -> dict[str, int]:
    """Return the pools that an entry asks for, and what it takes of each; those of its user alone are the last."""
    if entry.kind == "entitlements_set":
        return dict.fromkeys(used_s, 0)
    if entry.kind != "charge":
        return {}
    drawn = [(draw.id or "", draw.quantity or 0) for draw in entry.draws if draw.source == "pool"]
    known = [each for each in drawn if each[0] in used_s or is_own(each[0])]
    return dict(sorted(known, key=lambda each: is_own(each[0])))


class _Answer:
    """What is told if a version of the catalog is in force; None: if there are no plans."""

    def __init__(self, version: Version | None, entry: BalanceEntry, known: Used) -> None:
        self.content = None if version is None else version.content
        self.held = held_at(known.licences, entry.at_ms)
        self.known = known
        self.currency = entry.currency

    def alerts(self, asked: dict[str, int], told_s: Told) -> tuple[list[Alert], Told]:
        """Return the alerts, and what has been told then."""
        now = dict(told_s)
        found = [
            alert for name, taken in asked.items() for alert in self._of_pool(name, taken, now)
        ]
        return found, {name: told for name, told in now.items() if any(told)}

    def _size(self, name: str) -> tuple[Size | None, int]:
        """Return how large a pool is, None where there is none, and what is used of it."""
        pools, mine = self.known.pools, self.known.mine
        if self.content is None:
            return None, 0
        if not is_own(name):
            return size_of(self.content, name[8:], self.held), pools.used_s[name]
        if mine is None or not self.known.is_whole:
            return None, 0
        return own_size_of(self.content, name[8:], self.held, mine), pools.own_s[name]

    def _of_pool(self, name: str, taken: int, now: Told) -> Iterator[Alert]:
        size, used = self._size(name)
        if self.content is None or size is None:
            return
        if not size.is_for(self.currency):
            size = size._replace(total_s=0)
        told = list(now.get(name, (0, 0)))
        plan = next(each.name for each in self.content.plans if each.plan_id == size.plan_id)
        mine = self.known.mine
        user_id = mine.user_id if mine is not None and is_own(name) else None
        units = size.total_s - size.total_s % size.unit_s
        alert = None
        for n, least in enumerate(((size.total_s * 80 + 99) // 100, units)):
            has_grown = 0 < told[n] < size.total_s and used - taken < least
            if has_grown:
                told[n] = 0
            if used >= least > 0 and not told[n]:
                told[n] = size.total_s
                alert = Alert(name, plan, LEVELS[n], used, size.total_s, user_id)
        now[name] = (told[0], told[1])
        if alert is not None:
            yield alert
