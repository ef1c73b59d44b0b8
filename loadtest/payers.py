"""Payers: who pays a call: pools, then lots; what these do not have is debt, or owed of the month, or nobody's."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from loadtest.allowances import Licences, PaidCall, PlanFile
from loadtest.billing import PaysLater
from loadtest.calls import Call
from loadtest.dated import Dated
from loadtest.expected import Expected, UserCounts
from loadtest.numbers import Number
from loadtest.pools import Pools, month_of
from loadtest.purse import Purse
from loadtest.tariff import charge_micros, rest_micros
from loadtest.users import Staff, User

NO_USER_CAPABILITY = "suspended.no_user_capability"


class Contracts(NamedTuple):
    """What the tenants of a plan have agreed to in the beginning, and the plans that there are."""

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
        self.unlicensed = dict(contracts.staff.becomes)
        self._modes: dict[str, Dated[PaysLater | None]] = {}
        self._users: dict[str, Dated[User | None]] = {}
        for tenant_id, mode in contracts.later.items():
            self.bill(tenant_id, mode.from_s, mode)
        for users in contracts.staff.users.values():
            for user in users:
                self.set_user(user)

    def set_user(self, user: User) -> None:
        """Let what a user may do hold from its instant on, for calls that come after this."""
        self._users.setdefault(user.user_id, Dated(None)).change(user.from_s, user)
        counts = self.expected.users.setdefault((user.tenant_id, user.user_id), UserCounts())
        counts.limit_micros, counts.may_spend = user.limit_micros, user.may_spend
        counts.outbound, counts.conferences = user.outbound, user.conferences

    def user(self, user_id: str) -> User | None:
        """Return what was set of a user last."""
        return self._users[user_id].last if user_id in self._users else None

    def bill(self, tenant_id: str, from_s: int, mode: PaysLater | None) -> None:
        """Let a tenant pay later from an instant on, for calls that come after this; None: before, again."""
        self._modes.setdefault(tenant_id, Dated(None)).change(from_s, mode)
        self.expected.owed_micros.setdefault(tenant_id, Counter())
        self.expected.prepaid_again.discard(tenant_id)
        if mode is None:
            self.expected.prepaid_again.add(tenant_id)
        else:
            self.expected.credit_limits[tenant_id] = mode.limit_micros

    def mode(self, tenant_id: str) -> PaysLater | None:
        """Return how a tenant pays, as it was set last."""
        return self._modes[tenant_id].last if tenant_id in self._modes else None

    def charge(self, call: Call, number: Number) -> None:
        """Expect a priced call to be charged; or to wait, where nobody may pay it."""
        assert number.terms is not None, number
        tenant_id, micros = call.tenant.tenant_id, charge_micros(number.terms, call.billsec)
        if not micros:
            self.expected.charge(tenant_id, None if number.terms.action == "free" else 0)
            return
        terms = self._terms(call)
        known = None if terms is None else terms.at(call.started_s)
        draws = self._draws(call, number, known)
        if draws:
            micros = rest_micros(number.terms, call.billsec, sum(draws.values()))
        becomes = self._becomes(call, known) if micros else "charge"
        if becomes == "suspend":
            self.expected.outcomes[NO_USER_CAPABILITY] += 1
            return
        self._use(tenant_id, draws)
        is_waived = becomes == "waive"
        if is_waived:
            self.expected.waived_micros[tenant_id] += micros
        else:
            self._pay(call, micros)
        self.expected.charge(tenant_id, micros)
        if terms is not None and terms.last is not None:
            self._count(terms.last, call, 0 if is_waived else micros, draws)

    def is_plain(self, call: Call, number: Number) -> bool:
        """Say whether money alone pays a priced call, of a tenant that pays before."""
        terms = self._terms(call)
        known = None if terms is None else terms.at(call.started_s)
        return (
            call.tenant.tenant_id not in self._modes
            and not self._draws(call, number, known)
            and self._becomes(call, known) == "charge"
        )

    def take_back(self, call: Call, lot_id: str, micros: int) -> None:
        """Let what one lot has paid of a plain call go back to it."""
        tenant_id, expected = call.tenant.tenant_id, self.expected
        expected.purses[tenant_id].give_back(lot_id, micros)
        expected.charged_micros[tenant_id] -= micros
        expected.charges[tenant_id] -= 1
        terms = self._terms(call)
        if terms is not None and terms.last is not None:
            self._count(terms.last, call, -micros, {})

    def _terms(self, call: Call) -> Dated[User | None] | None:
        """Return what was set of whose call it is; None: nobody has set such a user."""
        whose = call.persons.consumer(call.call_type) if call.persons else None
        return self._users.get(whose or "")

    def _draws(self, call: Call, number: Number, known: User | None) -> dict[str, int]:
        """Return what pools pay of a call."""
        pools = self.pools[call.tenant.tenant_id]
        if not pools.held.last:
            return {}
        country = call.tenant.country if known is None else known.country
        called = (number.country, number.number_type, number.own_type)
        asked = PaidCall(call.direction, call.call_type, country, *called)
        return pools.draws(asked, call.started_s, call.billsec, known)

    def _becomes(self, call: Call, known: User | None) -> str:
        """Return what becomes of what money would pay: who calls out must have been allowed to spend it."""
        if call.direction != "out" or (known is not None and known.may_spend):
            return "charge"
        return self.unlicensed.get(call.tenant.tenant_id, "charge")

    def _use(self, tenant_id: str, draws: dict[str, int]) -> None:
        if draws:
            pools = self.pools[tenant_id]
            pools.use(draws)
            self.expected.pooled += 1
            self.expected.used_s[tenant_id] = pools.used_s

    def _pay(self, call: Call, micros: int) -> None:
        """Let lots pay; what they do not have the month owes, where the call is paid later, or it is debt."""
        tenant_id = call.tenant.tenant_id
        purse = self.expected.purses.setdefault(tenant_id, Purse())
        unpaid = purse.pay(micros)
        if not unpaid:
            return
        mode = self._modes.get(tenant_id)
        if mode is None or mode.at(call.started_s) is None:
            purse.debt_micros += unpaid
        else:
            self.expected.owed_micros[tenant_id][month_of(call.started_s)] += unpaid

    def _count(self, user: User, call: Call, micros: int, draws: dict[str, int]) -> None:
        """Count the money of an outgoing call, and the seconds of pools that the user has alone."""
        counts = self.expected.users[user.tenant_id, user.user_id]
        if call.direction == "out" and micros:
            counts.spent_micros[month_of(call.started_s)] += micros
        own = f"/user={user.user_id}"
        counts.used_s.update({name: s for name, s in draws.items() if name.endswith(own)})
