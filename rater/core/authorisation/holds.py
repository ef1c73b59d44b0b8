"""Holds: what calls side by side may still cost, until their charges are seen or a time is over.

Rule 1: a hold is of the money and the seconds of pools that a call may cost at most, so that the next call is judged by
        what is left. It ends by itself: `keep_ms` after the longest that the call may last.
        Where a call is let through that may take seconds which another one counts on (`contest`), that one holds what
        it costs without them from then on.
Rule 2: a call that has ended holds what it has cost for `settle_ms` more: its CDR is on its way.
Rule 3: of a tenant, and of a user, so many are held at once; one more call is refused. An incoming call is one of a
        user's only where it costs money: who is called does not choose it. No user's limit of money knows of it.
Rule 4: they are in the memory of one process, and gone with it: a start holds nothing.
"""

from collections.abc import Collection, Iterator
from typing import Final, final

from rater.core.authorisation.request import CallRequest, consumer_of
from rater.core.authorisation.standing import NOTHING_HELD, Claim, Held, OfBoth
from rater.core.authorisation.verdict import Verdict
from rater.core.limits import SECOND_MS
from rater.core.value import Value

HOLDS_MAX: Final = 200_000
"""Holds of all tenants at once; a call that would be one more is refused."""
NO_CLAIM: Final = Claim(0, 0, {})


@final
class HoldTerms(Value):
    """How long holds are kept, and how many at once."""

    __match_args__ = ("keep_ms", "settle_ms", "per_tenant", "per_user")
    __slots__ = __match_args__

    def __init__(self, keep_ms: int, settle_ms: int, per_tenant: int, per_user: int) -> None:
        self.keep_ms: Final = keep_ms
        self.settle_ms: Final = settle_ms
        self.per_tenant: Final = per_tenant
        self.per_user: Final = per_user


@final
class Hold(Value):
    """One call in flight."""

    __match_args__ = ("hold_id", "request", "micros", "claim", "until_ms")
    __slots__ = __match_args__

    def __init__(
        self, hold_id: str, request: CallRequest, micros: int, claim: Claim, until_ms: int
    ) -> None:
        self.hold_id: Final = hold_id
        self.request: Final = request
        self.micros: Final = micros
        """The money that is kept."""
        self.claim: Final = claim
        self.until_ms: Final = until_ms

    @property
    def more_micros(self) -> int:
        """Return what the call costs more, should others take seconds that it counts on."""
        return max(self.claim.most_micros - self.micros, 0)

    def shares(self, names: Collection[str]) -> bool:
        """Tell whether the call might draw on any of some pools."""
        return any(name in names for name in self.claim.pools)

    def is_of(self, user_id: str) -> bool:
        """Tell whether it is a user's call."""
        return consumer_of(self.request) == user_id

    @property
    def counts(self) -> bool:
        """Tell whether it is one of the calls that its user may hold at once."""
        return counts_for_user(self.request, self.micros)


def counts_for_user(request: CallRequest, micros: int) -> bool:
    """Tell whether a call that costs so much is one of those that its user may hold at once."""
    return request.direction == "out" or micros > 0


def cost_of(verdict: Verdict) -> int:
    """Return the money that the longest call takes from somebody."""
    rated = verdict.rated
    if rated is None or (rated.funding is not None and rated.funding.is_waived):
        return 0
    return rated.charge_micros


