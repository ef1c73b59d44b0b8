"""Entitled: what an account may draw on between two instants: its licences, and their pools of one month.

Rule 1: plans and licences are those that hold at an instant, and the month is that of the account's clocks then.
Rule 2: it is found once and not for each call: that would be most of what a call costs that pools pay. It is known as
        long as a batch's copy of the account is, and never stored.
"""

from typing import Final, final

from rater.core.account.entitlement import Entitlement, in_force, licences_of
from rater.core.account.month_span import month_span_of
from rater.core.account.zone_change import ZoneChange
from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.plans.minute_price import price_in
from rater.core.pricing.plans.payers import Payers
from rater.core.pricing.plans.pools import Choice, Pool

SPANS_MAX: Final = 4
"""Times that are known of an account: calls of one batch lie in few months, and at few catalogs."""
_WHOSE_MAX: Final = 1_024
"""Users and countries of which is known which licences pay their calls; at one more it begins anew."""


@final
class Pot:
    """A pool in a month, and how large it is there. A user's own is named with the user by `user.own_pool`."""

    __slots__ = ("is_own", "name", "pool", "total_s")

    def __init__(self, pool: Pool, name: str, total_s: int) -> None:
        self.pool: Final = pool
        self.is_own: Final = pool.per == "user"
        """Whether it is a user's own."""
        self.name: Final = name
        self.total_s: Final = total_s


@final
class Drawable:
    """What may pay a call, as it is in a month: the pools in the order in which they are drawn."""

    __slots__ = ("pots", "seq")

    def __init__(self, pots: tuple[Pot, ...], seq: int) -> None:
        self.pots: Final = pots
        self.seq: Final = seq
        """Of the latest entry that says how many licences of their plans are held."""


def total_in(pot: Pot, currency: str) -> int:
    """Return the seconds of a pool that can pay an account of a currency: none where they have a price in others."""
    prices = pot.pool.prices
    return 0 if prices and price_in(prices, currency) is None else pot.total_s


