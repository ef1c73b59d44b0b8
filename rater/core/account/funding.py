"""Funding: which seconds of a priced call the account's pools pay, and what is left to money.

Rule 1: plans and entitlements are those that hold when the call starts. Of a user that was known then they are the
        plans that it held, where the account had licences of them in the user's country. Of anybody else a plan pays
        where its licences are for the call's usage country; a CDR that names none may draw on all of them.
        Where the number called is, and of what type, the rate row says, else the numbering data.
Rule 2: pools are drawn in the catalog's order, each in whole units of its plan, and the call is rounded up to them;
        what is left of it is priced by the deck (`pricing.rest`). A pool that the call itself uses up ends at once
        those that end with it.
Rule 3: a call belongs whole to the month in which it starts, in the account's time zone.
Rule 4: a pool of which more was used than there is, since licences were taken away, has nothing left; what was charged
        stays. A pool of a single user is kept in its row, and pays for that user alone.
Rule 5: a call draws on POOLS_PER_CALL_MAX pools at most. An account keeps POOLS_MAX: a call that would use one more
        waits, for what cannot be remembered would be paid twice.
Rule 6: seconds may have a price in money (`pricing.plans.minute_price`); an account of another currency has none of
        them. What they cost is added to what is left to the deck.
Rule 7: calls that cost nothing draw on no pool: those free by number or row, in grace, or of no seconds.
"""

from typing import Final, final

from rater.core.account.account import Account
from rater.core.account.contract import Contract, has_room
from rater.core.account.entitled import Drawable, Entitled, Pot
from rater.core.account.pool_choice import choice_of
from rater.core.account.user import User, own_pool, user_has_room
from rater.core.account.user_terms import terms_at
from rater.core.cdr import Cdr
from rater.core.limits import POOLS_MAX, POOLS_PER_CALL_MAX
from rater.core.pricing.plans.funding import POOL, Funding, PoolDraw
from rater.core.pricing.plans.minute_price import price_in, price_lines
from rater.core.pricing.rated import Rated
from rater.core.pricing.rest import is_paid_whole, rate_rest
from rater.core.pricing.rules import Rules
from rater.core.suspension import Suspended, Suspension
from topics.records import ChargeLine, UserTerms

NO_LINES: Final[tuple[ChargeLine, ...]] = ()
NONE_YET: Final[list[ChargeLine]] = []
# Bound once: a name of a module that is not compiled is looked up each time.
_LINE: Final = ChargeLine


def fund(  # noqa: PLR0913, PLR0917
    account: Account,
    cdr: Cdr,
    rated: Rated,
    rules: Rules,
    now_ms: int,
    user: User | None = None,
    returned_s: dict[str, int] | None = None,
) -> Rated | Suspension:
    """Return a priced call with what pools pay of it; the same one where they pay nothing.

    `user`: whose call it is, where that is known. `returned_s`: seconds that come back to pools before, by name.
    """
    contract = account.contract
    if contract is None or not rated.charge_micros or rated.outcome != "rated":
        return rated
    called = (rated.country, rated.number_type)
    funding = paid_by_pools(account, cdr, rules, called, user, returned_s, account.currency)
    if funding is None:
        return rated
    if wrong := lacks_room(contract, cdr, funding, now_ms, user):
        return wrong
    if is_paid_whole(rated, cdr, funding.paid_s):
        return _funded(rated, 0, funding, NO_LINES)
    rest = rate_rest(rules.book, rules.numbering, rated, cdr, funding.paid_s)
    if not isinstance(rest, Rated):
        return rated
    return _funded(rest, rest.charge_micros, funding, rest.lines)


def _funded(price: Rated, micros: int, funding: Funding, rest: tuple[ChargeLine, ...]) -> Rated:
    """Return a price of which so much is left to the deck, and what pools pay: lines of the deck, then of pools."""
    paid = funding.lines
    if len(paid) > len(funding.pools):
        micros += sum([line.amount_micros for line in paid])
    return Rated(
        "rated",
        micros,
        price.deck_id,
        price.deck_version,
        price.prefix,
        price.destination,
        price.country,
        price.number_type,
        rest + paid,
        funding=funding,
    )


def paid_by_pools(  # noqa: PLR0913, PLR0917
    account: Account,
    cdr: Cdr,
    rules: Rules,
    called: tuple[str, str],
    user: User | None,
    returned_s: dict[str, int] | None,
    currency: str,
) -> Funding | None:
    """Return what pools pay of a call, given country and type of the number called; None: nothing.

    `user`: whose call it is, where that is known. `returned_s`: seconds that come back to pools before, by name.
    `currency`: in which what seconds cost can be paid; that of the account may be newer than the call.
    """
    contract = account.contract
    if contract is None:
        return None
    entitled = contract.at(cdr.started_ms, rules.plans, account.time_zone)
    if not entitled.held:
        return None
    terms = None if user is None else terms_at(user.terms, cdr.started_ms)
    choice = choice_of(entitled, cdr, called, terms, rules.numbering)
    if choice is None:
        return None
    left = PoolsLeft(entitled, contract, returned_s, user, terms)
    drawable = entitled.drawable(choice)
    return _drawn(left, drawable, cdr.billsec, currency)


def lacks_room(
    contract: Contract, cdr: Cdr, funding: Funding, now_ms: int, user: User | None
) -> Suspension | None:
    """Say that account or user cannot keep all the pools that would pay a call."""
    new, own = 0, 0
    for pool in funding.pools:
        if pool.is_own:
            if user is not None and pool.name not in user.used_s:
                own += 1
        elif pool.name not in contract.used_s:
            new += 1
    if new and not has_room(contract, new, now_ms):
        return _too_many_pools(cdr, funding.pools)
    if own and user is not None and not user_has_room(user, own, now_ms):
        return _too_many_pools(cdr, funding.pools)
    return None