@final
class Holds:
    """All holds, by tenant."""

    def __init__(self, terms: HoldTerms) -> None:
        self._terms: Final = terms
        self._by_tenant: Final[dict[str, dict[str, Hold]]] = {}
        self._tenants: Final[dict[str, str]] = {}
        """By hold."""

    def __len__(self) -> int:
        """Return how many there are, those included whose time is over and which nobody has swept."""
        return len(self._tenants)

    def find(self, hold_id: str, now_ms: int) -> Hold | None:
        """Return a hold; None where there is none, or its time is over."""
        tenant_id = self._tenants.get(hold_id)
        found = None if tenant_id is None else self._by_tenant[tenant_id][hold_id]
        return None if found is None or found.until_ms <= now_ms else found

    def held(self, request: CallRequest, now_ms: int, own_id: str | None = None) -> Held:
        """Return what calls other than this one hold of its tenant and user."""
        if request.tenant_id not in self._by_tenant:
            return NOTHING_HELD
        micros = user_micros = 0
        user_id = consumer_of(request)
        pools: dict[str, int] = {}
        more: dict[frozenset[str], OfBoth] = {}
        for hold in self._others(request.tenant_id, now_ms, own_id):
            is_users = (
                user_id is not None and hold.is_of(user_id) and hold.request.direction == "out"
            )
            micros += hold.micros
            user_micros += hold.micros if is_users else 0
            for name, seconds in hold.claim.pools.items():
                pools[name] = pools.get(name, 0) + seconds
            if extra := hold.more_micros:
                names = frozenset(hold.claim.pools)
                known = more.get(names, (0, 0))
                more[names] = known[0] + extra, known[1] + (extra if is_users else 0)
        return Held(micros, user_micros, pools, more)

    def is_full(
        self, request: CallRequest, verdict: Verdict, now_ms: int, own_id: str | None = None
    ) -> bool:
        """Tell whether the tenant, the user or the process has as many as may be, this call not counted."""
        others = list(self._others(request.tenant_id, now_ms, own_id))
        user_id, terms = consumer_of(request), self._terms
        if len(others) >= terms.per_tenant:
            return True
        if user_id and counts_for_user(request, cost_of(verdict)):
            same = [hold for hold in others if hold.is_of(user_id) and hold.counts]
            if len(same) >= terms.per_user:
                return True
        return own_id not in self._tenants and len(self._tenants) >= HOLDS_MAX

    def put(self, hold_id: str, request: CallRequest, verdict: Verdict, now_ms: int) -> None:
        """Hold what a call that may start may cost at most."""
        end_ms = max(now_ms, request.at_ms + (verdict.longest_s or 0) * SECOND_MS)
        claim = verdict.claim or NO_CLAIM
        if claim.contested:
            for hold in list(self._others(request.tenant_id, now_ms, hold_id)):
                if hold.more_micros and hold.shares(claim.contested):
                    self._put(hold, hold.claim.most_micros, hold.claim, hold.until_ms)
        made = Hold(hold_id, request, claim.micros, claim, end_ms + self._terms.keep_ms)
        self._by_tenant.setdefault(request.tenant_id, {})[hold_id] = made
        self._tenants[hold_id] = request.tenant_id

    def settle(self, hold: Hold, verdict: Verdict | None, now_ms: int) -> None:
        """Hold what a call that has ended has cost until its charge is seen; without a verdict as much as before.

        The verdict knows of no other calls: where one may take what this one counts on, no more is given back than is
        sure.
        """
        until_ms = now_ms + self._terms.settle_ms
        if verdict is None:
            self._put(hold, hold.micros, hold.claim, until_ms)
            return
        claim = verdict.claim or NO_CLAIM
        others = self._others(hold.request.tenant_id, now_ms, hold.hold_id)
        micros = claim.micros
        if any(other.shares(claim.pools) for other in others):
            micros = min(hold.micros, claim.most_micros)
        self._put(hold, micros, claim, until_ms)

    def drop(self, hold: Hold) -> None:
        """Forget a hold."""
        del self._tenants[hold.hold_id]
        of_tenant = self._by_tenant[hold.request.tenant_id]
        del of_tenant[hold.hold_id]
        if not of_tenant:
            del self._by_tenant[hold.request.tenant_id]

    def sweep(self, now_ms: int) -> None:
        """Forget those whose time is over."""
        every = [hold for of_tenant in self._by_tenant.values() for hold in of_tenant.values()]
        for hold in every:
            if hold.until_ms <= now_ms:
                self.drop(hold)

    def _put(self, hold: Hold, micros: int, claim: Claim, until_ms: int) -> None:
        again = Hold(hold.hold_id, hold.request, micros, claim, until_ms)
        self._by_tenant[hold.request.tenant_id][hold.hold_id] = again

    def _others(self, tenant_id: str, now_ms: int, own_id: str | None) -> Iterator[Hold]:
        for hold in self._by_tenant.get(tenant_id, {}).values():
            if hold.until_ms > now_ms and hold.hold_id != own_id:
                yield hold
