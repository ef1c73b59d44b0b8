"""User: what is counted of one user of a tenant: the money and the pools that its calls have used, by month.

Rule 1: whose call it is, the CDR says (`call_types`, rule 3). Only calls of users that were set are counted, and of
        these those that came after that.
Rule 2: money is counted of outgoing calls: what was charged for them, less what nobody pays. Corrections count anew.
Rule 3: a month is that in which the call starts, in the account's time zone. It is kept as long as calls of it may
        come; what is late counts in its own month.

A user here is a working copy of one batch, as an account is, and only an entry changes it.
"""

from collections.abc import Callable
from typing import Final, final

from rater.core.account.account import Account
from rater.core.account.contract import oldest_month
from rater.core.account.entitlement import in_force
from rater.core.account.user_terms import terms_at
from rater.core.call_types import consumer_of as whose
from rater.core.cdr import Cdr
from rater.core.limits import USER_POOLS_MAX
from rater.core.pricing.plans.funding import POOL
from rater.core.value import Value
from topics.records import Charge, ChargedCall, ChargeReversed, Draw, UserTerms

WAIVED: Final = "waived"
_OF_USER: Final = "/user="


@final
class User(Value):
    """A user: its terms, what is counted, and what was last told of it.

    told_ms, told_blocked: when its status went out, and which calls that blocked; -1 where none did.
    is_owed: a status is owed. since_seq: the entry that set it first; what was charged before that is not counted.
    """

    __match_args__ = (
        "tenant_id",
        "user_id",
        "terms",
        "spent",
        "used_s",
        "told_ms",
        "told_blocked",
        "is_owed",
        "since_seq",
        "told_s",
    )
    __slots__ = __match_args__

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        tenant_id: str,
        user_id: str,
        terms: tuple[UserTerms, ...] = (),
        spent: dict[str, int] | None = None,
        used_s: dict[str, int] | None = None,
        told_ms: int = 0,
        told_blocked: int = -1,
        is_owed: bool = False,  # noqa: FBT001, FBT002
        since_seq: int = 0,
        told_s: dict[str, tuple[int, int]] | None = None,
    ) -> None:
        self.tenant_id: Final = tenant_id
        self.user_id: Final = user_id
        self.terms = terms
        self.spent: Final[dict[str, int]] = {} if spent is None else spent
        """Micros, by month; one that is not in it has cost nothing."""
        self.used_s: Final[dict[str, int]] = {} if used_s is None else used_s
        """Seconds, by pool; likewise."""
        self.told_ms = told_ms
        self.told_blocked = told_blocked
        self.is_owed = is_owed
        self.since_seq: Final = since_seq
        self.told_s: Final[dict[str, tuple[int, int]]] = {} if told_s is None else told_s
        """How large a pool was when it was told that 80 % of it were used, and 100 %; 0: that has not been told."""


@final
class Users:
    """The users that a batch has looked at, each as one working copy, and those that it has changed."""

    __slots__ = ("_known", "_read", "changed")

    def __init__(
        self,
        read: Callable[[str, str], User | None],
        changed: dict[tuple[str, str], User] | None = None,
    ) -> None:
        """`read` gives what is kept of a user of a tenant; `changed` is filled here."""
        self._read: Final = read
        self._known: Final[dict[tuple[str, str], User | None]] = {}
        self.changed: Final = {} if changed is None else changed

    def find(self, tenant_id: str, user_id: str | None) -> User | None:
        """Return a user; None: none was set of that name, or none is named."""
        if user_id is None:
            return None
        key = (tenant_id, user_id)
        known = self._known.get(key)
        if known is None and key not in self._known:
            known = self._known[key] = self._read(tenant_id, user_id)
        return known

    def change(self, user: User) -> None:
        """Note that a user has changed, or that it is new."""
        key = (user.tenant_id, user.user_id)
        self._known[key] = self.changed[key] = user


def consumer_of(call: ChargedCall) -> str | None:
    """Return whose call it is."""
    return whose(call.call_type, call.user_id, call.organizer_id)


def started_ms(call: ChargedCall) -> int:
    """Return when a call started."""
    return call.answered_ms if call.started_ms is None else call.started_ms


def is_of_user(pool: str | None) -> bool:
    """Tell by its name whether a pool is a user's own: no plan, allowance or group has such a sign in it."""
    return pool is not None and _OF_USER in pool


def own_pool(name: str, user: User) -> str:
    """Return the name of a user's own pool."""
    return f"{name}{_OF_USER}{user.user_id}"


def shared_name(own: str, user: User) -> str:
    """Return the name of a user's own pool without the user's; of another's pool its whole name."""
    return own.removesuffix(f"{_OF_USER}{user.user_id}")


def user_has_room(user: User, more: int, now_ms: int) -> bool:
    """Tell whether so many more pools may be kept of a user."""
    if len(user.used_s) + more <= USER_POOLS_MAX:
        return True
    oldest = oldest_month(now_ms)
    return sum([each >= oldest for each in user.used_s]) + more <= USER_POOLS_MAX


def count_charge(user: User, entry: Charge, month: str) -> bool:
    """Count the charge of a call that started in a month; tell whether it drew on pools of the user's own."""
    is_own = False
    for draw in entry.draws:
        if draw.source == POOL and is_of_user(draw.id):
            _add(user.used_s, draw.id or "", draw.quantity or 0, entry.at_ms)
            is_own = True
    micros = money_of(entry)
    if micros:
        _add(user.spent, month, micros, entry.at_ms)
    if is_own and user.told_s:
        for old in [each for each in user.told_s if each not in user.used_s]:
            del user.told_s[old]
    return is_own


def count_reversal(user: User, entry: ChargeReversed, original: Charge, month: str) -> None:
    """Count back a charge of a call that started in a month; where that is forgotten, nothing."""
    for back in entry.returns:
        if back.source == POOL and is_of_user(back.id):
            _add(user.used_s, back.id or "", -(back.quantity or 0), entry.at_ms)
    micros = money_of(original)
    if micros and month in user.spent and original.seq > user.since_seq:
        _add(user.spent, month, -micros, entry.at_ms)


def money_of(entry: Charge) -> int:
    """Return what a charge counts towards its user's limit: the money of an outgoing call, less what nobody pays."""
    if entry.call.direction != "out" or is_waived(entry.draws):
        return 0
    return entry.charge_micros


def usage_country_of(account: Account, cdr: Cdr, user: User | None) -> str | None:
    """Return where a call is made: what it names, else its user's country, else that of all the account's licences."""
    if cdr.usage_country is not None:
        return cdr.usage_country
    terms = None if user is None else terms_at(user.terms, cdr.started_ms)
    if terms is not None:
        return terms.usage_country
    contract = account.contract
    held = [] if contract is None else in_force(contract.entitlements, cdr.started_ms)
    countries = {each.usage_country for each in held}
    return countries.pop() if len(countries) == 1 else None


def is_waived(draws: tuple[Draw, ...]) -> bool:
    """Tell whether nobody pays the money of a charge: that is its last draw then, and the only one of money."""
    return bool(draws) and draws[-1].source == WAIVED


def _add(counted: dict[str, int], name: str, more: int, now_ms: int) -> None:
    """Count more, or less; what begins with a month of which no call comes any more is forgotten."""
    if name not in counted:
        oldest = oldest_month(now_ms)
        for old in [each for each in counted if each < oldest]:
            del counted[old]
    counted[name] = counted.get(name, 0) + more
    assert counted[name] >= 0, name
