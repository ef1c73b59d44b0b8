"""What is told of a user: what is blocked and why, until when, and how often."""

from typing import Any

import pytest

from rater.core.account.contract import Contract
from rater.core.account.entitlement import Entitlement
from rater.core.account.user import User
from rater.core.account.user_status import blocked_bits, note_user, status_of_user
from rater.core.limits import STATUS_EVERY_MS
from rater.core.pricing.plans.book import PlanBook
from rater.wire.pricing.zones import zone_of
from tests.build import DAY, NOW, RULES, account
from tests.plan_build import allowance, catalog, plan
from topics.records import BlockedCalls, PoolUse, UserStatus, UserTerms
from topics.records.plans import MinutePrice

MARCH = "2026-03"
OWN = plan("OWN", allowance("all", 600, per="user"))
ZONED = RULES.with_plans(PlanBook([catalog(OWN)], zone_of))
THERE = account(
    seq=9, time_zone="Europe/Paris", contract=Contract([Entitlement("OWN", "DE", 0, 2, 3)], [])
)


def terms(spends: bool = True, limit: int | None = None, **fields: Any) -> UserTerms:  # noqa: FBT001, FBT002
    said: dict[str, Any] = {
        "outbound_calls": "any",
        "conference_dial_out": "any",
        "valid_from_ms": 0,
    } | fields
    return UserTerms(
        said["valid_from_ms"],
        2,
        "DE",
        said["outbound_calls"],
        said["conference_dial_out"],
        said.get("plan_ids", ()),
        spends,
        limit,
    )


def told(user: User, at_ms: int = NOW) -> UserStatus:
    return status_of_user(user, THERE, ZONED, at_ms)


def reasons(status: UserStatus) -> dict[str, str]:
    return {each.call_type: each.reason for each in status.blocked}


def test_a_user_at_the_limit_may_make_no_call_until_the_month_is_over() -> None:
    ann = User("acme", "ann", (terms(limit=20),), {MARCH: 20, "2026-02": 90})
    status = told(ann)

    assert (status.seq, status.month, status.spent_micros, status.limit_micros) == (
        9,
        MARCH,
        20,
        20,
    )
    assert set(reasons(status)) == {
        *("in_bundle", "conference_dial_out", "international", "overage"),
    }
    assert set(reasons(status).values()) == {"user_spend_limit"}
    # 1 April, 0:00 in Paris.
    assert status.blocked_until_ms == 1_774_994_400_000
    ann.spent[MARCH] = 19
    assert (told(ann).blocked, told(ann).blocked_until_ms) == ((), None)
    assert told(ann, 1_774_994_400_000).spent_micros == 0


@pytest.mark.parametrize(
    ("said", "blocked"),
    [
        (terms(), {}),
        (
            terms(spends=False),
            dict.fromkeys(
                ("conference_dial_out", "international", "overage"), "no_user_capability"
            ),
        ),
        (terms(outbound_calls="domestic"), {"international": "restricted"}),
        (
            terms(outbound_calls="none"),
            dict.fromkeys(("in_bundle", "international", "overage"), "restricted"),
        ),
        (terms(conference_dial_out="none"), {"conference_dial_out": "restricted"}),
        (terms(conference_dial_out="zone"), {}),
        (
            terms(spends=False, limit=1, outbound_calls="domestic"),
            {
                "in_bundle": "user_spend_limit",
                "international": "restricted",
                "overage": "no_user_capability",
                "conference_dial_out": "no_user_capability",
            },
        ),
    ],
)
def test_restriction_comes_before_licence_and_that_before_the_limit(
    said: UserTerms, blocked: dict[str, str]
) -> None:
    status = told(User("acme", "ann", (said,), {MARCH: 5}))

    assert reasons(status) == blocked
    assert status.blocked == tuple(sorted(status.blocked, key=lambda each: each.call_type))
    codes = {each.reason: each.code for each in status.blocked}
    assert codes.get("no_user_capability", 580464) == 580464
    assert BlockedCalls("international", "restricted") in status.blocked or (
        "restricted" not in blocked.values() or "international" not in blocked
    )


