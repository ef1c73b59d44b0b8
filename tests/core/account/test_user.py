"""What is counted of a user: money and own pools by month, bounded, and back again."""

from typing import Any

from rater.core.account.contract import BillingMode, Contract
from rater.core.account.entitlement import Entitlement
from rater.core.account.past import KEPT_MS
from rater.core.account.user import (
    User,
    Users,
    count_charge,
    count_reversal,
    is_of_user,
    own_pool,
    shared_name,
    usage_country_of,
    user_has_room,
)
from rater.core.limits import DAY_MS, USER_POOLS_MAX
from rater.reconcile.folds.user_state import MONTHS_MAX, POOLS_MAX
from tests.build import NOW, account, cdr
from topics import records as r
from topics.records.users import USER_POOLS_MAX as PUBLISHED_MAX

MARCH = "2026-03"
OWN = f"{MARCH}/OWN/all/user=ann"


def charged(micros: int = 0, at_ms: int = NOW, seq: int = 7, **fields: Any) -> r.Charge:
    direction = fields.pop("direction", "out")
    call = r.ChargedCall(direction, "+33142685300", at_ms, at_ms, 60, user_id="ann")
    head = (f"acme/{seq}", "acme", seq, at_ms, "cdr.raw.v1", 0, 7, "USD", -micros, 0, 0)
    return r.Charge(*head, "c1", "rated", micros, call, **fields)


def reversed_of(entry: r.Charge, *returns: r.Draw) -> r.ChargeReversed:
    head = ("acme/9", "acme", 9, entry.at_ms, "cdr.raw.v1", 0, 9, "USD", 0, 0, 0)
    return r.ChargeReversed(*head, "c1", 1, "void", 2, entry.entry_id, entry.charge_micros, returns)


def test_money_counts_in_its_month_and_seconds_in_their_pool() -> None:
    ann = User("acme", "ann")
    drawn = (r.Draw("pool", OWN, None, 60), r.Draw("pool", f"{MARCH}/CALLS/all/DE", None, 60))
    for _ in range(2):
        assert count_charge(ann, charged(5, draws=(*drawn, r.Draw("lot", "L1", 5))), MARCH)
    assert not count_charge(ann, charged(draws=drawn[1:]), MARCH)

    assert ann == User("acme", "ann", (), {MARCH: 10}, {OWN: 120})


def test_neither_incoming_calls_nor_what_is_waived_is_money_of_the_user() -> None:
    ann = User("acme", "ann")
    count_charge(ann, charged(5, draws=(r.Draw("lot", "L1", 5),), direction="in"), MARCH)
    count_charge(ann, charged(5, draws=(r.Draw("waived", None, 5),)), MARCH)

    assert ann == User("acme", "ann")


def test_what_is_taken_back_is_taken_off_unless_it_was_charged_before_the_user_was_set() -> None:
    ann = User("acme", "ann", (), {MARCH: 10}, {OWN: 60}, since_seq=7)
    entry = charged(5, seq=8, draws=(r.Draw("pool", OWN, None, 60), r.Draw("lot", "L1", 5)))
    count_reversal(ann, reversed_of(entry, r.Draw("pool", OWN, None, 60)), entry, MARCH)
    assert (ann.spent, ann.used_s) == ({MARCH: 5}, {OWN: 0})

    before = charged(5, seq=7, draws=(r.Draw("lot", "L1", 5),))
    count_reversal(ann, reversed_of(before), before, MARCH)
    assert ann.spent == {MARCH: 5}


def test_months_of_which_no_call_comes_any_more_are_forgotten() -> None:
    old = "2024-01/OWN/all/user=ann"
    ann = User("acme", "ann", (), {"2024-01": 5, "2026-02": 6}, {old: 60}, told_s={old: (60, 60)})
    draws = (r.Draw("pool", OWN, None, 60), r.Draw("lot", "L1", 1))
    count_charge(ann, charged(1, draws=draws), MARCH)

    assert (ann.spent, ann.used_s, ann.told_s) == ({"2026-02": 6, MARCH: 1}, {OWN: 60}, {})
    # Those that are kept, that of the call, which may lie a day ahead, and the ends of both.
    assert (KEPT_MS + 2 * DAY_MS) // (28 * DAY_MS) + 1 <= MONTHS_MAX


def test_own_pools_are_known_by_their_names_and_bounded() -> None:
    ann = User("acme", "ann")
    assert own_pool(f"{MARCH}/OWN/all", ann) == OWN
    assert shared_name(OWN, ann) == f"{MARCH}/OWN/all"
    assert shared_name(OWN, User("acme", "other")) == OWN
    assert is_of_user(OWN)
    assert not is_of_user(f"{MARCH}/CALLS/all/DE")
    assert not is_of_user(None)
    full = {f"{MARCH}/p{n}/all/user=ann": 1 for n in range(USER_POOLS_MAX)}
    assert not user_has_room(User("acme", "ann", (), {}, full), 1, NOW)
    assert user_has_room(User("acme", "ann", (), {}, full), 1, NOW + 2 * KEPT_MS)
    assert user_has_room(ann, 1, NOW)
    assert USER_POOLS_MAX == PUBLISHED_MAX == POOLS_MAX


def test_a_batch_reads_a_user_once_and_knows_which_it_has_changed() -> None:
    asked: list[str] = []

    def read(tenant_id: str, user_id: str) -> User | None:
        asked.append(user_id)
        return User(tenant_id, user_id) if user_id == "ann" else None

    users = Users(read)
    ann = users.find("acme", "ann")
    assert ann is not None
    assert users.find("acme", "ann") is ann
    assert (users.find("acme", "eve"), users.find("acme", "eve"), users.find("acme", None)) == (
        None,
        None,
        None,
    )
    assert (asked, users.changed) == (["ann", "eve"], {})
    users.change(User("acme", "eve"))
    assert users.find("acme", "eve") == User("acme", "eve")
    assert set(users.changed) == {("acme", "eve")}


def test_where_a_call_is_made_it_says_or_its_user_or_the_licences_if_all_are_for_one_country() -> (
    None
):
    def entitled(*countries: str) -> Contract:
        held = [Entitlement("CALLS", each, 0, 1, 3) for each in countries]
        return Contract(held, list[BillingMode]())

    terms = r.UserTerms(0, 4, "FR", "any", "any")
    ann = User("acme", "ann", (terms,))
    french, both = account(contract=entitled("FR")), account(contract=entitled("DE", "FR"))

    assert usage_country_of(both, cdr(usage_country="US"), ann) == "US"
    assert usage_country_of(both, cdr(), ann) == "FR"
    assert usage_country_of(french, cdr(), None) == "FR"
    assert usage_country_of(both, cdr(), None) is None
    assert usage_country_of(account(), cdr(), None) is None
