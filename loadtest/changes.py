"""Changes: what tenants change amid their calls, and what that is to whoever lets the calls be paid.

All are dated back into the time of the calls, each later than those before it: of the calls that come afterwards some
began before and some after, and none that came before is charged anew.
"""

from collections.abc import Iterator
from random import Random

from loadtest import billing, licences, users
from loadtest.accounts import Population, Record, Tenant, encode, head, rfc3339
from loadtest.billing import PaysLater
from loadtest.payers import Payers
from loadtest.plan import Plan
from loadtest.promotional import gift
from loadtest.users import UNLICENSED, User

_CHANGES = 0.5
"""Of what a tenant may change."""
_TENANTS = 0.5
"""Of the tenants."""
_IS_NEW = 0.3
"""Of the users that are set: somebody whom nobody knew."""
_LIMIT_PCT = (2, 80)

Said = dict[str, object]


class Changes:
    """Makes what changes, and lets it count; each pass over the calls has its own."""

    def __init__(self, plan: Plan, population: Population, payers: Payers) -> None:
        """Nothing has changed yet; the same plan changes the same."""
        self.plan = plan
        self.population = population
        self.payers = payers
        self._random = Random(f"changes {plan.seed}")

    def make(self, number: int) -> list[Record]:
        """Return the commands of a change, the first is number 1; they count from now on."""
        from_s = self.plan.middle_s + number
        return [
            (
                each.partition,
                each.key,
                encode({**said, "command_id": f"{said['command_id']}-change-{number}"}),
            )
            for serial, each in enumerate(self.population.tenants, 1)
            if self._random.random() < _TENANTS
            for said in self._of(each, serial, number, from_s)
        ]

    def _of(self, each: Tenant, serial: int, number: int, from_s: int) -> Iterator[Said]:
        plan, draw = self.plan, self._random.random
        spend = int(plan.cdrs * plan.spend_micros * self.population.share(serial))
        if self.payers.pools[each.tenant_id].held.last and draw() < _CHANGES:
            yield self._licences(each, from_s)
        if plan.users and draw() < _CHANGES:
            yield self._user(each, spend // plan.users, from_s)
        if plan.users and draw() < _CHANGES:
            yield self._unlicensed(each)
        if plan.post_paid and draw() < _CHANGES:
            yield self._billing(each, spend, from_s)
        if plan.promotional and draw() < _CHANGES:
            given = gift(plan, each, f"later-gift-{number}", spend, self._random)
            self.payers.expected.fund(each.tenant_id, given)
            yield given

    def _licences(self, each: Tenant, from_s: int) -> Said:
        """Let there be more licences of a plan, fewer, or none."""
        pools = self.payers.pools[each.tenant_id]
        held = list(pools.held.last)
        index = self._random.randrange(len(held))
        changed = held[index]._replace(number=self._random.randint(0, 2 * held[index].number))
        held[index : index + 1] = [changed] if changed.number else []
        pools.held.change(from_s, tuple(held))
        said = head(each, "set_entitlements", "licences")
        return {**said, "entitlements": licences.settings([changed]), "valid_from": rfc3339(from_s)}

    def _user(self, each: Tenant, spend_micros: int, from_s: int) -> Said:
        """Let a user hold other plans, elsewhere perhaps, and be allowed something else; or somebody be a user."""
        random = self._random
        held = self.payers.pools[each.tenant_id].held.last
        known = [user.user_id for user in self.payers.contracts.staff.users[each.tenant_id]]
        user_id = random.choice(known)
        if random.random() < _IS_NEW:
            user_id = users.guest(each.tenant_id)
        country = random.choice(sorted({one.country for one in held} | {each.country}))
        plan_ids = [x.plan_id for x in held if x.country == country and random.random() < _CHANGES]
        percent = random.randint(*_LIMIT_PCT)
        user = users.restricted(
            User(
                each.tenant_id,
                user_id,
                country,
                tuple(plan_ids),
                may_spend=random.random() < _CHANGES,
                limit_micros=random.randint(0, 1) * max(spend_micros * percent // 100, 1),
                from_s=from_s,
            ),
            random,
        )
        self.payers.set_user(user)
        return {**head(each, "set_user", "user"), **users.settings(user)}

    def _unlicensed(self, each: Tenant) -> Said:
        now = self.payers.unlicensed[each.tenant_id]
        becomes = self._random.choice([other for other in UNLICENSED if other != now])
        self.payers.unlicensed[each.tenant_id] = becomes
        return {**head(each, "set_unlicensed_calls", "unlicensed"), "calls": becomes}

    def _billing(self, each: Tenant, spend_micros: int, from_s: int) -> Said:
        """Let a tenant pay later, with another limit perhaps; or before, again."""
        said = head(each, "set_billing_mode", "billing")
        if self.payers.mode(each.tenant_id) is not None and self._random.random() < _CHANGES:
            self.payers.bill(each.tenant_id, from_s, None)
            return {**said, "mode": "prepaid", "valid_from": rfc3339(from_s)}
        mode = PaysLater(from_s, billing.drawn_limit(self._random, spend_micros))
        self.payers.bill(each.tenant_id, from_s, mode)
        return {**said, **billing.settings(mode)}
