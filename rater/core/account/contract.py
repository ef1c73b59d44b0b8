"""Contract: what a tenant is entitled to and what of it is used, whether it pays later, and by which clocks.

Each is so from an instant on.

Rule 1: what holds at an instant is what is dated last at or before it. A change dated back holds for the calls that
        come after it; what has been charged stays as it is.
Rule 2: of two changes dated alike the one that came last holds, and the other is not kept.
Rule 3: what another has followed so long ago that no call of then is taken any more is let go. What is left is
        bounded; a change beyond the bound is refused.
Rule 4: a pool is a plan's allowance in a month by the account's clocks, for the licences that share it. Of a pool
        the seconds used are kept, as long as calls of its month may come; likewise what is owed of a month.
"""

from typing import Final, final

from rater.core.account.calendar import month_of
from rater.core.account.entitled import Entitled, EntitledSpans
from rater.core.account.entitlement import Entitlement
from rater.core.account.past import KEPT_MS
from rater.core.account.zone_change import ZoneChange
from rater.core.limits import DAY_MS, NEVER_MS, POOLS_MAX
from rater.core.pricing.plans.book import PlanBook
from rater.core.value import Value
from topics.records.contract import UnlicensedCalls


@final
class BillingMode(Value):
    """Whether the tenant pays later from an instant on; `seq` is the number of the entry that set it."""

    __match_args__ = ("from_ms", "pays_later", "seq", "limit")
    __slots__ = __match_args__

    def __init__(self, from_ms: int, pays_later: bool, seq: int, limit: int = 0) -> None:  # noqa: FBT001
        self.from_ms: Final = from_ms
        self.pays_later: Final = pays_later
        self.seq: Final = seq
        self.limit: Final = limit
        """What may be owed of a month, in micros; 0 for no limit."""


@final
class Billing(Value):
    """How the account pays now, as an entry has said it last (`post_paid`)."""

    __match_args__ = ("pays_later", "limit", "is_reached", "look_ms", "said_ms")
    __slots__ = __match_args__

    def __init__(
        self,
        pays_later: bool = False,  # noqa: FBT001, FBT002
        limit: int = 0,
        is_reached: bool = False,  # noqa: FBT001, FBT002
        look_ms: int = NEVER_MS,
        said_ms: int = 0,
    ) -> None:
        self.pays_later = pays_later
        self.limit = limit
        self.is_reached = is_reached
        """Whether as much is owed of the present month as may be."""
        self.look_ms = look_ms
        """When time alone may change it: another mode begins, or the month of the limit ends."""
        self.said_ms = said_ms
        """When it was said; an entry of before is no way back."""


@final
class Contract(Value):
    """The entitlements by plan, country and instant, the billing modes and time zones by instant, each in this order.

    An account has one from the first on that is said of its plans, of how it pays, of its users, or of another zone.
    """

    __match_args__ = (
        "entitlements",
        "billing_modes",
        "used_s",
        "unlicensed_calls",
        "billing",
        "owed",
        "told_s",
        "zone_changes",
    )
    __slots__ = (*__match_args__, "_spans")

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        entitlements: list[Entitlement],
        billing_modes: list[BillingMode],
        used_s: dict[str, int] | None = None,
        unlicensed_calls: UnlicensedCalls = "charge",
        billing: Billing | None = None,
        owed: dict[str, int] | None = None,
        told_s: dict[str, tuple[int, int]] | None = None,
        zone_changes: list[ZoneChange] | None = None,
    ) -> None:
        self.entitlements = entitlements
        self.billing_modes = billing_modes
        self.used_s: Final[dict[str, int]] = {} if used_s is None else used_s
        """Seconds, by pool; one that is not in it has not been used."""
        self.unlicensed_calls: UnlicensedCalls = unlicensed_calls
        """What becomes of calls that money would pay, of users without a licence to spend it."""
        self.billing: Final = Billing() if billing is None else billing
        self.owed: Final[dict[str, int]] = {} if owed is None else owed
        """Micros that are paid later, by month."""
        self.told_s: Final[dict[str, tuple[int, int]]] = {} if told_s is None else told_s
        """How large a pool was when it was told that 80 % of it were used, and 100 %; 0: that has not been told."""
        self.zone_changes: list[ZoneChange] = [] if zone_changes is None else zone_changes
        """The time zones since the account's own. A list that has changed is another one."""
        self._spans: Final = EntitledSpans()

    def at(self, at_ms: int, plans: PlanBook, time_zone: str) -> Entitled:
        """Return what the account, of a time zone before all changes, is entitled to at an instant."""
        return self._spans.at(self.entitlements, plans, time_zone, at_ms, self.zone_changes)


