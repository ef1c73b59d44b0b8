"""Catalog: one version of the plan catalog, ready to say which pools pay a call, and in which order.

Rule 1: the funding chain is that of the direction and call type, else that of `*`. A direction and type without one
        has no pools: an outgoing call is paid from credits, an incoming one as decks say.
Rule 2: within a source of the chain the lowest rank is drawn first, then the order of the catalog: of its plans, then
        of a plan's allowances. The order in which somebody holds plans decides nothing.
Rule 3: no pool pays a call whose destination has no country, or that the catalog takes out of all pools by number type
        or prefix. Its type is what the rate row says, which may be for all of a country, and also what the number is
        by itself. A masked number that may be one of these is taken to be.
Rule 4: usage countries of one sharing group are domestic to each other and share their pools.
Rule 5: types of numbers are compared by their letters and figures alone, call types in any letter case, as everywhere.
"""

from collections.abc import Iterable, Mapping
from typing import Final, final

from rater.core.call_types import plain_type
from rater.core.pricing.numbering import Numbering, plain_kind
from rater.core.pricing.plans.payers import Payers
from rater.core.pricing.plans.pools import Choice, Held, PlanCall, Pool
from rater.core.pricing.plans.terms import Terms
from rater.core.pricing.prefixes import PrefixTable
from rater.core.value import Value
from topics.fields import CallDirection
from topics.records.plans import ANY_TYPE, Allowance, PlanCatalog

ANSWERS_MAX: Final = 65_536
"""Answers that a version of the catalog remembers, some 100 bytes each; at one more it begins anew.

Those who hold the same plans ask for each country and type of number, call type and direction: some thousands.
"""


