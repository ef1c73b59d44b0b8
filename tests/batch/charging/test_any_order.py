"""Any order (R27): what one CDR's original, corrections and voids leave behind, however they come, and how often.

They are held against a purse of a few lines that knows nothing of corrections: it charges what stands in the end, once.
Prices are flat and by the minute, so that it needs no rating; lots pay in the order in which they were bought.
RATER_EXAMPLES=2000 runs long, at random.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from rater.core.account.account import Account
from tests.build import DAY, HOUR, MINUTE, NOW, RULES, Partition, Sent, call, command, opened, order
from tests.story_plans import with_plans
from tests.test_properties import FEW

MOBILE, LANDLINE, FREE, NOWHERE = "+33612345678", "+33142685300", "+78001234567", "+999123456"
PER_MINUTE = {MOBILE: 125_000, LANDLINE: 20_000, FREE: 0}
"""NOWHERE has no price."""
DEAREST = max(PER_MINUTE.values())
POOL_MINUTES = 3
"""Of small.toml, for one licence; what costs nothing draws none of them."""
PLANS = RULES.with_plans(with_plans(RULES.plans, "small.toml"))


class Version(NamedTuple):
    """What a version says."""

    kind: str
    minutes: int
    to: str


@dataclass
class Purse:
    """An account that only ever pays."""

    lots: list[int]
    pool: int = 0
    """Minutes that are left."""
    debt: int = 0
    spent: int = field(default=0, init=False)

    def pay(self, minutes: int, to: str) -> None:
        """Pay a call: from the pool, then by the lots, then by debt."""
        price = PER_MINUTE[to]
        pooled = min(self.pool, minutes) if price else 0
        self.pool -= pooled
        owed = (minutes - pooled) * price
        self.spent += owed
        for n, left in enumerate(self.lots):
            part = min(left, owed)
            self.lots[n] -= part
            owed -= part
        self.debt += owed

    def pay_what_stands(self, said: list[Version]) -> None:
        """Pay the highest version that has a price, unless it is a void."""
        priced = [each for each in said if each.kind == "void" or each.to in PER_MINUTE]
        if priced and priced[-1].kind != "void":
            self.pay(priced[-1].minutes, priced[-1].to)

    def shown(self) -> tuple[Any, ...]:
        held = [(f"L{n}", left) for n, left in enumerate(self.lots) if left]
        return sum(self.lots) - self.debt, self.debt, held, self.pool


def shown(account: Account) -> tuple[Any, ...]:
    used_s = sum({} if account.contract is None else account.contract.used_s.values())
    held = [(each.lot_id, each.remaining) for each in account.lots]
    return account.balance, account.debt, held, POOL_MINUTES - used_s // 60


minutes = st.integers(0, 6)
numbers = st.sampled_from((MOBILE, LANDLINE, FREE, NOWHERE))
firsts = st.builds(Version, st.just("final"), minutes, numbers)
laters = st.builds(Version, st.sampled_from(("correction", "correction", "void")), minutes, numbers)
histories = st.tuples(firsts, st.lists(laters, max_size=4)).map(lambda each: [each[0], *each[1]])
purses = st.lists(st.integers(1, 400_000), min_size=1, max_size=4)


def sent(said: list[Version], cdr_id: str = "c1", at_ms: int = NOW) -> list[Sent]:
    """Return the versions of a call as they are sent."""
    return [
        call(
            at_ms,
            ended_ms=NOW,
            cdr_id=cdr_id,
            version=number,
            kind=each.kind,
            billsec=60 * each.minutes,
            to=each.to,
            disposition="answered" if each.minutes else "busy",
            call_type="user_out",
            usage_country="FR",
        )
        for number, each in enumerate(said, 1)
    ]


def funded(lots: list[int], *, licences: int = 1) -> Partition:
    partition = opened(*((f"L{n}", each) for n, each in enumerate(lots)), rules=PLANS)
    held = [{"plan_id": "SMALL", "usage_country": "FR", "licences": licences}]
    since = {"valid_from": "2026-01-01T00:00:00Z"}
    return partition.take(command(order("set_entitlements", "e1", entitlements=held, **since)))


def taken(partition: Partition, records: list[Sent], data: st.DataObject) -> Partition:
    """Take records, cut into batches somewhere."""
    cuts = sorted(data.draw(st.sets(st.integers(0, len(records)), max_size=4)))
    for begin, end in zip([0, *cuts], [*cuts, len(records)], strict=True):
        partition.take(*records[begin:end])
    return partition


@FEW
@given(purses, histories, st.data())
def test_property_any_order_and_number_of_what_is_said_of_a_call_leaves_the_same(
    lots: list[int], said: list[Version], data: st.DataObject
) -> None:
    copies = [each for each in sent(said) for _ in range(data.draw(st.integers(1, 3)))]
    partition = taken(funded(lots), data.draw(st.permutations(copies)), data)

    purse = Purse(list(lots), POOL_MINUTES)
    purse.pay_what_stands(said)
    assert shown(partition.account()) == purse.shown()
    calls_without_price = {n for n, each in enumerate(said) if _waits(each)}
    assert len(partition.suspense) <= len(calls_without_price)
    assert sum(partition.outcomes[name] for name in QUIET) == len(copies)


QUIET = ("rated", "free", "voided", "superseded", "duplicate", "suspended.no_rate")


def _waits(each: Version) -> bool:
    return each.kind != "void" and each.to == NOWHERE and each.minutes > 0


Ages = st.lists(st.tuples(st.integers(1, 400_000), st.integers(0, 9)), min_size=1, max_size=4)


@FEW
@given(Ages, minutes, minutes, st.integers(0, 6), st.sampled_from((MOBILE, LANDLINE)))
def test_property_to_take_back_and_charge_anew_is_to_charge_right_up_to_what_expired_meanwhile(
    ages: list[tuple[int, int]], first: int, second: int, days: int, to: str
) -> None:
    """Lots die in so many days, or not for long. What expired meanwhile is at most the dearer of the two charges."""
    late = NOW + days * DAY + HOUR
    wrong, right = Version("final", first, to), Version("correction", second, to)
    corrected = aging(ages).take(*sent([wrong])).take(*sent([wrong, right], at_ms=late)[1:])
    alone = aging(ages).take(*sent([Version("final", second, to)]))
    alone.take(call(late, cdr_id="tick", billsec=0, disposition="busy"))

    assert worth(corrected) + forfeited(corrected) == worth(alone) + forfeited(alone)
    if not any(dies <= days for _, dies in ages):
        assert shown(corrected.account()) == shown(alone.account())
    assert abs(worth(corrected) - worth(alone)) <= max(first, second) * PER_MINUTE[to]


def aging(ages: list[tuple[int, int]]) -> Partition:
    """Return an account whose lots expire a few hours into a day from now on; 9: in a year."""
    partition = funded([], licences=0)
    for n, (micros, dies) in enumerate(ages):
        expires_ms = NOW + (365 if dies == 9 else dies) * DAY + MINUTE
        fields = {"lot_id": f"L{n}", "amount_micros": micros, "currency": "USD"}
        bought = {"purchased_at": _a_year_before(expires_ms)}
        partition.take(command(order("add_funds", f"f{n}", **fields, **bought)))
    return partition


def _a_year_before(at_ms: int) -> str:
    day = (at_ms - NOW) // DAY
    year, month, number = (2025, 3, 1 + day) if day < 30 else (2026, 3, 1)
    return f"{year}-{month:02}-{number:02}T12:01:00Z"


def worth(partition: Partition) -> int:
    """Return the balance and what lots in grace hold."""
    account = partition.account()
    return account.balance + sum(lot.remaining for lot in account.expired)


def forfeited(partition: Partition) -> int:
    return sum(entry.get("forfeited_micros", 0) for entry in partition.entries())


@FEW
@given(purses, st.lists(histories, min_size=1, max_size=5), st.integers(0, 1), st.data())
def test_property_among_other_calls_the_sum_is_right_but_for_what_the_pool_paid_of_which(
    lots: list[int], calls: list[list[Version]], licences: int, data: st.DataObject
) -> None:
    """Minutes that a correction gives back go to calls that come later: by at most the pool at the dearest price."""
    records = [
        each for n, said in enumerate(calls) for each in sent(said, f"c{n}") for _ in range(2)
    ]
    partition = taken(funded(lots, licences=licences), data.draw(st.permutations(records)), data)

    purse = Purse(list(lots), licences * POOL_MINUTES)
    for said in calls:
        purse.pay_what_stands(said)
    account, entries = partition.account(), partition.entries()
    charged = sum(each.get("charge_micros", 0) for each in entries)
    spent = charged - sum(each.get("reversed_micros", 0) for each in entries)
    assert abs(spent - purse.spent) <= licences * POOL_MINUTES * DEAREST
    assert account.balance == sum(lots) - spent
    assert account.balance == sum(lot.remaining for lot in account.lots) - account.debt
