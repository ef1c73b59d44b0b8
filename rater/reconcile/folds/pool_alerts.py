"""Pool alerts: what must be told of pools that run out, worked out anew.

It is told when 80 % of a pool of the present month are used, and when less than a unit of the plan is left; once each,
and again only where the pool has grown since by so much that less was used of it. Asked are the pools that a charge
draws on, and, where licences change, all that are used. Of both levels at once the higher is told.

Catalogs and entries have no common order: of one that was published shortly before an entry either is right, and the
events that are there say which it was.
"""

from collections.abc import Iterator
from typing import NamedTuple

from rater.reconcile.folds.books import BalanceEntry, Books
from rater.reconcile.folds.plan_versions import PlanVersions, Version
from rater.reconcile.folds.pool_draws import possible_at
from rater.reconcile.folds.pool_sizes import Plan, held_at, size_of
from rater.reconcile.folds.pools import month_of

LEVELS = (80, 100)
Told = dict[str, tuple[int, int]]
"""How large a pool was when 80 % were told, and when 100 %; 0: never."""


class Alert(NamedTuple):
    """What is told of a pool."""

    pool: str
    plan_name: str
    level: int
    used_s: int
    total_s: int


def alerts_told(books: Books) -> dict[tuple[str, int], set[Alert]]:
    """Return what was told of pools, by tenant and entry."""
    told: dict[tuple[str, int], set[Alert]] = {}
    for _, event in books.events:
        if event.kind == "pool_used":
            said = Alert(event.pool, event.plan_name, event.level, event.used_s, event.total_s)
            told.setdefault((event.tenant_id, event.seq), set()).add(said)
    return told


class Used(NamedTuple):
    """What is known of an account's pools after an entry: its licences, its clocks, and what its pools have paid."""

    licences: dict[Plan, tuple[int, int]]
    used_s: dict[str, int]
    time_zone: str | None


class PoolAlerts:
    """What one account was told, as far as the ledger has been folded."""

    def __init__(self) -> None:
        """Begin with nothing told."""
        self.told_s: Told = {}

    def of(
        self, entry: BalanceEntry, known: Used, plans: PlanVersions, found: set[Alert]
    ) -> list[Alert]:
        """Return what an entry makes to be told; `found` are the events that there are of it."""
        self.told_s = {name: told for name, told in self.told_s.items() if name in known.used_s}
        taken = _taken(entry, known.used_s)
        if not taken or known.time_zone is None:
            return []
        month = month_of(entry.at_ms, known.time_zone)
        asked = {name: taken[name] for name in taken if name.startswith(f"{month}/")}
        answers = [
            _Answer(each, entry, known).alerts(asked, self.told_s)
            for each in possible_at(plans, entry.at_ms, entry.at_ms)
        ]
        alerts, self.told_s = next((a for a in answers if set(a[0]) == found), answers[0])
        return alerts


def _taken(entry: BalanceEntry, used_s: dict[str, int]) -> dict[str, int]:
    """Return the pools that an entry asks for, and what it takes of each."""
    if entry.kind == "entitlements_set":
        return dict.fromkeys(used_s, 0)
    if entry.kind != "charge":
        return {}
    drawn = [(draw.id or "", draw.quantity or 0) for draw in entry.draws if draw.source == "pool"]
    # Pools of single users are not the account's.
    return {name: seconds for name, seconds in drawn if name in used_s}


class _Answer:
    """What is told if a version of the catalog is in force; None: if there are no plans."""

    def __init__(self, version: Version | None, entry: BalanceEntry, known: Used) -> None:
        self.content = None if version is None else version.content
        self.held = held_at(known.licences, entry.at_ms)
        self.used_s = known.used_s

    def alerts(self, asked: dict[str, int], told_s: Told) -> tuple[list[Alert], Told]:
        """Return the alerts, and what has been told then."""
        now = dict(told_s)
        found = [
            alert for name, taken in asked.items() for alert in self._of_pool(name, taken, now)
        ]
        return found, {name: told for name, told in now.items() if any(told)}

    def _of_pool(self, name: str, taken: int, now: Told) -> Iterator[Alert]:
        size = None if self.content is None else size_of(self.content, name[8:], self.held)
        if self.content is None or size is None:
            return
        used, told = self.used_s[name], list(now.get(name, (0, 0)))
        plan = next(each.name for each in self.content.plans if each.plan_id == size.plan_id)
        units = size.total_s - size.total_s % size.unit_s
        alert = None
        for n, least in enumerate(((size.total_s * 80 + 99) // 100, units)):
            has_grown = 0 < told[n] < size.total_s and used - taken < least
            if has_grown:
                told[n] = 0
            if used >= least > 0 and not told[n]:
                told[n] = size.total_s
                alert = Alert(name, plan, LEVELS[n], used, size.total_s)
        now[name] = (told[0], told[1])
        if alert is not None:
            yield alert
