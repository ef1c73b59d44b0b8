"""What is allowed by a status is neither suspended by charging nor owed beyond the month's credit limit."""

from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from rater.core import engine
from rater.core.account.account import Account
from rater.core.account.contract import BillingMode, Contract
from rater.core.account.entitlement import Entitlement
from rater.core.account.journal import Journal
from rater.core.account.status import status_of
from rater.core.account.user import User, Users
from rater.core.authorisation.judge import judge
from rater.core.authorisation.request import CallRequest, cdr_of
from rater.core.authorisation.standing import Standing
from rater.core.cdr import Source
from rater.core.limits import DURATION_S_MAX
from rater.core.suspension import Suspension
from rater.wire.authorisation.standings import Known, Standings
from tests.build import DAY, MINUTE, NOW, RULES, account, lot
from tests.core.authorisation.asking import request, user
from tests.core.authorisation.test_judge import with_plans
from tests.wire.authorisation.test_standings import known
from topics.catalog import CDR_RAW
from topics.records.contract import UnlicensedCalls

LIMIT = 500_000
SPENDER, OTHER = user(plan_ids=("CALLS",)), user(plan_ids=("CALLS",), credits_licence=False)
MARCH_ENDS_MS = 1_775_001_600_000


def post_paid(owed: int = 0, limit: int = LIMIT, *, micros: int = 0) -> Account:
    """Return an account that pays later up to a limit a month, of which so much is owed."""
    modes = [BillingMode(0, True, 2, limit)]
    contract = Contract(list[Entitlement](), modes, None, "charge", None, {"2026-03": owed})
    contract.billing.pays_later, contract.billing.limit = True, limit
    contract.billing.is_reached = 0 < limit <= owed
    return account(*([lot(remaining=micros)] if micros else []), contract=contract)


def stand(who: Account, asked: CallRequest, caller: User | None = None) -> Standing:
    """Return how an account stands by the status that it writes; the user is taken as it is."""
    standings, found = seen(who)
    there = standings.standing(found, asked)
    return Standing(there.account, there.blocked, there.pays_later, caller, there.credit_left)


def seen(who: Account) -> tuple[Standings, Known]:
    return known(status_of(who, NOW, with_plans().plans))


def test_of_a_post_paid_call_no_more_is_allowed_than_what_is_left_of_the_month() -> None:
    """0.02 a minute: 0.10 of 0.50 are left, and pay five minutes; with 0.05 of money seven, for it pays first."""
    asked = request()

    assert judge(stand(post_paid(400_000), asked), asked, RULES).longest_s == 300
    assert judge(stand(post_paid(400_000, micros=50_000), asked), asked, RULES).longest_s == 420
    free = judge(stand(post_paid(400_000, limit=0), asked), asked, RULES)
    assert free.longest_s == DURATION_S_MAX


def test_a_micro_beside_a_limit_that_is_reached_pays_no_call() -> None:
    """The account may do what a prepaid one with a micro may: what its money pays, and that is nothing."""
    who, asked = post_paid(LIMIT, micros=1), request()
    found = judge(stand(who, asked), asked, RULES)

    assert seen(who)[1].status.blocked == ()
    assert (found.allowed, found.reason) == (False, "credit_limit_too_low")
    assert found.detail == (
        "the least that the call costs is 20000 micros, the balance is 1, 0 are left of the month's credit limit"
    )
    assert judge(stand(post_paid(LIMIT), asked), asked, RULES).reason == "credit_limit"
    assert judge(stand(post_paid(LIMIT, micros=40_000), asked), asked, RULES).longest_s == 120


def test_a_month_that_has_begun_since_the_status_owes_nothing_yet() -> None:
    """What is left of March is 0.02; in April, of which no status speaks, 0.50."""
    last, first = request(at_ms=MARCH_ENDS_MS - 1), request(at_ms=MARCH_ENDS_MS)
    who = post_paid(480_000)

    assert judge(stand(who, last), last, RULES).longest_s == 60
    assert judge(stand(who, first), first, RULES).longest_s == 25 * 60


def test_a_limit_that_begins_within_the_month_counts_what_is_owed_of_it() -> None:
    who = post_paid(400_000, limit=0)
    assert who.contract is not None
    who.contract.billing_modes.append(BillingMode(NOW + DAY, True, 3, LIMIT))
    now, later = request(), request(at_ms=NOW + DAY)

    assert judge(stand(who, now), now, RULES, 7_200).longest_s == 7_200
    assert judge(stand(who, later), later, RULES).longest_s == 300


