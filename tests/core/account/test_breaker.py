"""The breaker: what passes a limit, and what is denied then."""

from typing import get_args

import pytest

from rater.core.account.account import NO_LIMIT, Account, HighRateWatch
from rater.core.account.breaker import (
    LIMITS,
    class_of,
    denied_by,
    hold,
    is_new_destination,
    note_destination,
    note_spend,
    passed,
    resume,
    spent_in_an_hour,
)
from rater.core.account.heads import entry_head
from rater.core.account.user import usage_country_of
from rater.core.call_classes import PAID_CALLS
from rater.core.limits import AMOUNT_MICROS_MAX, HIGH_RATE_KNOWN_MAX
from tests.build import DAY, HOUR, MINUTE, NOW, account, cdr, lot, source
from topics import records as r
from topics.records import LimitKind

HOUR_START = NOW - NOW % HOUR


def charge(
    there: Account, micros: int, at_ms: int = NOW, prefix: str = "+336", rate_nanos: int = 0
) -> r.Charge:
    fields = entry_head(there, source(at_ms), -micros, 0)
    call = r.ChargedCall("out", "+33612345678", at_ms, at_ms + 60_000, 60)
    lines = (r.ChargeLine("usage", micros, 60, rate_nanos, 30),)
    return r.Charge(*fields, "c1", "rated", micros, call, prefix=prefix, lines=lines)


def spent(there: Account, *charges: tuple[int, int]) -> Account:
    for at_ms, micros in charges:
        note_spend(there.spending, micros, at_ms)
    return there


def test_the_limits_are_the_published_ones() -> None:
    assert {*LIMITS, "recharge_cap"} == set(get_args(LimitKind))


def test_the_hour_before_counts_by_the_share_that_lies_within_sixty_minutes() -> None:
    there = spent(account(), (HOUR_START, 40), (HOUR_START + HOUR, 10))

    found = [
        spent_in_an_hour(there.spending, HOUR_START + HOUR + n * MINUTE)
        for n in (0, 15, 30, 59, 90)
    ]

    assert found == [50, 40, 30, 10, 10]


def test_an_hour_without_charges_forgets_the_one_before() -> None:
    there = spent(account(), (HOUR_START, 40), (HOUR_START + 2 * HOUR, 10))

    assert spent_in_an_hour(there.spending, HOUR_START + 2 * HOUR) == 10