def entitlement_at(
    contract: Contract | None, plan_id: str, usage_country: str, at_ms: int
) -> Entitlement | None:
    """Return the entitlement to a plan in a country that holds at an instant; None: there never was one."""
    found: Entitlement | None = None
    for each in [] if contract is None else contract.entitlements:
        if each.plan_id == plan_id and each.usage_country == usage_country:
            if each.from_ms > at_ms:
                break
            found = each
    return found


def now_or_later(contract: Contract, at_ms: int) -> list[Entitlement]:
    """Return the entitlements that hold at an instant, those to no licence left out, and all from after it on."""
    found: list[Entitlement] = []
    for each in contract.entitlements:
        if each.from_ms <= at_ms and found and _is_same(found[-1], each):
            found.pop()
        found.append(each)
    return [each for each in found if each.licences or each.from_ms > at_ms]


def has_room(contract: Contract, more: int, now_ms: int) -> bool:
    """Tell whether so many more pools may be kept of the account."""
    if len(contract.used_s) + more <= POOLS_MAX:
        return True
    oldest = oldest_month(now_ms)
    return sum(each >= oldest for each in contract.used_s) + more <= POOLS_MAX


def use(contract: Contract, name: str, seconds: int, now_ms: int) -> None:
    """Take seconds of a pool, or give them back; pools of months of which no call comes any more are forgotten."""
    used = contract.used_s
    before = used.get(name)
    if before is None:
        before, oldest = 0, oldest_month(now_ms)
        for old in [each for each in used if each < oldest]:
            del used[old]
            contract.told_s.pop(old, None)
    left = before + seconds
    assert left >= 0, name
    used[name] = left


def owe(contract: Contract, month: str, micros: int, now_ms: int) -> None:
    """Add to what is owed of a month, or take off; months of which no call comes any more are forgotten."""
    owed = contract.owed
    if month not in owed:
        if micros < 0:
            return
        oldest = oldest_month(now_ms)
        for old in [each for each in owed if each < oldest]:
            del owed[old]
    left = owed.get(month, 0) + micros
    assert left >= 0, month
    owed[month] = left


def oldest_month(now_ms: int) -> str:
    """Return the oldest month of which a call may still come, in any time zone; names of pools begin with theirs."""
    return month_of(now_ms - KEPT_MS - DAY_MS)


def with_entitlements(contract: Contract | None, more: list[Entitlement]) -> list[Entitlement]:
    """Return all entitlements that are known after a change, in order."""
    kept = [] if contract is None else contract.entitlements
    known = {(each.plan_id, each.usage_country, each.from_ms): each for each in kept}
    for each in more:
        known[each.plan_id, each.usage_country, each.from_ms] = each
    return [known[name] for name in sorted(known)]


def without_the_forgotten(entitlements: list[Entitlement], now_ms: int) -> list[Entitlement]:
    """Return the entitlements that a call may still ask for: one that ended before the oldest call is not."""
    oldest_ms = now_ms - KEPT_MS
    left: list[Entitlement] = []
    for each in entitlements:
        if each.from_ms <= oldest_ms:
            if left and _is_same(left[-1], each):
                left.pop()
            if not each.licences:
                continue
        left.append(each)
    return left


def billing_mode_at(contract: Contract | None, at_ms: int) -> BillingMode | None:
    """Return the billing mode that holds at an instant; None: prepaid, as nothing was said."""
    found: BillingMode | None = None
    for each in [] if contract is None else contract.billing_modes:
        if each.from_ms <= at_ms:
            found = each
    return found


def may_pay_later(contract: Contract | None, at_ms: int) -> bool:
    """Tell whether the tenant pays later at an instant, or at one after it."""
    for each in [] if contract is None else contract.billing_modes:
        if each.pays_later and each.from_ms > at_ms:
            return True
    mode = billing_mode_at(contract, at_ms)
    return mode is not None and mode.pays_later


def with_billing_mode(contract: Contract | None, mode: BillingMode) -> list[BillingMode]:
    """Return all billing modes that are known after a change, in order."""
    kept = [] if contract is None else contract.billing_modes
    before = [each for each in kept if each.from_ms < mode.from_ms]
    return [*before, mode, *[each for each in kept if each.from_ms > mode.from_ms]]


def without_the_forgotten_modes(modes: list[BillingMode], now_ms: int) -> list[BillingMode]:
    """Return the billing modes that a call may still ask for; that it is prepaid needs no saying at the beginning."""
    oldest_ms = now_ms - KEPT_MS
    old = [each for each in modes if each.from_ms <= oldest_ms]
    begins = [each for each in old[-1:] if each.pays_later]
    return [*begins, *modes[len(old) :]]


def next_mode_ms(contract: Contract, now_ms: int) -> int:
    """Return when the next billing mode begins; NEVER_MS where none is known."""
    return min(
        [each.from_ms for each in contract.billing_modes if each.from_ms > now_ms], default=NEVER_MS
    )


def _is_same(one: Entitlement, other: Entitlement) -> bool:
    return one.plan_id == other.plan_id and one.usage_country == other.usage_country