@final
class Entitled:
    """What an account is entitled to from one instant on until another."""

    __slots__ = (
        "_all",
        "_drawable",
        "_of_countries",
        "_of_users",
        "_others",
        "_own_pots",
        "_pots",
        "_pots_by_name",
        "_prefix",
        "_seqs",
        "catalog",
        "entitlements",
        "from_ms",
        "held",
        "month",
        "plans",
        "time_zone",
        "until_ms",
        "zone_changes",
    )

    def __init__(
        self,
        entitlements: list[Entitlement],
        plans: PlanBook,
        time_zone: str,
        at_ms: int,
        zone_changes: list[ZoneChange],
    ) -> None:
        """Find out what holds at an instant, and how long."""
        catalog, from_ms, until_ms = plans.span(at_ms)
        for each in entitlements:
            if each.from_ms > at_ms:
                until_ms = min(until_ms, each.from_ms)
            else:
                from_ms = max(from_ms, each.from_ms)
        month = ""
        if catalog.version:
            month, begins_ms, ends_ms = month_span_of(time_zone, zone_changes, plans, at_ms)
            from_ms, until_ms = max(from_ms, begins_ms), min(until_ms, ends_ms)
        self.entitlements: Final = entitlements
        self.plans: Final = plans
        self.time_zone: Final = time_zone
        self.zone_changes: Final = zone_changes
        self.from_ms: Final = from_ms
        self.until_ms: Final = until_ms
        self.catalog: Final = catalog
        self.month: Final = month
        """As 2026-12; empty where there are no plans."""
        self.held: Final[list[Entitlement]] = in_force(entitlements, at_ms) if month else []
        """The licences; none where there are no plans."""
        self._prefix: Final = f"{month}/"
        seqs: dict[str, int] = {}
        for each in self.held:
            seqs[each.plan_id] = max(seqs.get(each.plan_id, 0), each.seq)
        self._seqs: Final = seqs
        """The latest entry about each plan."""
        self._drawable: Final[dict[Choice, Drawable]] = {}
        self._of_countries: Final[dict[str | None, Payers | None]] = {}
        self._of_users: Final[dict[tuple[str, tuple[str, ...]], Payers | None]] = {}
        self._pots: Final[dict[str, Pot]] = {}
        """By the pool's name without the month."""
        self._pots_by_name: Final[dict[str, Pot]] = {}
        self._others: Final[dict[str, tuple[Pot, ...]]] = {}
        self._own_pots: Final[dict[tuple[str, tuple[str, ...]], dict[str, Pot]]] = {}
        self._all: tuple[Pot, ...] | None = None

    def holds(
        self,
        entitlements: list[Entitlement],
        plans: PlanBook,
        time_zone: str,
        at_ms: int,
        zone_changes: list[ZoneChange],
    ) -> bool:
        """Tell whether it is what holds at an instant."""
        return (
            self.from_ms <= at_ms < self.until_ms
            and self.plans is plans
            and self.entitlements is entitlements
            and self.zone_changes is zone_changes
            and self.time_zone == time_zone
        )

    def payers(self, country: str | None) -> Payers | None:
        """Return what may pay calls from a usage country, None: from any; None: no licence is for it."""
        known = self._of_countries.get(country)
        if known is not None or country in self._of_countries:
            return known
        if len(self._of_countries) >= _WHOSE_MAX:
            self._of_countries.clear()
        found = self._payers([e for e in self.held if country in {None, e.usage_country}])
        self._of_countries[country] = found
        return found

    def payers_of_user(self, country: str, plan_ids: tuple[str, ...]) -> Payers | None:
        """Return what may pay calls of a user of a country who has some plans; None: there is no licence for them."""
        whose = (country, plan_ids)
        known = self._of_users.get(whose)
        if known is not None or whose in self._of_users:
            return known
        if len(self._of_users) >= _WHOSE_MAX:
            self._of_users.clear()
        found = self._payers(
            [e for e in self.held if e.usage_country == country and e.plan_id in plan_ids]
        )
        self._of_users[whose] = found
        return found

    def _payers(self, licences: list[Entitlement]) -> Payers | None:
        held = tuple([(each.plan_id, each.usage_country) for each in licences])
        return self.catalog.payers(held) if held else None

    def drawable(self, choice: Choice) -> Drawable:
        """Return the pools of a choice as they are in the month."""
        found = self._drawable.get(choice)
        if found is None:
            if len(self._drawable) >= _WHOSE_MAX:
                self._drawable.clear()
            seq = max([self._seqs.get(each, 0) for each in choice.plan_ids], default=0)
            pots = tuple([self.pot(pool) for pool in choice.pools])
            found = self._drawable[choice] = Drawable(pots, seq)
        return found

    def pots(self) -> tuple[Pot, ...]:
        """Return the pools that the licences share, whatever call they pay."""
        if self._all is None:
            held = tuple([(each.plan_id, each.usage_country) for each in self.held])
            self._all = tuple([self.pot(pool) for pool in self.catalog.pools_of(held)])
        return self._all

    def named(self, name: str) -> Pot | None:
        """Return a pool of the month by its name; None: there is none, or it is a single user's."""
        known = self._pots_by_name.get(name)
        if known is not None or not name.startswith(self._prefix):
            return known
        pool = self.catalog.pool(name.removeprefix(self._prefix))
        return None if pool is None else self.pot(pool)

    def pot(self, pool: Pool) -> Pot:
        """Return a pool as it is in the month."""
        known = self._pots.get(pool.name)
        if known is None:
            total_s = self.catalog.total_s(pool, licences_of(self.held, pool.plan_id))
            known = self._pots[pool.name] = Pot(pool, self._prefix + pool.name, total_s)
            self._pots_by_name[known.name] = known
        return known

    def own_pots(self, country: str, plan_ids: tuple[str, ...]) -> dict[str, Pot]:
        """Return the pools that a user of a country who has some plans has alone, by name, without the user's."""
        whose = (country, plan_ids)
        known = self._own_pots.get(whose)
        if known is None:
            if len(self._own_pots) >= _WHOSE_MAX:
                self._own_pots.clear()
            known = self._own_pots[whose] = {}
            for held in self.held:
                if held.usage_country == country and held.plan_id in plan_ids:
                    for pool in self.catalog.own_pools(held.plan_id, country):
                        # The one licence that the user has.
                        total_s = self.catalog.total_s(pool, {country: 1})
                        name = self._prefix + pool.name
                        known[name] = Pot(pool, name, total_s)
        return known

    def others(self, pot: Pot) -> tuple[Pot, ...]:
        """Return the pools of which each, once it is used up, ends this one, too."""
        found = self._others.get(pot.name)
        if found is None:
            others = [self.pot(pool) for pool in self.catalog.others(pot.pool)]
            found = self._others[pot.name] = tuple(others)
        return found


@final
class EntitledSpans:
    """The times that were asked for last, of one account."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: Final[list[Entitled]] = []

    def at(
        self,
        entitlements: list[Entitlement],
        plans: PlanBook,
        time_zone: str,
        at_ms: int,
        zone_changes: list[ZoneChange],
    ) -> Entitled:
        """Return what an account of a time zone, and of the changes of it, is entitled to at an instant."""
        known = self._known
        for each in known:
            if each.holds(entitlements, plans, time_zone, at_ms, zone_changes):
                return each
        if len(known) == SPANS_MAX:
            del known[0]
        found = Entitled(entitlements, plans, time_zone, at_ms, zone_changes)
        known.append(found)
        return found