def test_a_late_charge_counts_in_the_present_hour() -> None:
    there = spent(account(), (HOUR_START, 40), (HOUR_START - 5 * HOUR, 10))

    assert (there.spending.spent, there.spending.hour) == (50, HOUR_START // HOUR)
    assert spent_in_an_hour(there.spending, HOUR_START - 5 * HOUR) == 50


def test_spending_the_limit_is_allowed_and_a_micro_more_is_not() -> None:
    there = spent(account(lot(), limit=50), (NOW, 50))
    assert passed(there.spending, charge(there, 50), is_new=False) == []

    spent(there, (NOW, 1))
    assert passed(there.spending, charge(there, 1), is_new=False) == [("spend_per_hour", 50, 51)]


def test_without_a_limit_nothing_is_passed() -> None:
    there = spent(account(lot(), limit=NO_LIMIT), *[(NOW, AMOUNT_MICROS_MAX)] * 5)

    assert passed(there.spending, charge(there, 1), is_new=False) == []


def test_what_was_found_is_at_most_what_an_amount_may_be() -> None:
    there = spent(account(lot(), limit=50), *[(NOW, AMOUNT_MICROS_MAX)] * 5)

    assert [found for _, _, found in passed(there.spending, charge(there, 1), is_new=False)] == [
        AMOUNT_MICROS_MAX
    ]


def test_a_call_may_cost_its_limit_and_no_more() -> None:
    there = account(lot(), cost_limit=5)

    assert passed(there.spending, charge(there, 5), is_new=False) == []
    assert passed(there.spending, charge(there, 6), is_new=False) == [("cost_per_call", 5, 6)]


def test_a_destination_is_dear_by_the_price_of_a_minute() -> None:
    there = account(lot())
    high_rate = HighRateWatch(100_000, 1, ["+44"], [])

    # A rate per 30 seconds is twice as much a minute.
    assert is_new_destination(high_rate, charge(there, 1, rate_nanos=50_000_000))
    assert not is_new_destination(high_rate, charge(there, 1, rate_nanos=49_999_999))
    assert not is_new_destination(high_rate, charge(there, 1, prefix="+44", rate_nanos=10**9))


def test_new_dear_destinations_are_counted_over_a_day() -> None:
    high_rate = HighRateWatch(1, 1, [], [])
    there = account(lot(), high_rate=high_rate)
    found = []
    for n, at_ms in enumerate((NOW, NOW + HOUR, NOW + HOUR, NOW + DAY, NOW + 2 * DAY)):
        entry = charge(there, 1, at_ms, f"+{n}", 10**9)
        is_new = is_new_destination(high_rate, entry)
        note_destination(high_rate, entry)
        found.append(passed(there.spending, entry, is_new))

    assert found == [
        [],
        [("new_destinations", 1, 2)],
        [("new_destinations", 1, 2)],
        [("new_destinations", 1, 2)],
        [],
    ]


def test_the_oldest_dear_destination_is_forgotten() -> None:
    high_rate = HighRateWatch(1, 100, [], [])
    there = account(lot(), high_rate=high_rate)
    for n in range(HIGH_RATE_KNOWN_MAX + 2):
        note_destination(high_rate, charge(there, 1, NOW, f"+{n}", 10**9))

    assert (len(high_rate.known), high_rate.known[0]) == (HIGH_RATE_KNOWN_MAX, "+2")
    assert len(high_rate.fresh_ms) == 101


def test_a_limit_that_has_tripped_does_not_trip_again_until_it_is_resumed() -> None:
    there = spent(account(lot(), limit=5, cost_limit=5), (NOW, 9))
    entry = charge(there, 9)
    found = passed(there.spending, entry, is_new=False)
    for limit, most, micros in found:
        denied = denied_by(limit, cdr(), "FR", None)
        hold(
            there.spending,
            r.SpendLimitTripped(
                *entry_head(there, source(), 0, 0), "c1", limit, most, micros, denied
            ),
        )

    assert [limit for limit, _, _ in found] == ["spend_per_hour", "cost_per_call"]
    assert passed(there.spending, entry, is_new=False) == []
    assert there.spending.held == 0b1111

    resume(there.spending)
    assert (there.spending.held, there.spending.tripped, there.spending.spent) == (0, 0, 0)
    assert passed(there.spending, charge(there, 9), is_new=False) == [("cost_per_call", 5, 9)]


@pytest.mark.parametrize(
    ("fields", "country", "expected"),
    [
        ({"usage_country": "FR"}, "FR", "overage"),
        ({"usage_country": "US"}, "FR", "international"),
        ({"usage_country": "US"}, "", "international"),
        ({}, "FR", "international"),
        ({}, "", "international"),
        ({"call_type": "conf_out", "usage_country": "FR"}, "FR", "conference_dial_out"),
        ({"call_type": "user_out_conf", "usage_country": "FR"}, "FR", "overage"),
        ({"direction": "in"}, "US", "toll_free"),
        ({"direction": "in", "call_type": "conf_in"}, "US", "toll_free"),
        ({"direction": "in", "service_number_type": "Toll"}, "US", "toll_free"),
        # The tenant's own number is whose an outgoing call is shown as coming from: it is no class of its own.
        ({"service_number_type": "toll_free"}, "US", "international"),
        ({"service_number_type": "toll_free", "usage_country": "US"}, "US", "overage"),
        (
            {"call_type": "conf_out", "service_number_type": "TollFree", "usage_country": "US"},
            *("US", "conference_dial_out"),
        ),
        ({"call_type": "CONF_OUT", "usage_country": "US"}, "US", "conference_dial_out"),
        ({"call_type": "Conf_Out", "usage_country": "FR"}, "US", "conference_dial_out"),
    ],
)
def test_the_class_of_a_call_is_told_from_its_cdr(
    fields: dict[str, str], country: str, expected: str
) -> None:
    home = usage_country_of(account(), cdr(**fields), None)
    assert class_of(cdr(**fields), country, home) == expected
    assert denied_by("cost_per_call", cdr(**fields), country, home) == (expected,)
    assert denied_by("spend_per_hour", cdr(**fields), country, home) == PAID_CALLS