def may_not_fund(
    account: Account, cdr: Cdr, now_ms: int, user: User | None = None
) -> Suspension | None:
    """Say beforehand that pools could not pay a call, for want of room; where it may be, it is taken to be so."""
    contract = account.contract
    if contract is None or (
        has_room(contract, POOLS_PER_CALL_MAX, now_ms)
        and (user is None or user_has_room(user, POOLS_PER_CALL_MAX, now_ms))
    ):
        return None
    return _too_many_pools(cdr, ())


@final
class PoolsLeft:
    """What is left of pools for one call: of the account's, and of those that its user has alone."""

    __slots__ = ("_entitled", "_kept", "_paid_s", "_returned_s", "_terms", "_user")

    def __init__(
        self,
        entitled: Entitled,
        contract: Contract,
        returned_s: dict[str, int] | None,
        user: User | None,
        terms: UserTerms | None,
    ) -> None:
        self._entitled: Final = entitled
        self._kept: Final = contract.used_s
        self._returned_s: Final = returned_s
        self._user: Final = user
        self._terms: Final = terms
        self._paid_s: dict[str, int] | None = None
        """What the call itself has drawn; most calls draw on one pool, and ask no more."""

    def name_of(self, pot: Pot) -> str:
        """Return the name of a pool; a user's own has the user's in it."""
        return own_pool(pot.name, self._user) if pot.is_own and self._user is not None else pot.name

    def pays_s(self, pot: Pot, name: str, wanted_s: int) -> int:
        """Return what a pool pays of so many seconds, in whole units; nothing where licences were taken away."""
        if pot.pool.ends_with and self.has_ended(pot):
            return 0
        unit_s = pot.pool.unit_s
        units = (self._total_s(pot) - self._used_s(pot, name)) // unit_s
        wanted = -(-wanted_s // unit_s)
        if units > wanted:  # noqa: PLR1730  # Compiled, min() boxes them.
            units = wanted
        return units * unit_s if units > 0 else 0

    def left_s(self, pot: Pot, name: str) -> int:
        """Return what is left of a pool, below 0 where licences were taken away."""
        return self._total_s(pot) - self._used_s(pot, name)

    def is_used_up(self, pot: Pot) -> bool:
        """Tell whether nothing is left of a pool; of one that never had anything there is nothing to be used up."""
        total_s = self._total_s(pot)
        return total_s > 0 and total_s - self._used_s(pot, self.name_of(pot)) < pot.pool.unit_s

    def has_ended(self, pot: Pot) -> bool:
        """Tell whether a pool has ended with another."""
        return any(self.is_used_up(each) for each in self._entitled.others(pot))

    def funding(
        self, draws: tuple[PoolDraw, ...], seq: int, lines: tuple[ChargeLine, ...]
    ) -> Funding:
        """Return what pools pay, by the catalog in force."""
        return Funding(draws, self._entitled.catalog.version, seq, False, lines)

    def draw(self, name: str, seconds: int) -> None:
        """Note what the call draws, for the pools that come after."""
        if self._paid_s is None:
            self._paid_s = {}
        self._paid_s[name] = seconds

    def _total_s(self, pot: Pot) -> int:
        if not pot.is_own or self._terms is None:
            return pot.total_s
        terms = self._terms
        own = self._entitled.own_pots(terms.usage_country, terms.plan_ids).get(pot.name)
        return 0 if own is None else own.total_s

    def _used_s(self, pot: Pot, name: str) -> int:
        kept = self._kept if not pot.is_own or self._user is None else self._user.used_s
        used_s = kept.get(name)
        paid_s = 0 if self._paid_s is None else self._paid_s.get(name, 0)
        if used_s is None:
            return paid_s
        if self._returned_s is not None:
            paid_s -= self._returned_s.get(name, 0)
        return used_s + paid_s


def _drawn(left: PoolsLeft, drawable: Drawable, wanted_s: int, currency: str) -> Funding | None:
    """Return what each pool pays of so many seconds, and what an account of the currency pays for them."""
    left_s = wanted_s
    draws: list[PoolDraw] | None = None
    lines: list[ChargeLine] = NONE_YET
    for pot in drawable.pots:
        if left_s <= 0 or (draws is not None and len(draws) == POOLS_PER_CALL_MAX):
            break
        pool = pot.pool
        price = price_in(pool.prices, currency) if pool.prices else None
        if pool.prices and price is None:
            continue
        name = left.name_of(pot)
        quantity = left.pays_s(pot, name, left_s)
        if quantity:
            draw = PoolDraw(name, quantity, pot.is_own)
            line = _LINE(POOL, 0, quantity, None, pool.unit_s)
            left_s -= quantity
            if draws is None:
                if left_s <= 0 and price is None:
                    # Most calls: of them no list is made.
                    return left.funding((draw,), drawable.seq, (line,))
                draws, lines = [], []
            draws.append(draw)
            lines.append(line)
            if price is not None:
                lines += price_lines(price, quantity)
            if left_s > 0:
                left.draw(name, quantity)
    return None if draws is None else left.funding(tuple(draws), drawable.seq, tuple(lines))


def _too_many_pools(cdr: Cdr, pools: tuple[PoolDraw, ...]) -> Suspension:
    """Say that the account keeps as many pools as it may: what a further one has paid could not be remembered."""
    wanted = f" {pools[0].name} and others" if pools else ""
    detail = (
        f"tenant_id: {cdr.tenant_id} has used {POOLS_MAX} pools, the limit;{wanted} would be more"
    )
    return Suspension(Suspended.TOO_MANY_POOLS, detail)
