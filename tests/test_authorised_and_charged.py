"""Authorised and charged: of accounts that have lived through everything, a call that may start is paid to its end.

The view has what a gatekeeper reads; the CDR is charged by a batch as it would be. The longest call that is allowed is
not suspended, leaves no debt, owes no more than the credit limit, costs no user more than its month's
limit; a second more would, and so would a second of one that is refused for want of money.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

import pytest

from rater.authorise import Permission, View, authorise
from rater.batch.charging.batch import decide
from rater.core.account.account import Account
from rater.core.account.contract import billing_mode_at
from rater.core.account.user_terms import terms_at
from rater.wire.account.state import decode_account
from tests.build import Stored
from tests.plan_build import allowance, plan, record
from tests.reconcile.everything import DEEDS, NUMBERS, USERS, YEARS, everything
from tests.reconcile.honest_worker import DAY_MS, PARTITIONS, START_MS, HonestWorker, at
from tests.reconcile.own_books import Entry, OwnBooks, whose
from tests.reconcile.tampering import differences
from tests.reconcile.test_whatever_pools_pay import COUNTRIES
from topics import catalog
from topics.records import FundingChain, PlanCatalog

SEEDS = range(21)
MANY = range(100, 400)
ASKED = 14
LONGEST_S = 20 * 86_400
READ = (
    *(catalog.RATE_DECKS, catalog.RATE_PLANS, catalog.CHARGING_SETTINGS),
    *(catalog.ACCOUNT_STATUS, catalog.USER_STATUS),
)
WANT_OF_MONEY = (
    "balance_too_low",
    "balance_not_positive",
    "credit_limit_too_low",
    "user_limit_too_low",
)


def view_of(worker: HonestWorker) -> View:
    view = View()
    for topic in READ:
        for _, each in worker.topics[topic.name]:
            view.take(topic.name, each.key, each.value)
    return view


def account_of(worker: HonestWorker, tenant: str) -> Account:
    value = worker.shards[worker.of(tenant)].accounts.get(tenant.encode())
    assert value is not None, tenant
    return decode_account(value)


@dataclass
class Asked:
    """A call that is asked for."""

    worker: HonestWorker
    tenant: str
    now_ms: int
    fields: dict[str, Any]

    def permission(self, view: View) -> Permission:
        fields = {"from_" if name == "from" else name: said for name, said in self.fields.items()}
        return authorise(
            view, tenant_id=self.tenant, at=at(self.now_ms), longest_s=LONGEST_S, **fields
        )

    def charge(self, seconds: int) -> Entry | None:
        """Return the charge of the call if it lasts so long, and changes nothing; None: it waits."""
        ended_ms = self.now_ms + seconds * 1_000
        began = at(self.now_ms)
        times = {"started_at": began, "answered_at": began, "ended_at": at(ended_ms)}
        cdr = {"cdr_id": "asked", "tenant_id": self.tenant, "billsec": seconds, **times}
        value = json.dumps(cdr | self.fields).encode()
        stored = Stored(10**9, ended_ms, self.tenant.encode(), value)
        shard = self.worker.shards[self.worker.of(self.tenant)]
        found = decide(shard, catalog.CDR_RAW.name, [stored], self.worker.rules, PARTITIONS, {})
        entries = [json.loads(value or b"") for _, value in found.outputs()[0][1]]
        return next((each for each in entries if each["kind"] == "charge"), None)

    def is_beyond(self, entry: Entry | None) -> bool:
        """Tell whether a charge is one that call control should not have let come about."""
        if entry is None:
            return True
        drawn: Counter[str] = Counter()
        for draw in entry.get("draws", []):
            drawn[draw.get("source", "lot")] += draw.get("amount_micros") or 0
        if drawn["shortfall"] or drawn["waived"]:
            # What nobody pays is beyond nothing.
            return drawn["shortfall"] > 0
        if drawn["lot"] and entry["balance_micros"] < 0 and not self._pays_later():
            # Debt stands beside promotional credit where a payment went back: the balance is what there is.
            return True
        return self._is_beyond_credit(drawn["post_paid"]) or self._is_beyond_user(entry)

    def _pays_later(self) -> bool:
        mode = billing_mode_at(account_of(self.worker, self.tenant).contract, self.now_ms)
        return mode is not None and mode.pays_later

    def _is_beyond_credit(self, micros: int) -> bool:
        contract = account_of(self.worker, self.tenant).contract
        mode = billing_mode_at(contract, self.now_ms)
        if not micros or contract is None or mode is None or not mode.limit:
            return False
        return contract.owed.get(self._month(), 0) + micros > mode.limit

    def _is_beyond_user(self, entry: Entry) -> bool:
        call = entry["call"]
        name = whose(call) or ""
        user = self.worker.shards[self.worker.of(self.tenant)].users.user(self.tenant, name)
        terms = None if user is None else terms_at(user.terms, self.now_ms)
        if user is None or terms is None or call["direction"] != "out":
            return False
        micros, limit = entry["charge_micros"], terms.monthly_spend_limit_micros
        is_over = limit is not None and user.spent.get(self._month(), 0) + micros > limit
        return bool(micros) and (is_over or not terms.credits_licence)

    def _month(self) -> str:
        account = account_of(self.worker, self.tenant)
        books = OwnBooks([])
        books.zone = account.time_zone
        for each in [] if account.contract is None else account.contract.zone_changes:
            turn = {"valid_from_ms": each.from_ms, "time_zone": each.time_zone}
            books.turns.append(turn | {"month": each.month})
        return books.month(self.now_ms)


def asked(worker: HonestWorker, seed: int) -> Iterator[Asked]:
    """Draw calls that are asked for after a history."""
    chance = Random(seed)
    for _ in range(ASKED):
        inbound = chance.random() < 0.1
        direction: Literal["in", "out"] = "in" if inbound else "out"
        named = {
            "direction": direction,
            "to": "+18005550100" if inbound else chance.choice(NUMBERS),
            "from": "+12065550100" if inbound else None,
            "service_number_type": "toll_free" if inbound else None,
            "call_type": chance.choice(("user_out", "user_out", "conf_out")),
            "usage_country": chance.choice((None, *COUNTRIES)),
            "user_id": chance.choice((None, "eve", *USERS)),
            "organizer_id": chance.choice((None, None, *USERS)),
            "routing_number": chance.choice((None, None, None, "+33612345678")),
        }
        fields = {name: said for name, said in named.items() if said is not None}
        now_ms = worker.now_ms + chance.choice((0, 1, 500))
        yield Asked(worker, chance.choice(("acme", "acme", "bare")), now_ms, fields)


def prove(seed: int, steps: int = 40, deeds: tuple[str, ...] = DEEDS) -> Counter[str]:
    """Ask and charge after a history; return what came of the calls."""
    worker = everything(seed, steps, deeds)
    worker.flush()
    view, found = view_of(worker), Counter[str]()
    for call in asked(worker, seed):
        said = call.permission(view)
        found[said.reason or "allowed"] += 1
        if said.allowed and said.max_duration_s is not None:
            longest_s = said.max_duration_s
            assert not call.is_beyond(call.charge(longest_s)), (call.fields, said)
            if longest_s < LONGEST_S and not _holds(worker, call.tenant):
                assert call.is_beyond(call.charge(longest_s + 1)), (call.fields, said)
        elif said.reason in WANT_OF_MONEY:
            entry = call.charge(1)
            # A class that is blocked stays so, though charging would let nobody pay; grace is no reason to call.
            assert call.is_beyond(entry) or _is_waived(entry) or _is_grace(entry), (
                call.fields,
                said,
                entry,
            )
    return found


def _is_waived(entry: Entry | None) -> bool:
    draws = [] if entry is None else entry.get("draws", [])
    return any(each.get("source") == "waived" for each in draws)


def _is_grace(entry: Entry | None) -> bool:
    return entry is not None and entry.get("reason") == "grace"


def _holds(worker: HonestWorker, tenant: str) -> bool:
    """Tell whether the breaker denies money that is there."""
    account = account_of(worker, tenant)
    return account.spending.held > 0 or account.balance <= 0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_call_that_may_start_is_paid_to_its_end_and_not_a_second_longer(seed: int) -> None:
    prove(seed)


@pytest.mark.parametrize("seed", SEEDS[:6])
def test_calls_of_tenants_that_have_moved_for_years_are_paid_to_their_end(seed: int) -> None:
    prove(seed, 80, YEARS)


@pytest.mark.slow
@pytest.mark.parametrize("seed", MANY)
def test_many_calls_of_tenants_that_have_moved_for_years_are_paid_to_their_end(seed: int) -> None:
    prove(seed, 80, YEARS)


@pytest.mark.slow
@pytest.mark.parametrize("seed", MANY)
def test_many_calls_that_may_start_are_paid_to_their_end(seed: int) -> None:
    prove(seed)


def before_the_turn(
    plans: PlanCatalog, user: str | None, *, later: bool
) -> tuple[HonestWorker, int, dict[str, str]]:
    """Return a worker a day before a month begins, when that is, and whose the calls are, as their CDRs say it."""
    worker = HonestWorker(plans=plans)
    turn_ms = START_MS + 31 * DAY_MS
    worker.now_ms = turn_ms - DAY_MS
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "A", 250_000)
    rows = [{"plan_id": "ONE", "usage_country": "FR", "licences": 1}]
    worker.command("acme", "set_entitlements", entitlements=rows)
    if later:
        worker.command("acme", "set_billing_mode", mode="post_paid", credit_limit_micros=500_000)
    terms = {"usage_country": "FR", "plan_ids": ["ONE"], "credits_licence": True}
    if user is not None:
        worker.command(
            "acme", "set_user", user_id=user, monthly_spend_limit_micros=375_000, **terms
        )
    worker.work()
    who = {"usage_country": "FR"} | ({} if user is None else {"user_id": user})
    return worker, turn_ms, who


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("user", [None, "ann"])
def test_a_record_of_a_month_that_is_over_hides_nothing_of_the_next(
    later: bool,  # noqa: FBT001
    user: str | None,
) -> None:
    """A charge of the new month comes before a record with a time of the old one, and nothing after that."""
    chains = (FundingChain("*", ("calling_plan", "credits")),)
    plans = record(
        plan("ONE", allowance("all", 600)), valid_from=at(START_MS - DAY_MS), chains=chains
    )
    worker, turn_ms, who = before_the_turn(plans, user, later=later)

    worker.now_ms = turn_ms + 800_000
    worker.call("acme", "c1", billsec=660, ended_ms=turn_ms + 700_000, **who)
    worker.work()
    worker.now_ms = turn_ms - 500
    worker.call("acme", "c2", "+12065550100", billsec=60, ended_ms=turn_ms - 1_000, **who)
    worker.work()
    worker.flush()

    fields = {"direction": "out", "to": "+33612345678", **who}
    call = Asked(worker, "acme", turn_ms + 900_000, fields)
    said = call.permission(view_of(worker))
    assert differences(dict(worker.topics)) == []
    assert said.allowed
    assert said.max_duration_s is not None
    assert not call.is_beyond(call.charge(said.max_duration_s)), said
    assert call.is_beyond(call.charge(said.max_duration_s + 1)), said


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("user", [None, "ann"])
@pytest.mark.parametrize("per", ["licence", "user"])
def test_a_platform_whose_clock_is_ahead_at_the_turn_of_the_month_hides_nothing_of_the_next(
    later: bool,  # noqa: FBT001
    user: str | None,
    per: Literal["licence", "user"],
) -> None:
    """Its call of the new month is charged before the month begins here, and nothing comes after that."""
    chains = (FundingChain("*", ("calling_plan", "credits")),)
    small = plan("ONE", allowance("all", 600, per=per))
    plans = record(small, valid_from=at(START_MS - DAY_MS), chains=chains)
    worker, turn_ms, who = before_the_turn(plans, user, later=later)

    worker.now_ms = turn_ms - 500
    worker.call("acme", "c1", billsec=780, ended_ms=turn_ms + 800_000, **who)
    worker.work()
    worker.flush()

    fields = {"direction": "out", "to": "+33612345678", **who}
    call = Asked(worker, "acme", turn_ms + 5_000, fields)
    said = call.permission(view_of(worker))
    assert differences(dict(worker.topics)) == []
    if said.max_duration_s:
        assert not call.is_beyond(call.charge(said.max_duration_s)), said
    assert call.is_beyond(call.charge((said.max_duration_s or 0) + 1)), said


def test_such_calls_are_of_all_kinds() -> None:
    found: Counter[str] = Counter()
    for seed in SEEDS:
        found += prove(seed)

    kinds = (
        "allowed",
        "no_user_capability",
        "credit_limit_too_low",
        "balance_not_positive",
        "no_credits",
        "restricted",
    )
    assert all(found[kind] > 1 for kind in kinds), found
