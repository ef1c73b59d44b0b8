"""Contest: calls side by side that may draw on the same pools, whichever of them is charged first.

Rule 1: of each pool a call may draw its whole duration, in whole units of the plan. As long as a pool has left what all
        calls together might draw, each finds there what it would alone.
Rule 2: where it has not, the call that asks counts only on what the others leave it if they draw all that they might;
        and each of the others must be able to pay what it costs without it: so much more money is needed.
Rule 3: what a call costs at most, whatever pools pay of it, is its price as if they paid nothing, for they make no call
        dearer (`pricing.rest`, rule 4). Pools that cost money come on top, as if each paid all.
Rule 4: where the others leave it more than it counts on, a call may cost more, up to that: the rest of a call begins
        where its pools end, and an increment that began earlier may have reached over a dearer band or tier. What it
        costs is sure where pools pay it whole, and where one row alone prices it.
"""

from collections.abc import Mapping
from typing import Final, final

from rater.core.account.account import Account
from rater.core.account.contract import Contract
from rater.core.account.pool_reach import Reach
from rater.core.account.user import User
from rater.core.authorisation.standing import Claim, Held, OfBoth
from rater.core.cdr import Cdr
from rater.core.pricing.rated import Rated

_NOTHING: Final[OfBoth] = (0, 0)


@final
class Contest:
    """The pools that one call may draw on, and what others might draw on them."""

    __slots__ = ("_more", "_others_s", "is_priced", "is_shared", "reach")

    def __init__(self, reach: list[Reach], held: Held) -> None:
        self.reach: Final = reach
        self._others_s: Final[Mapping[str, int]] = held.pools
        self._more: Final[Mapping[frozenset[str], OfBoth]] = held.more
        self.is_shared: Final = any(each.name in held.pools for each in reach)
        """Whether others might draw on any of them."""
        self.is_priced: Final = any(each.price is not None for each in reach)
        """Whether seconds of any of them cost money."""

    def contested(self, seconds: int) -> frozenset[str]:
        """Return the pools that have less left than a call of so many seconds and others might draw."""
        if not self.is_shared:
            return frozenset()
        return frozenset(
            [
                each.name
                for each in self.reach
                if each.name in self._others_s
                and self._others_s[each.name] + each.wanted_s(seconds) > each.left_s
            ]
        )

    def more(self, seconds: int) -> OfBoth:
        """Return what others cost more beside a call of so many seconds."""
        if not self.is_shared or not self._more:
            return _NOTHING
        contested = self.contested(seconds)
        found = [each for names, each in self._more.items() if not names.isdisjoint(contested)]
        return sum([each[0] for each in found]), sum([each[1] for each in found])

    def claim(self, seconds: int, micros: int, most: int) -> Claim:
        """Return what a call of so many seconds takes at most."""
        pools = {each.name: each.wanted_s(seconds) for each in self.reach}
        return Claim(micros, most, pools, self.contested(seconds))


def is_of_one_row(price: object) -> bool:
    """Tell whether one row alone has priced a call: then its rest never costs more where it is shorter."""
    return isinstance(price, Rated) and price.row is not None


def most_micros(price: Rated, cdr: Cdr, reach: list[Reach]) -> int:
    """Return what a call may cost, whatever pools pay of it; `price` is that of its deck alone."""
    return price.charge_micros + sum([each.most_micros(cdr.billsec) for each in reach])


def less_held(account: Account, held: Held) -> Account:
    """Return the account with the seconds of pools that are held taken for used."""
    contract = account.contract
    if not held.pools or contract is None:
        return account
    used = _with_held(contract.used_s, held)
    less = Contract(
        contract.entitlements,
        contract.billing_modes,
        used,
        contract.unlicensed_calls,
        zone_changes=contract.zone_changes,
    )
    return Account(
        account.tenant_id,
        account.currency,
        account.time_zone,
        account.decks,
        seq=account.seq,
        balance=account.balance,
        debt=account.debt,
        lots=account.lots,
        contract=less,
    )


def user_less_held(user: User | None, held: Held) -> User | None:
    """Return the user, likewise: some pools are its own."""
    if not held.pools or user is None:
        return user
    used = _with_held(user.used_s, held)
    return User(user.tenant_id, user.user_id, user.terms, user.spent, used)


def _with_held(used_s: dict[str, int], held: Held) -> dict[str, int]:
    used = dict(used_s)
    for name, seconds in held.pools.items():
        used[name] = used.get(name, 0) + seconds
    return used
