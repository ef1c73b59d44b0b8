"""Standings: the account that a status says is the one that wrote it, for all that a call may cost."""

from dataclasses import dataclass
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from rater.core.account.account import Account
from rater.core.account.contract import BillingMode, Contract
from rater.core.account.entitlement import Entitlement
from rater.core.account.month import month_at
from rater.core.account.status import status_of
from rater.core.account.zone_change import ZoneChange
from rater.core.authorisation.judge import judge
from rater.core.authorisation.standing import Standing
from rater.core.authorisation.verdict import Verdict
from rater.core.limits import DURATION_S_MAX
from rater.core.pricing.decks import DeckBook
from rater.core.pricing.plans.book import NO_BOOK
from rater.wire.authorisation.answers import answer_of, encode_answer
from rater.wire.authorisation.standings import Known, Standings
from tests.build import DAY, NOW, PLANS, RULES, UNIT, account, deck, lot
from tests.core.authorisation.asking import charged, request
from tests.core.authorisation.test_judge import accounts, rows, with_plans
from topics.records import AccountStatus, CarriedBillingMode, PoolUse, UserStatus, UserTerms


@dataclass
class Written:
    """A status on its topic."""

    status: AccountStatus

    @property
    def record(self) -> tuple[bytes, bytes]:
        return self.status.tenant_id.encode(), msgspec.json.encode(self.status)


def known(status: AccountStatus) -> tuple[Standings, Known]:
    standings = Standings()
    standings.take(*Written(status).record)
    found = standings.known(status.tenant_id)
    assert found is not None
    return standings, found


def stood(who: Account, at_ms: int = NOW, **changes: Any) -> Standing:
    status = msgspec.structs.replace(status_of(who, NOW, with_plans().plans), **changes)
    standings, found = known(status)
    return standings.standing(found, request(at_ms=at_ms))


def test_what_a_status_says_is_what_a_price_asks_of_an_account() -> None:
    who = account(lot("L1", 3, NOW + DAY), lot("L2", 4, NOW + 2 * DAY), decks=("acs", "other"))
    found = stood(who)
    there = found.account

    assert (there.currency, there.decks, there.time_zone) == ("USD", ("acs", "other"), "UTC")
    assert (there.balance, there.debt, there.seq) == (7, 0, who.seq)
    assert [(each.expires_ms, each.remaining) for each in there.lots] == [
        (NOW + DAY, 3),
        (NOW + 2 * DAY, 4),
    ]
    assert (found.blocked, found.pays_later, there.contract) == ({}, False, None)


def test_an_account_without_a_balance_and_one_that_is_closed_block_what_their_status_says() -> None:
    empty, closed = stood(account(debt=5)), stood(account(lot(), closed_ms=NOW - 1))

    assert set(empty.blocked) == {"conference_dial_out", "international", "overage", "toll_free"}
    assert empty.blocked["toll_free"] == ("balance_not_positive", None)
    assert judge(empty, request(), RULES).reason == "balance_not_positive"
    assert judge(closed, request(), RULES).reason == "account_closed"
    assert judge(closed, request("112"), RULES).allowed


def test_a_change_of_the_billing_mode_that_is_to_come_holds_from_its_instant_on() -> None:
    later = (CarriedBillingMode("post_paid", NOW + DAY, 9),)
    before = stood(account(debt=5), NOW, modes_to_come=later)
    after = stood(account(debt=5), NOW + DAY, modes_to_come=later)

    assert (before.pays_later, judge(before, request(), RULES).reason) == (False, "balance_not_positive")  # fmt: skip
    assert (after.pays_later, judge(after, request(), RULES, 600).longest_s) == (True, 600)


def test_the_latest_status_is_what_is_known_and_a_record_without_a_value_ends_a_tenant() -> None:
    standings, _ = known(status_of(account(lot(remaining=UNIT)), NOW, NO_BOOK))
    standings.take(*Written(status_of(account(lot(remaining=2 * UNIT)), NOW, NO_BOOK)).record)
    found = standings.known("acme")
    assert found is not None
    assert (found.account.balance, len(standings)) == (2 * UNIT, 1)

    standings.take(b"acme", None)
    standings.take(None, b"{}")
    assert (standings.known("acme"), len(standings)) == (None, 0)


def test_a_long_status_is_read_once_until_another_comes() -> None:
    held = [Entitlement(f"PLAN-{n}", "DE", 0, 1, 3) for n in range(100)]
    who = account(lot(remaining=UNIT), contract=Contract(held, list[BillingMode]()))
    standings, found = known(status_of(who, NOW, NO_BOOK))
    assert standings.known("acme") is found

    standings.take(*Written(status_of(account(lot(remaining=2 * UNIT)), NOW, NO_BOOK)).record)
    again = standings.known("acme")
    assert again is not None
    assert again.account.balance == 2 * UNIT


def test_a_status_that_cannot_be_read_is_a_tenant_of_whom_nothing_is_known() -> None:
    standings = Standings()
    standings.take(b"acme", b'{"tenant_id":"acme"}')

    assert standings.known("acme") is None


