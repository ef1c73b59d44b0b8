"""From a month on the clocks are others: each instant is of one month, and no change alters the month of a charge."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.core.account.account import Account
from rater.core.account.contract import Contract
from rater.core.account.month import month_at, month_end_ms
from rater.core.account.past import KEPT_MS
from rater.core.account.zone_change import (
    ZoneChange,
    latest_time_zone,
    next_change_ms,
    time_zone_at,
    with_zone_change,
)
from rater.core.limits import DAY_MS, HOUR_MS, NEVER_MS
from tests.build import PLANS, account

ZONES = (
    "UTC",
    "Europe/Paris",
    "America/New_York",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Asia/Kolkata",
    # Midnight of a 1st is skipped, and the last hour of a month comes twice.
    "America/Asuncion",
    "Africa/Cairo",
)
FIRST = 1_704_103_200_000
LAST = FIRST + 700 * DAY_MS


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp()) * 1_000


def asked(there: Account, time_zone: str, now_ms: int) -> None:
    """Let an account have another time zone from its next month on."""
    contract = there.contract or Contract([], [])
    from_ms = month_end_ms(there, PLANS, now_ms)
    change = ZoneChange(from_ms, month_at(there, PLANS, from_ms), time_zone)
    there.time_zone, contract.zone_changes = with_zone_change(
        there.time_zone, contract.zone_changes, change, now_ms
    )
    there.contract = contract


def after(*changes: tuple[str, str], zone: str) -> Account:
    there = account(time_zone=zone)
    for now, time_zone in changes:
        asked(there, time_zone, ms(now))
    return there


@pytest.mark.parametrize(
    ("before", "later", "turn", "ends"),
    [
        # From west to east the new month is shorter, from east to west longer.
        ("America/New_York", "Europe/Paris", "2024-02-01T05:00:00Z", "2024-02-29T23:00:00Z"),
        ("Europe/Paris", "America/New_York", "2024-01-31T23:00:00Z", "2024-03-01T05:00:00Z"),
        ("Pacific/Pago_Pago", "Pacific/Kiritimati", "2024-02-01T11:00:00Z", "2024-02-29T10:00:00Z"),
        ("Pacific/Kiritimati", "Pacific/Pago_Pago", "2024-01-31T10:00:00Z", "2024-03-01T11:00:00Z"),
        ("UTC", "Asia/Kolkata", "2024-02-01T00:00:00Z", "2024-02-29T18:30:00Z"),
    ],
)
def test_the_month_ends_as_it_would_have_and_the_next_by_the_new_clocks(
    before: str, later: str, turn: str, ends: str
) -> None:
    there = after(("2024-01-10T12:00:00Z", later), zone=before)

    assert month_end_ms(there, PLANS, ms("2024-01-10T12:00:00Z")) == ms(turn)
    for each, month in ((ms(turn), "2024-02"), (ms(ends), "2024-03")):
        assert month_at(there, PLANS, each - 1) == f"2024-0{int(month[-1]) - 1}"
        assert month_at(there, PLANS, each) == month
    # Also where the new clocks still show January.
    for hours in range(27):
        assert month_end_ms(there, PLANS, ms(turn) + hours * HOUR_MS) == ms(ends)


def test_in_the_hours_that_the_new_clocks_count_to_the_old_month_the_next_is_asked_for() -> None:
    there = after(("2024-01-10T12:00:00Z", "America/New_York"), zone="Europe/Paris")
    asked(there, "Asia/Kolkata", ms("2024-02-01T01:00:00Z"))

    assert there.contract is not None
    assert there.contract.zone_changes[-1] == ZoneChange(
        ms("2024-03-01T05:00:00Z"), "2024-03", "Asia/Kolkata"
    )


def test_a_change_that_is_to_come_is_replaced_or_taken_back() -> None:
    there = after(
        ("2024-01-10T12:00:00Z", "America/New_York"),
        ("2024-01-31T22:59:59Z", "Asia/Kolkata"),
        zone="Europe/Paris",
    )
    turn = ms("2024-01-31T23:00:00Z")
    assert there.contract is not None
    assert there.contract.zone_changes == [ZoneChange(turn, "2024-02", "Asia/Kolkata")]
    assert next_change_ms(there.contract.zone_changes, turn - 1) == turn
    assert next_change_ms(there.contract.zone_changes, turn) == NEVER_MS

    asked(there, "Europe/Paris", ms("2024-01-20T12:00:00Z"))
    assert there.contract.zone_changes == []


def test_what_no_call_can_ask_for_any_more_is_let_go() -> None:
    first, second = (ZoneChange(at_ms, "2024-01", f"Z/{at_ms}") for at_ms in (5, 9))
    third = ZoneChange(KEPT_MS + 20, "2025-03", "Z/3")

    assert with_zone_change("Z/0", [first, second], third, KEPT_MS + 8) == (
        "Z/0",
        [first, second, third],
    )
    zone, kept = with_zone_change("Z/0", [first, second], third, KEPT_MS + 9)
    assert (zone, kept) == ("Z/5", [second, third])
    assert [time_zone_at(zone, kept, at_ms) for at_ms in (8, 9)] == ["Z/5", "Z/9"]
    assert latest_time_zone(zone, kept) == "Z/3"
    assert latest_time_zone(zone, []) == "Z/5"


REQUESTS = st.lists(
    st.tuples(st.integers(FIRST, LAST), st.sampled_from(ZONES)), min_size=1, max_size=8
).map(sorted)


@given(zone=st.sampled_from(ZONES), requests=REQUESTS)
def test_property_months_follow_each_other_without_a_gap(
    zone: str, requests: list[tuple[int, str]]
) -> None:
    there = account(time_zone=zone)
    for now_ms, time_zone in requests:
        asked(there, time_zone, now_ms)

    at_ms, found = FIRST - 40 * DAY_MS, []
    while at_ms < LAST:
        month, end_ms = month_at(there, PLANS, at_ms), month_end_ms(there, PLANS, at_ms)
        assert month_at(there, PLANS, end_ms - 1) == month
        found.append((month, at_ms))
        at_ms = end_ms
    for (month, _), (later, _) in pairwise(found):
        year, number = map(int, month.split("-"))
        assert later == f"{year + number // 12}-{number % 12 + 1:02}"
    for (_, begin), (_, end) in pairwise(found[1:]):
        assert 28 * DAY_MS - 27 * HOUR_MS <= end - begin <= 31 * DAY_MS + 27 * HOUR_MS


@given(
    zone=st.sampled_from(ZONES),
    requests=REQUESTS,
    later=st.sampled_from(ZONES),
    ahead_ms=st.integers(-400 * DAY_MS, 26 * DAY_MS),
)
def test_property_a_change_alters_no_month_of_a_call_that_may_have_been_charged(
    zone: str, requests: list[tuple[int, str]], later: str, ahead_ms: int
) -> None:
    there = account(time_zone=zone)
    for now_ms, time_zone in requests[:-1]:
        asked(there, time_zone, now_ms)
    now_ms = requests[-1][0]
    started_ms = min(now_ms, month_end_ms(there, PLANS, now_ms)) + ahead_ms
    before = month_at(there, PLANS, started_ms)
    asked(there, later, now_ms)

    assert month_at(there, PLANS, started_ms) == before
