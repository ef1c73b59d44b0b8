"""Generate: the records of a plan, and what they must lead to.

The same plan and deck give the same bytes: every random choice comes from generators that the plan seeds. A tenant's
records stay in the order in which they are yielded when each partition is sent in order; that is what the expectation
rests on. Accounts come first: CDRs that arrive before theirs are `unknown_tenant`, which is not expected here.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import accumulate, chain, islice
from pathlib import Path
from random import Random
from typing import NamedTuple, TypeVar

from loadtest import billing, licences, promotional
from loadtest.accounts import Population, Record, commands, encode, tenant
from loadtest.allowances import LOAD_PLANS, PlanFile
from loadtest.arrivals import Arrivals
from loadtest.breakages import BREAKAGES
from loadtest.bursts import Bursts
from loadtest.calls import Call, Clock
from loadtest.calls import encode as encode_call
from loadtest.changes import Changes
from loadtest.corrections import Corrections
from loadtest.durations import durations
from loadtest.expected import Expected
from loadtest.numbers import Number, NumberPool
from loadtest.payers import Contracts, Payers
from loadtest.plan import PERCENT, Plan
from loadtest.tariff import Tariff
from loadtest.users import Callers, Staff
from topics.catalog import PARTITIONS
from topics.partitioner import partition_of

RECENT = 4_096
"""So many of the last calls may be repeated; a power of two."""
_GHOSTS = 20
_CONFERENCE_EVERY = 8
"""One in so many outgoing calls is dialled out of a conference."""
_UNANSWERED = ("no_answer", "busy", "failed", "cancelled")

Kind = Callable[[], Record]
T = TypeVar("T")


class Act(NamedTuple):
    """What tenants change, to be obeyed before the CDRs that follow; and these, to be taken before the next act."""

    changes: list[Record]
    cdrs: Iterator[Record]


class Workload:
    """The traffic of a plan. `expected` holds what the records yielded so far must lead to."""

    def __init__(self, plan: Plan, deck: Path, partitions: int = PARTITIONS) -> None:
        """Read the deck (a CSV file) that the accounts name and draw the numbers to call."""
        self.plan = plan
        self.partitions = partitions
        self.population = Population(plan, partitions)
        self.numbers = NumberPool.draw(Tariff.read(deck), Random(f"numbers {plan.seed}"))
        self.expected = self._opened = Expected()
        holdings = licences.holdings(plan, self.population)
        self.contracts = Contracts(
            PlanFile.read(LOAD_PLANS),
            holdings,
            Staff(plan, self.population, holdings),
            billing.who_pays_later(plan, self.population),
        )

    def commands(self) -> Iterator[Record]:
        """Yield the account commands; to be sent and accepted before the CDRs."""
        self.expected.funded_micros.clear()
        self.expected.purses.clear()
        population, agreed = self.population, self.contracts
        for each, command in chain(
            commands(self.plan, population, agreed.later),
            promotional.commands(self.plan, population),
            licences.commands(population, agreed.holdings),
            agreed.staff.commands(),
            billing.commands(population, agreed.later),
        ):
            if command["type"] == "add_funds":
                self.expected.fund(each.tenant_id, command)
            yield each.partition, each.key, encode(command)
        self._opened = self.expected

    def cdrs(self) -> Iterator[Record]:
        """Yield the CDRs; each pass begins anew and yields the same.

        Only after the commands: what they add to accounts is not owed later. Of a plan with changes: ValueError.
        """
        if self.plan.changes:
            raise ValueError(
                f"changes: {self.plan.changes}, must be 0 where CDRs are taken at once"
            )
        return chain.from_iterable(act.cdrs for act in self.acts())

    def acts(self) -> Iterator[Act]:
        """Yield the CDRs in acts, and what changes before each; otherwise as `cdrs`. Before the first nothing does."""
        opened = self._opened
        expected = self.expected = Expected(
            funded_micros=Counter(opened.funded_micros),
            purses={name: purse.copy() for name, purse in opened.purses.items()},
        )
        traffic = _Traffic(self, expected)
        records = traffic.records()
        size = -(-self.plan.cdrs // (self.plan.changes + 1))
        for number in range(self.plan.changes + 1):
            changed = traffic.changes.make(number) if number else []
            yield Act(changed, islice(records, size))


class _Traffic:
    """One pass over the CDRs of a plan."""

    def __init__(self, workload: Workload, expected: Expected) -> None:
        self.plan = plan = workload.plan
        self.partitions = workload.partitions
        self.tenants = workload.population.tenants
        self.shares = workload.population.shares
        self.numbers = workload.numbers
        self.expected = expected
        self.random = Random(f"calls {plan.seed}")
        self.durations = durations(plan)
        self.ghosts = [tenant(f"ghost-{k:02}", k, self.partitions) for k in range(_GHOSTS)]
        self.callers = Callers(plan, workload.contracts.staff)
        self.payers = Payers(workload.contracts, expected)
        self.changes = Changes(plan, workload.population, self.payers)
        self.is_hot = Random(f"hot {plan.seed}")
        self.arrivals = Arrivals(plan)
        self.bursts = Bursts(plan, self.tenants, self.numbers.priced)
        self.clock = Clock()
        self.corrections = Corrections(plan, expected, self.payers, self.clock)
        self.recent: list[Record] = []
        self.serial = 0
        self.prefix = f"{plan.seed:x}-{plan.start_ms:x}"

    def records(self) -> Iterator[Record]:
        shares, kinds = zip(*self._kinds(), strict=True)
        limits = list(accumulate(shares))
        draw = self.random.random
        last = len(kinds) - 1
        for serial in range(self.plan.cdrs):
            self.serial = serial
            kind = kinds[min(bisect_right(limits, draw() * PERCENT), last)]
            yield self.corrections.due(serial) or self._fraud() or kind()

    def _kinds(self) -> list[tuple[float, Kind]]:
        """Return each kind of record with its share; plain calls, last, take what is left."""
        plan = self.plan
        return [
            (plan.duplicates_pct, self._duplicate),
            (plan.conflicts_pct, self._conflict),
            (plan.unknown_prefix_pct, self._unknown_prefix),
            (plan.denied_pct, self._denied),
            (plan.unknown_tenant_pct, self._unknown_tenant),
            (plan.misrouted_pct, self._misrouted),
            (plan.unanswered_pct, self._unanswered),
            (plan.emergency_pct, self._emergency),
            (plan.inbound_pct, self._inbound),
            (plan.toll_free_pct, self._toll_free),
            *((share, self._broken(reason)) for reason, share in plan.broken),
            (plan.corrections / 2, self._told_wrong),
            (PERCENT, self._plain),
        ]

    def _plain(self) -> Record:
        number = self._pick(self.numbers.priced)
        call = self._call(number.text)
        if self.serial % _CONFERENCE_EVERY == 0:
            call.call_type = "conf_out"
            self.callers.organize(call)
        return self._charged(call, number)

    def _told_wrong(self) -> Record:
        number = self._pick(self.numbers.priced)
        call = self._call(number.text)
        return self.corrections.begin(call, number) or self._charged(call, number)

    def _fraud(self) -> Record | None:
        """Return a call of a burst; None where there is none now."""
        if (burst := self.bursts.at(self.serial)) is None:
            return None
        call = self._call(burst.number.text)
        call.tenant = burst.tenant
        self.callers.name(call)
        return self._charged(call, burst.number)

    def _toll_free(self) -> Record:
        if not self.numbers.toll_free:
            return self._plain()
        number = self._pick(self.numbers.toll_free)
        call = self._call(number.text)
        call.direction, call.call_type, call.number_type = "in", "conf_in", "toll_free"
        self.callers.organize(call)
        return self._charged(call, number)

    def _inbound(self) -> Record:
        call = self._call("")
        call.direction, call.call_type, call.to = "in", "user_in", call.tenant.number
        return self._charged(call, None)

    def _emergency(self) -> Record:
        return self._charged(self._call("112"), None)

    def _unanswered(self) -> Record:
        call = self._call(self._pick(self.numbers.priced).text)
        call.billsec = 0
        call.disposition = _UNANSWERED[self.serial % len(_UNANSWERED)]
        return self._charged(call, None)

    def _charged(self, call: Call, number: Number | None) -> Record:
        """Expect a charge; without a number the call is free by itself."""
        if number is None:
            self.expected.charge(call.tenant.tenant_id, None)
        else:
            self.payers.charge(call, number)
        return self._remembered(call)

    def _unknown_prefix(self) -> Record:
        return self._unpriced(self.numbers.unknown, "suspended.no_rate")

    def _denied(self) -> Record:
        return self._unpriced(self.numbers.denied, "suspended.denied")

    def _unpriced(self, numbers: list[Number], outcome: str) -> Record:
        if not numbers:
            return self._plain()
        self.expected.outcomes[outcome] += 1
        return self._remembered(self._call(self._pick(numbers).text))

    def _unknown_tenant(self) -> Record:
        call = self._call(self._pick(self.numbers.priced).text)
        call.tenant = self._pick(self.ghosts)
        self.expected.outcomes["suspended.unknown_tenant"] += 1
        return self._remembered(call)

    def _misrouted(self) -> Record:
        """Send a good CDR under another key, or under its own key to another partition."""
        call = self._call(self._pick(self.numbers.priced).text)
        self.expected.outcomes["suspended.misrouted"] += 1
        value = encode_call(call, self.clock)
        if self.serial & 1 and self.partitions > 1:
            return (call.tenant.partition + 1) % self.partitions, call.tenant.key, value
        key = b"lost-" + call.tenant.key
        return partition_of(key, self.partitions), key, value

    def _broken(self, reason: str) -> Kind:
        breakage = BREAKAGES[reason]

        def make() -> Record:
            call = self._call(self._pick(self.numbers.priced).text)
            self.expected.outcomes[f"dead.{reason}"] += 1
            return call.tenant.partition, call.tenant.key, breakage(encode_call(call, self.clock))

        return make

    def _duplicate(self) -> Record:
        if not self.recent:
            return self._plain()
        self.expected.outcomes["duplicate"] += 1
        return self._pick(self.recent)

    def _conflict(self) -> Record:
        """Send a known id with another duration: a digit more in front."""
        if not self.recent:
            return self._plain()
        self.expected.outcomes["suspended.conflict"] += 1
        partition, key, value = self._pick(self.recent)
        assert value is not None
        return partition, key, value.replace(b'"billsec":', b'"billsec":1', 1)

    def _remembered(self, call: Call) -> Record:
        """Encode a call and keep it among those that may be repeated."""
        record = call.tenant.partition, call.tenant.key, encode_call(call, self.clock)
        if len(self.recent) < RECENT:
            self.recent.append(record)
        else:
            self.recent[self.serial % RECENT] = record
        return record

    def _call(self, to: str) -> Call:
        """Make an answered outgoing call of a tenant, busier ones more often."""
        draw = self.random.random
        index = bisect_right(self.shares, draw() * self.shares[-1])
        if self.plan.hot and self.is_hot.random() * PERCENT < self.plan.hot:
            index = 0
        ended_s = self.arrivals.ended_s(self.serial, draw())
        billsec = self._pick(self.durations)
        ring_s = 2 + self.serial % 9
        who = self.tenants[min(index, len(self.tenants) - 1)]
        cdr_id = f"{self.prefix}-{self.serial:08x}"
        call = Call(who, cdr_id, to, billsec, ended_s, ring_s, self.serial)
        self.callers.name(call)
        return call

    def _pick(self, items: list[T]) -> T:
        return items[int(self.random.random() * len(items))]