def unlicensed(policy: UnlicensedCalls, used_s: int = 300, *, micros: int = 60_000) -> Account:
    """Return an account with a pool of 300 s, and what becomes of the unlicensed."""
    used = {"2026-03/CALLS/all/DE": used_s}
    held = [Entitlement("CALLS", "DE", 0, 1, 3)]
    contract = Contract(held, list[BillingMode](), used, policy)
    return account(*([lot(remaining=micros)] if micros else []), contract=contract)


def test_where_the_unlicensed_are_suspended_nobody_unknown_may_call_for_money() -> None:
    asked, rules = request(user_id="eve"), with_plans()
    there = unlicensed("suspend")
    for caller in (None, OTHER):
        found = judge(stand(there, asked, caller), asked, rules)
        assert (found.allowed, found.reason, found.code) == (False, "no_user_capability", 580464)
    pooled = judge(stand(unlicensed("suspend", 60), asked), asked, rules)

    assert judge(stand(there, asked, SPENDER), asked, rules).longest_s == 180
    assert pooled.longest_s == 240
    assert judge(stand(unlicensed("charge"), asked), asked, rules).longest_s == 180


def test_where_the_unlicensed_are_waived_they_may_call_and_no_money_is_asked_for() -> None:
    asked, rules = request(user_id="eve"), with_plans()
    for caller in (None, OTHER):
        there = stand(unlicensed("waive", micros=1), asked, caller)
        assert judge(there, asked, rules, 7_200).longest_s == 7_200
    blocked = judge(stand(unlicensed("waive", micros=0), asked), asked, rules)

    assert blocked.reason == "balance_not_positive"


class Drawn(NamedTuple):
    """An account, and who calls."""

    account: Account
    caller: User | None
    policy: UnlicensedCalls


@st.composite
def drawn(draw: st.DrawFn) -> Drawn:
    policy: UnlicensedCalls = draw(st.sampled_from(("charge", "suspend", "waive")))
    micros = draw(st.sampled_from((0, 1, 19_999, 60_000)))
    who = unlicensed(policy, draw(st.sampled_from((0, 240, 300))), micros=micros)
    contract = who.contract
    assert contract is not None
    if draw(st.booleans()):
        owed = draw(st.sampled_from((0, 479_999, 480_000, LIMIT, 600_000)))
        contract.billing_modes.append(BillingMode(0, True, 2, LIMIT))
        contract.owed["2026-03"] = owed
        contract.billing.pays_later, contract.billing.limit = True, LIMIT
        contract.billing.is_reached = owed >= LIMIT
    return Drawn(who, draw(st.sampled_from((None, SPENDER, OTHER))), policy)


def is_beyond(case: Drawn, asked: CallRequest, seconds: int) -> bool:
    """Tell whether charging so long a call suspends it, makes debt, or owes more than may be."""
    who, cdr = case.account, cdr_of(asked, seconds)
    old = who.contract
    assert old is not None
    before = old.owed.get("2026-03", 0)
    modes = list(old.billing_modes)
    said = Contract(old.entitlements, modes, dict(old.used_s), case.policy, None, dict(old.owed))
    lots = [lot(remaining=each.remaining) for each in who.lots]
    copy, journal = account(*lots, contract=said), Journal()
    source = Source(CDR_RAW.name, 0, 7, cdr.ended_ms + MINUTE)
    users = Users(lambda _t, _u: case.caller)
    outcome = engine.charge(copy, cdr, source, with_plans(), journal, users)
    owed = said.owed.get("2026-03", 0)
    return isinstance(outcome, Suspension) or copy.debt > 0 or LIMIT < owed > before


@given(drawn())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_what_is_allowed_is_charged_and_a_second_more_would_be_beyond(case: Drawn) -> None:
    asked = request(user_id="ann")
    found = judge(stand(case.account, asked, case.caller), asked, with_plans(), 7_200)

    if found.allowed:
        assert found.longest_s is not None
        assert not is_beyond(case, asked, found.longest_s)
    longer = (found.longest_s or 0) + 1
    is_stricter = case.policy == "charge" and case.caller is OTHER
    # What the balance blocks may not start either, though nobody need pay it.
    is_stricter |= case.policy == "waive" and bool(seen(case.account)[1].status.blocked)
    if not is_stricter and longer <= 7_200:
        assert is_beyond(case, asked, longer)
