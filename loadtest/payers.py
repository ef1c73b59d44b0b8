"""Payers: who pays a call: pools, then lots; what these do not have is debt, or owed of the month, or nobody's."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from loadtest.allowances import Licences, PaidCall, PlanFile
from loadtest.billing import PaysLater
from loadtest.calls import Call
from loadtest.expected import Expected, UserCounts
from loadtest.numbers import Number
from loadtest.pools import Pools, month_of
from loadtest.tariff import charge_micros, rest_micros
from loadtest.users import Staff, User

NO_USER_CAPABILITY = "suspended.no_user_capability"


class Contracts(NamedTuple):
    """What the tenants of a plan have agreed to, and the plans that there are."""

    plans: PlanFile
    holdings: Mapping[str, tuple[Licences, ...]]
    staff: Staff
    later: Mapping[str, PaysLater]


class Payers:
    """Lets calls be paid one after the other, and writes into `expected` what must come of it."""

    def __init__(self, contracts: Contracts, expected: Expected) -> None:
        """Begin with nothing paid."""
        self.contracts = contracts
        self.expected = expected
        held = contracts.holdings.items()
        self.pools = {tenant_id: Pools(contracts.plans, each) for tenant_id, each in held}
        for tenant_id, mode in contracts.later.items():
            expected.credit_limits[tenant_id] = mode.limit_micros
            expected.owed_micros[tenant_id] = Counter()
        for users in contracts.staff.users.values():
            for user in users:
                expected.users[user.tenant_id, user.user_id] = UserCounts(user.limit_micros)

    def charge(self, call: Call, number: Number) -> None:
        """Expect a priced call to be charged; or to wait, where nobody may pay it."""
        assert number.terms is not None, number
        tenant_id, micros = call.tenant.tenant_id, charge_micros(number.terms, call.billsec)
        if not micros:
            self.expected.charge(tenant_id, None if number.terms.action == "free" else 0)
            return
        user = self.contracts.staff.find(call.persons.consumer) if call.persons else None
        known = user if user is not None and user.from_s <= call.started_s else None
        draws = self._draws(call, number, known)
        if draws:
            micros = rest_micros(number.terms, call.billsec - sum(draws.values()))
        becomes = self._becomes(call, known) if micros else "charge"
        if becomes == "suspend":
            self.expected.outcomes[NO_USER_CAPABILITY] += 1
            return
        self._use(tenant_id, draws)
        is_waived = becomes == "waive"
        if is_waived:
            self.expected.waived_micros[tenant_id] += micros
        else:
            self._owe(call, micros)
        self.expected.charge(tenant_id, micros)
        if user is not None:
            self._count(user, call, 0 if is_waived else micros, draws)

    def _draws(self, call: Call, number: Number, known: User | None) -> dict[str, int]:
        """Return what pools pay of a call."""
        pools = self.pools[call.tenant.tenant_id]
        if not pools.held:
            return {}
        country = call.tenant.country if known is None else known.country
        asked = PaidCall(
            call.direction, call.call_type, country, number.country, number.number_type
        )
        return pools.draws(asked, call.started_s, call.billsec, known)

    def _becomes(self, call: Call, known: User | None) -> str:
        """Return what becomes of what money would pay: who calls out must have been allowed to spend it."""
        if call.direction != "out" or (known is not None and known.may_spend):
            return "charge"
        return self.contracts.staff.becomes.get(call.tenant.tenant_id, "charge")

    def _use(self, tenant_id: str, draws: dict[str, int]) -> None:
        if draws:
            pools = self.pools[tenant_id]
            pools.use(draws)
            self.expected.pooled += 1
            self.expected.used_s[tenant_id] = pools.used_s

    def _owe(self, call: Call, micros: int) -> None:
        """Let the month owe what lots do not have, where the call is paid later; else it is debt."""
        tenant_id = call.tenant.tenant_id
        mode = self.contracts.later.get(tenant_id)
        if mode is None or call.started_s < mode.from_s:
            return
        left = max(self.expected.balance_micros(tenant_id), 0)
        if micros > left:
            month = month_of(call.started_s)
            self.expected.owed_micros[tenant_id][month] += micros - left

    def _count(self, user: User, call: Call, micros: int, draws: dict[str, int]) -> None:
        """Count the money of an outgoing call, and the seconds of pools that the user has alone."""
        counts = self.expected.users[user.tenant_id, user.user_id]
        if call.direction == "out" and micros:
            counts.spent_micros[month_of(call.started_s)] += micros
        own = f"/user={user.user_id}"
        counts.used_s.update({name: s for name, s in draws.items() if name.endswith(own)})