@given(rows(), accounts(), st.sampled_from((61, DURATION_S_MAX)))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_the_longest_call_by_a_status_charged_to_its_account_never_leaves_less_than_nothing(
    priced: Any, who: Account, most_s: int
) -> None:
    rules = with_plans().with_book(DeckBook.of([deck(*priced)]))
    found = judge(stood(who), request(), rules, most_s)

    if found.allowed and found.rated is not None and found.rated.charge_micros:
        assert found.longest_s is not None
        entry = charged(who, request(), found.longest_s, rules)
        assert entry is not None
        assert entry.charge_micros == found.rated.charge_micros


def test_an_answer_says_what_it_was_decided_by() -> None:
    standings, found = known(status_of(account(lot(remaining=1_010_000), seq=7), NOW, NO_BOOK))
    verdict = judge(standings.standing(found, request()), request(), RULES)
    said = msgspec.json.decode(encode_answer(answer_of(verdict, found, 120)))

    assert said == {
        "allowed": True,
        "max_duration_s": 3_000,
        "reason": None,
        "code": None,
        "detail": None,
        "charge_micros": 1_000_000,
        "waived_micros": 0,
        "pools_s": 0,
        "currency": "USD",
        "account_seq": 7,
        "deck_id": "acs",
        "deck_version": 1,
        "plan_version": None,
        "settings_version": 0,
        "view_age_ms": 120,
        "hold_id": None,
    }
    waives = Contract([], [], unlicensed_calls="waive")
    there = account(lot(remaining=1_010_000), seq=7, contract=waives)
    standings, found = known(status_of(there, NOW, NO_BOOK))
    verdict = judge(standings.standing(found, request()), request(), RULES, 60)
    answer = answer_of(verdict, found, 120)
    assert (answer.charge_micros, answer.waived_micros, answer.pools_s) == (20_000, 20_000, 0)
    blind = answer_of(Verdict(False, 0, "stale"), None, None)
    assert (blind.charge_micros, blind.waived_micros, blind.pools_s) == (None, None, None)
    assert (blind.allowed, blind.max_duration_s) == (False, 0)
    assert (blind.account_seq, blind.view_age_ms) == (None, None)


def test_a_user_is_as_its_status_says_and_a_record_without_a_value_ends_it() -> None:
    later = UserTerms(NOW + DAY, 6, "FR", "none", "any")
    pool = PoolUse("2026-03/OWN/all/user=ann", 240, 600)
    status = UserStatus(
        tenant_id="acme",
        user_id="ann",
        seq=5,
        at_ms=NOW,
        valid_from_ms=NOW - DAY,
        usage_country="DE",
        outbound_calls="any",
        conference_dial_out="zone",
        month="2026-03",
        spent_micros=19_800_000,
        plan_ids=("OWN",),
        credits_licence=True,
        limit_micros=20_000_000,
        pools=(pool,),
        later=(later,),
    )
    standings, found = known(status_of(account(lot()), NOW, NO_BOOK))
    standings.take_user(b"acme/ann", msgspec.json.encode(status))
    ann = standings.standing(found, request(user_id="ann")).user

    ahead = msgspec.structs.replace(status, month="2026-12", spent_ahead_micros=7)
    standings.take_user(b"acme/ann", msgspec.json.encode(ahead))
    later_ann = standings.standing(found, request(user_id="ann")).user
    standings.take_user(b"acme/ann", msgspec.json.encode(status))

    assert later_ann is not None
    assert later_ann.spent == {"2026-12": 19_800_000, "2027-01": 7}
    assert ann is not None
    assert (ann.spent, ann.used_s) == ({"2026-03": 19_800_000}, {pool.pool: 240})
    assert [each.valid_from_ms for each in ann.terms] == [NOW - DAY, NOW + DAY]
    first = ann.terms[0]
    assert (first.plan_ids, first.credits_licence, first.conference_dial_out) == (
        ("OWN",),
        True,
        "zone",
    )
    assert first.monthly_spend_limit_micros == 20_000_000
    asked = request(call_type="conf_out", user_id="bob", organizer_id="ann")
    assert standings.standing(found, asked).user == ann
    assert standings.standing(found, request(user_id="bob", organizer_id="ann")).user is None
    assert standings.standing(found, request(user_id="bob")).user is None
    assert standings.standing(found, request()).user is None
    standings.take_user(b"acme/ann", b"{}")
    assert standings.standing(found, request(user_id="ann")).user is None
    standings.take_user(b"acme/ann", None)
    assert standings.standing(found, request(user_id="ann")).user is None


def test_what_a_status_says_of_time_zones_gives_the_months_of_the_account() -> None:
    changes = [
        ZoneChange(NOW - 40 * DAY, "2026-01", "Asia/Tokyo"),
        ZoneChange(NOW - 2 * DAY, "2026-02", "America/New_York"),
        ZoneChange(NOW + 29 * DAY, "2026-03", "Europe/Paris"),
    ]
    who = account(time_zone="UTC", contract=Contract([], [], zone_changes=changes))
    there = stood(who).account

    assert there.time_zone == "Asia/Tokyo"
    assert there.contract == Contract([], [], zone_changes=changes[1:])
    for days in range(-30, 60):
        at_ms = NOW + days * DAY
        assert month_at(there, PLANS, at_ms) == month_at(who, PLANS, at_ms)