def test_own_pools_of_the_month_are_told_where_the_account_has_the_plan() -> None:
    name = f"{MARCH}/OWN/all/user=ann"
    used = {name: 60, "2026-02/OWN/all/user=ann": 600}
    ann = User("acme", "ann", (terms(plan_ids=("OWN", "OTHER")),), {}, used)

    assert told(ann).pools == (PoolUse(name, 60, 600),)
    assert told(User("acme", "bob", (terms(),))).pools == ()
    bare = account(seq=9, contract=Contract([], []))
    assert status_of_user(ann, bare, ZONED, NOW).pools == (PoolUse(name, 60, 0),)


def test_what_begins_later_is_said_and_what_has_not_begun_too() -> None:
    now, later = terms(), terms(spends=False, valid_from_ms=NOW + DAY)

    assert (told(User("acme", "ann", (now, later))).later) == (later,)
    only = told(User("acme", "ann", (later,)))
    assert (only.valid_from_ms, only.later) == (NOW + DAY, ())
    assert only.valid_from_ms > only.at_ms


def test_a_status_goes_out_at_once_where_what_is_blocked_changes_else_once_a_second() -> None:
    ann = User("acme", "ann", (terms(limit=20),), {MARCH: 1})
    statuses: list[UserStatus] = []
    note_user(ann, THERE, ZONED, NOW, statuses)
    assert (len(statuses), ann.is_owed, ann.told_ms) == (1, False, NOW)

    ann.spent[MARCH] = 2
    note_user(ann, THERE, ZONED, NOW + 1, statuses)
    assert (len(statuses), ann.is_owed) == (1, True)
    ann.spent[MARCH] = 20
    note_user(ann, THERE, ZONED, NOW + 2, statuses)
    assert (len(statuses), ann.is_owed) == (2, False)
    ann.spent[MARCH] = 21
    note_user(ann, THERE, ZONED, NOW + 2 + STATUS_EVERY_MS, statuses)
    assert [each.spent_micros for each in statuses] == [1, 20, 21]


def test_the_bits_are_those_that_a_row_may_have() -> None:
    all_of_them = terms(spends=False, limit=1, outbound_calls="none", conference_dial_out="none")
    assert blocked_bits(all_of_them, 1) == 1 | 2 | 8 | 16 <= 63


def test_what_is_used_of_a_pool_is_told_though_the_user_has_the_plan_no_more() -> None:
    """It may have it again, even by terms that are set already; and then this status is the latest."""
    name, old = f"{MARCH}/OWN/all/user=ann", "2026-02/OWN/all/user=ann"
    again = terms(valid_from_ms=NOW + DAY, plan_ids=("OWN",))
    ann = User("acme", "ann", (terms(), again), used_s={old: 60, name: 300})

    assert told(ann).pools == (PoolUse(name, 300, 0),)
    assert told(ann, NOW + DAY).pools == (PoolUse(name, 300, 600),)


def test_own_minutes_with_a_price_in_other_currencies_alone_are_not_there() -> None:
    """The account has dollars; what of them was used when they had no price stays said."""
    name = f"{MARCH}/OWN/all/user=ann"
    for prices, total_s in (((MinutePrice("EUR", 1),), 0), ((MinutePrice("USD", 1),), 600)):
        dear = plan("OWN", allowance("all", 600, per="user", prices=prices))
        rules = RULES.with_plans(PlanBook([catalog(dear)], zone_of))
        fresh = User("acme", "ann", (terms(plan_ids=("OWN",)),))
        used = User("acme", "ann", (terms(plan_ids=("OWN",)),), used_s={name: 60})

        pools = (PoolUse(name, 0, 600),) if total_s else ()
        assert status_of_user(fresh, THERE, rules, NOW).pools == pools
        assert status_of_user(used, THERE, rules, NOW).pools == (PoolUse(name, 60, total_s),)
