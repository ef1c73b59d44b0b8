"""Users: who belongs to a tenant, what each may do, and who makes which call.

All of it comes from generators of its own, so that the calls themselves are the same with users and without.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple

from loadtest.accounts import Population, Tenant, head, rfc3339
from loadtest.allowances import Licences
from loadtest.calls import Call, Persons
from loadtest.plan import Plan

_LONG_AGO_S = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
"""From then on most users are known: before all calls."""
_ABROAD = 0.25
"""Of the users of a tenant that holds plans in two countries, so many are in the other one."""
_HAS_PLAN = 0.75
"""Of each plan that the tenant holds in a user's country."""
_MAY_SPEND = 0.8
_IS_LIMITED = 0.35
_IS_LATE = 0.1
"""Users who are known only from the middle of the calls on."""
_STRANGER = 0.04
"""Of the calls: those of somebody whom nobody has set; half of them name nobody."""
_LIMIT_PCT = (2, 80)
"""A limit is between so much and so much of what a user's calls cost, pools apart."""
_IS_RESTRICTED = 0.3
_RESTRICTIONS = (
    *(("domestic", "any"), ("none", "any"), ("any", "none")),
    *(("domestic", "none"), ("any", "same_country"), ("none", "zone")),
)
"""Of calls, and of the conferences that the user organizes."""
UNLICENSED = ("charge", "suspend", "waive")
"""What becomes of calls that money would pay, of those who may not spend it: the tenants take turns."""


class User(NamedTuple):
    """A user as it was set; `limit_micros` 0: none. `from_s`: since when that holds, seconds since 1970."""

    tenant_id: str
    user_id: str
    country: str
    plan_ids: tuple[str, ...]
    may_spend: bool
    limit_micros: int
    from_s: int
    outbound: str = "any"
    conferences: str = "any"


class Staff:
    """The users of all tenants; none where the plan has no users."""

    def __init__(
        self, plan: Plan, population: Population, holdings: dict[str, tuple[Licences, ...]]
    ) -> None:
        """Make them; each tenant has as many."""
        random = Random(f"users {plan.seed}")
        forbids = Random(f"restrictions {plan.seed}")
        self.tenants = population.tenants if plan.users else []
        self.users: dict[str, list[User]] = {}
        self.becomes: dict[str, str] = {}
        """What becomes of calls of those who may not spend, by tenant."""
        for serial, each in enumerate(self.tenants, 1):
            spend = plan.cdrs * plan.spend_micros * population.share(serial) / plan.users
            held = holdings[each.tenant_id]
            self.becomes[each.tenant_id] = UNLICENSED[(serial - 1) % len(UNLICENSED)]
            self.users[each.tenant_id] = [
                restricted(
                    _user(plan, each, f"u{k:02}@{each.tenant_id}", held, int(spend), random),
                    forbids,
                )
                for k in range(plan.users)
            ]

    def commands(self) -> Iterator[tuple[Tenant, dict[str, object]]]:
        """Yield what sets the users."""
        for each in self.tenants:
            if (calls := self.becomes[each.tenant_id]) != "charge":
                yield each, {**head(each, "set_unlicensed_calls", "unlicensed"), "calls": calls}
            for k, user in enumerate(self.users[each.tenant_id]):
                yield each, {**head(each, "set_user", f"user-{k}"), **settings(user)}


class Callers:
    """Who makes the calls: each user of a tenant as often, and now and then a stranger."""

    def __init__(self, plan: Plan, staff: Staff) -> None:
        """Begin; the same plan names the same people."""
        self.staff = staff
        self._draw = Random(f"callers {plan.seed}").random

    def name(self, call: Call) -> None:
        """Name who makes a call; where there are no users, nothing is said."""
        if self.staff.tenants:
            call.persons = Persons(self._somebody(call))

    def organize(self, call: Call) -> None:
        """Name whose conference a call is of; somebody else's, mostly."""
        if call.persons is not None:
            call.persons = Persons(call.persons.user_id, self._somebody(call))

    def _somebody(self, call: Call) -> str | None:
        tenant_id = call.tenant.tenant_id
        draw = self._draw()
        if draw < _STRANGER:
            return guest(tenant_id) if draw < _STRANGER / 2 else None
        users = self.staff.users[tenant_id]
        return users[int(self._draw() * len(users))].user_id


def guest(tenant_id: str) -> str:
    """Return the name of somebody who makes calls of a tenant, and whom nobody has set."""
    return f"guest@{tenant_id}"


def restricted(user: User, random: Random) -> User:
    """Return a user, who now and then may not make every call that could be paid."""
    if random.random() >= _IS_RESTRICTED:
        return user
    outbound, conferences = random.choice(_RESTRICTIONS)
    return user._replace(outbound=outbound, conferences=conferences)


def _user(  # noqa: PLR0913, PLR0917  # What each differs in.
    plan: Plan,
    each: Tenant,
    user_id: str,
    held: tuple[Licences, ...],
    spend_micros: int,
    random: Random,
) -> User:
    countries = sorted({one.country for one in held} - {each.country})
    draw = random.random
    is_abroad = draw() < _ABROAD and bool(countries)
    country = countries[0] if is_abroad else each.country
    plan_ids = tuple([x.plan_id for x in held if x.country == country and draw() < _HAS_PLAN])
    may_spend = draw() < _MAY_SPEND
    percent = random.randint(*_LIMIT_PCT)
    limit_micros = max(spend_micros * percent // 100, 1) if draw() < _IS_LIMITED else 0
    from_s = plan.middle_s if draw() < _IS_LATE else _LONG_AGO_S
    return User(each.tenant_id, user_id, country, plan_ids, may_spend, limit_micros, from_s)


def settings(user: User) -> dict[str, object]:
    """Return what a `set_user` command says of a user."""
    said: dict[str, object] = {
        "user_id": user.user_id,
        "usage_country": user.country,
        "plan_ids": list(user.plan_ids),
        "credits_licence": user.may_spend,
        "valid_from": rfc3339(user.from_s),
    }
    if user.limit_micros:
        said["monthly_spend_limit_micros"] = user.limit_micros
    if user.outbound != "any":
        said["outbound_calls"] = user.outbound
    if user.conferences != "any":
        said["conference_dial_out"] = user.conferences
    return said