@final
class Catalog(Value):
    """One version. Nothing in it changes; what it was asked it remembers."""

    __match_args__ = ("valid_from_ms", "record")
    __slots__ = (
        "_all_pools",
        "_chains",
        "_choices",
        "_groups",
        "_has_unpooled_prefixes",
        "_members",
        "_named",
        "_payers",
        "_remembered",
        "_terms",
        "_unpooled_prefixes",
        "_unpooled_types",
        "has_prices",
        "record",
        "valid_from_ms",
        "version",
    )

    def __init__(self, valid_from_ms: int, record: PlanCatalog) -> None:
        """Take a record whose names all lead somewhere."""
        self.valid_from_ms: Final = valid_from_ms
        self.record: Final = record
        self.version: Final = record.version
        self.has_prices: Final = any(a.prices for plan in record.plans for a in plan.allowances)
        """Whether seconds of some pool cost money."""
        self._payers: Final[dict[tuple[Held, ...], Payers]] = {}
        self._choices: Final[dict[tuple[str, ...], Choice]] = {}
        """By the names of their pools: few, and most answers are one of them."""
        self._remembered = 0
        """What was asked before, and how much: to find pools takes longer than all else of a price."""
        self._all_pools: Final[dict[tuple[Held, ...], tuple[Pool, ...]]] = {}
        self._named: Final[dict[str, Pool | None]] = {}
        """Likewise those of licences, and by name."""
        chains = record.chains
        self._chains: Final = {(c.direction, plain_type(c.call_type)): c.sources for c in chains}
        self._groups: Final = {
            country: group.group_id
            for group in record.sharing_groups
            for country in group.countries
        }
        self._members: Final = {
            group.group_id: frozenset(group.countries) for group in record.sharing_groups
        }
        zones = {zone.zone_id: frozenset(zone.countries) for zone in record.zones}
        self._terms: Final = {
            plan.plan_id: [
                Terms(plan, allowance, (allowance.rank, n, m), zones)
                for m, allowance in enumerate(plan.allowances)
            ]
            for n, plan in enumerate(record.plans)
        }
        unpooled = record.unpooled_number_types
        self._unpooled_types: Final = frozenset([plain_kind(each) for each in unpooled])
        self._has_unpooled_prefixes: Final = bool(record.unpooled_prefixes)
        self._unpooled_prefixes: Final = PrefixTable(dict.fromkeys(record.unpooled_prefixes, True))

    def knows(self, plan_id: str) -> bool:
        """Tell whether there is a plan."""
        return plan_id in self._terms

    def plan_name(self, plan_id: str) -> str:
        """Return the name by which people know a plan that is there."""
        return next(each.name for each in self.record.plans if each.plan_id == plan_id)

    def group_of(self, country: str) -> str:
        """Return the sharing group of a usage country; a country in none is a group alone."""
        return self._groups.get(country, country)

    def chain(self, direction: CallDirection, call_type: str | None) -> tuple[str, ...] | None:
        """Return the sources that pay calls of a type, in order; None where no chain is for them."""
        if call_type is not None:
            found = self._chains.get((direction, plain_type(call_type)))
            if found is not None:
                return found
        return self._chains.get((direction, ANY_TYPE))

    def names_incoming(self, call_type: str | None) -> bool:
        """Tell whether a chain is for incoming calls of a type by name; `*` names none."""
        is_named = call_type is not None and call_type != ANY_TYPE
        return is_named and ("in", plain_type(call_type or "")) in self._chains

    def pools(self, held: Iterable[Held], call: PlanCall) -> tuple[Pool, ...]:
        """Return the pools that may pay a call of somebody who holds plans, in the order in which they are drawn."""
        choices = self.payers(tuple(held)).choices(call.direction, call.call_type)
        found = choices.of(call.destination, call.number_type).pools
        return () if found and self._begins_unpooled(call.to) else found

    def payers(self, held: tuple[Held, ...]) -> Payers:
        """Return what pays whose calls who holds plans."""
        known = self._payers.get(held)
        if known is None:
            if len(self._payers) >= ANSWERS_MAX:
                self._payers.clear()
            known = self._payers[held] = Payers(held, self._answer)
        return known

    def _answer(self, held: tuple[Held, ...], call: PlanCall) -> Choice:
        """Find the pools that may pay calls like one, which `Payers` remember. Too many are forgotten."""
        self._remembered += 1
        if self._remembered > ANSWERS_MAX:
            self._remembered = 1
            for each in self._payers.values():
                each.forget()
            self._choices.clear()
        pools = self._find(held, call)
        names = tuple([pool.name for pool in pools])
        found = self._choices.get(names)
        if found is None:
            found = self._choices[names] = Choice(pools)
        return found

    def _find(self, held: tuple[Held, ...], call: PlanCall) -> tuple[Pool, ...]:
        """Find the pools; the number itself, `to`, decides nothing here, so that calls alike have one answer."""
        chain = self.chain(call.direction, call.call_type)
        number_type = plain_kind(call.number_type)
        if chain is None or not call.destination or number_type in self._unpooled_types:
            return ()
        by_source: dict[str, list[tuple[tuple[int, int, int], str, Terms]]] = {}
        for plan_id, usage_country in held:
            group = self.group_of(usage_country)
            is_domestic = group == self.group_of(call.destination)
            for terms in self._terms.get(plan_id, ()):
                if terms.is_for(usage_country) and terms.pays(
                    call, number_type, is_domestic=is_domestic
                ):
                    found = (terms.order, _sharing(terms.allowance, group), terms)
                    by_source.setdefault(terms.allowance.pool, []).append(found)
        return tuple([p for source in chain for p in self._ordered(by_source.get(source, []))])

    def is_unpooled(self, to: str, numbering: Numbering) -> bool:
        """Tell whether no pool pays calls to a number because of its own type or beginning, or what it may have."""
        return self._begins_unpooled(to) or numbering.may_be(to, self._unpooled_types)

    def _begins_unpooled(self, to: str) -> bool:
        if not self._has_unpooled_prefixes:
            return False
        known = to.rstrip("*")
        if self._unpooled_prefixes.find(known) is not None:
            return True
        hidden = len(to) - len(known)
        return hidden > 0 and any(self._unpooled_prefixes.under(known, hidden))

    def pools_of(self, held: tuple[Held, ...]) -> tuple[Pool, ...]:
        """Return the pools that licences share, whatever call they pay; those of single users left out."""
        known = self._all_pools.get(held)
        if known is None:
            found = {
                pool.name: pool
                for plan_id, usage_country in held
                for terms in self._terms.get(plan_id, ())
                if terms.allowance.per != "user" and terms.is_for(usage_country)
                for pool in [
                    self._pool(terms, _sharing(terms.allowance, self.group_of(usage_country)))
                ]
            }
            if len(self._all_pools) >= ANSWERS_MAX:
                self._all_pools.clear()
            known = self._all_pools[held] = tuple(found.values())
        return known

    def pool(self, name: str) -> Pool | None:
        """Return a pool by its name without the month; None where the catalog has none, or it is a single user's."""
        if name not in self._named:
            if len(self._named) >= ANSWERS_MAX:
                self._named.clear()
            plan_id, _, rest = name.partition("/")
            allowance_id, _, group = rest.partition("/")
            self._named[name] = next(
                (
                    self._pool(terms, group)
                    for terms in self._terms.get(plan_id, ())
                    if terms.allowance.allowance_id == allowance_id
                    and terms.allowance.per != "user"
                    and _sharing(terms.allowance, group or "a country") == group
                ),
                None,
            )
        return self._named[name]

    def total_s(self, pool: Pool, licences: Mapping[str, int]) -> int:
        """Return the seconds of a pool in a month, of how many licences of its plan there are by usage country."""
        terms = self._terms_of(pool)
        counted = sum(
            number
            for country, number in licences.items()
            if terms.is_for(country) and pool.group in {"", self.group_of(country)}
        )
        return pool.seconds * (counted if pool.per == "licence" else min(counted, 1))

    def own_pools(self, plan_id: str, usage_country: str) -> list[Pool]:
        """Return the pools that one user has by a licence of a plan in a country."""
        return [
            self._pool(terms, "")
            for terms in self._terms.get(plan_id, ())
            if terms.allowance.per == "user" and terms.is_for(usage_country)
        ]

    def others(self, pool: Pool) -> list[Pool]:
        """Return the pools of which each, once it is used up, ends this one, too."""
        return [
            self._pool(terms, _sharing(terms.allowance, pool.group))
            for terms in self._terms[pool.plan_id]
            if terms.allowance.allowance_id in pool.ends_with
        ]

    def _ordered(self, found: list[tuple[tuple[int, int, int], str, Terms]]) -> list[Pool]:
        """Return pools in their order, each once: two licences may share one."""
        made: dict[tuple[tuple[int, int, int], str], Pool] = {}
        for order, group, terms in sorted(found, key=lambda each: each[:2]):
            made.setdefault((order, group), self._pool(terms, group))
        return list(made.values())

    def _pool(self, terms: Terms, group: str) -> Pool:
        plan, allowance = terms.plan, terms.allowance
        return Pool(
            plan.plan_id,
            allowance.allowance_id,
            group,
            allowance.pool,
            allowance.per,
            allowance.seconds,
            plan.unit_s,
            () if plan.exhaustion == "independent" else self._others(terms, group),
            allowance.prices,
        )

    def _others(self, terms: Terms, group: str) -> tuple[str, ...]:
        """Return the plan's other allowances of the same name that licences of the same countries have."""
        countries = terms.usage_countries
        if group:
            members = self._members.get(group, frozenset((group,)))
            countries = members if countries is None else members & countries
        return tuple(
            other.allowance.allowance_id
            for other in self._terms[terms.plan.plan_id]
            if other is not terms
            and other.allowance.pool == terms.allowance.pool
            and _meet(other.usage_countries, countries)
        )

    def _terms_of(self, pool: Pool) -> Terms:
        return next(
            each
            for each in self._terms[pool.plan_id]
            if each.allowance.allowance_id == pool.allowance_id
        )


NO_PLANS: Final = Catalog(0, PlanCatalog(0, "1970-01-01T00:00:00Z", (), (), ()))
"""Version 0, where none was published: nobody has a pool."""


def _sharing(allowance: Allowance, group: str) -> str:
    """Return whose licences share an allowance's pool; empty: all of the account, or one user."""
    shared = allowance.per == "licence" and allowance.pooled_by == "country_group"
    return group if shared else ""


def _meet(one: frozenset[str] | None, other: frozenset[str] | None) -> bool:
    """Tell whether two sets of countries have one in common; None is all of them."""
    return one is None or other is None or not one.isdisjoint(other)
