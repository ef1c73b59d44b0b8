"""Pool reach: on which pools a call may draw, and what is left of them, whoever else draws on them beside it.

Rule 1: they are those of `funding`: by the licences held when the call starts, whose it is, and what is called.
Rule 2: a pool that ends with others is reached together with them: one of them that is used up by others ends it. Of
        such a one all but its last unit may be drawn before that.
Rule 3: a pool of which no unit is left is out of reach, and so is one whose seconds have a price in other currencies.
"""

from typing import Final, final

from rater.core.account.account import Account
from rater.core.account.entitled import Pot
from rater.core.account.funding import PoolsLeft
from rater.core.account.pool_choice import choice_of
from rater.core.account.user import User
from rater.core.account.user_terms import terms_at
from rater.core.cdr import Cdr
from rater.core.pricing.plans.minute_price import price_in, price_lines
from rater.core.pricing.rules import Rules
from rater.core.value import Value
from topics.records.plans import MinutePrice


@final
class Reach(Value):
    """A pool that a call may draw on."""

    __match_args__ = ("name", "left_s", "unit_s", "price")
    __slots__ = __match_args__

    def __init__(self, name: str, left_s: int, unit_s: int, price: MinutePrice | None) -> None:
        self.name: Final = name
        self.left_s: Final = left_s
        """What calls may draw of it together before one of them gets less than it would alone."""
        self.unit_s: Final = unit_s
        self.price: Final = price

    def wanted_s(self, seconds: int) -> int:
        """Return what a call of so many seconds draws on it at most, in whole units."""
        return -(-seconds // self.unit_s) * self.unit_s

    def most_micros(self, seconds: int) -> int:
        """Return what these cost at most, in micros."""
        if self.price is None:
            return 0
        lines = price_lines(self.price, self.wanted_s(seconds))
        return sum([line.amount_micros for line in lines])


def reach_of(
    account: Account, cdr: Cdr, rules: Rules, called: tuple[str, str], user: User | None
) -> list[Reach]:
    """Return the pools that a call may draw on, given country and type of the number called."""
    contract = account.contract
    if contract is None:
        return []
    entitled = contract.at(cdr.started_ms, rules.plans, account.time_zone)
    terms = None if user is None else terms_at(user.terms, cdr.started_ms)
    choice = choice_of(entitled, cdr, called, terms, rules.numbering) if entitled.held else None
    if choice is None:
        return []
    left = PoolsLeft(entitled, contract, None, user, terms)
    found: dict[str, Reach] = {}
    for pot in entitled.drawable(choice).pots:
        tied = entitled.others(pot) if pot.pool.ends_with else ()
        reach = _reach(left, pot, account.currency, 0)
        if reach is None or any(left.is_used_up(other) for other in tied):
            continue
        _add(found, reach)
        for other in tied:
            beside = _reach(left, other, account.currency, other.pool.unit_s)
            if beside is not None:
                _add(found, beside)
    return list(found.values())


def _reach(left: PoolsLeft, pot: Pot, currency: str, kept_s: int) -> Reach | None:
    prices = pot.pool.prices
    price = price_in(prices, currency) if prices else None
    name, unit_s = left.name_of(pot), pot.pool.unit_s
    left_s = left.left_s(pot, name)
    if (prices and price is None) or left_s < unit_s:
        return None
    return Reach(name, left_s // unit_s * unit_s - kept_s, unit_s, price)


def _add(found: dict[str, Reach], reach: Reach) -> None:
    """Add a pool; of one that is there the less is left that is said of it."""
    known = found.get(reach.name)
    if known is None or reach.left_s < known.left_s:
        found[reach.name] = reach
