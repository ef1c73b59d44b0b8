"""Lint of prices: rows that cost nothing, too little, or all the same."""

import pytest

from tests.linting import GOOD, found, linted, one


def test_rate_0_with_action_rate_is_told_with_the_price_above() -> None:
    finding = one("prefix,rate,action\n33,0.01,\n331,0,rate\n332,0,free\n")

    assert (finding.level, finding.line, finding.code) == ("warning", 3, "zero_rate")
    assert "line 2: 0.01 a minute" in finding.message


def test_a_call_that_costs_its_fee_alone_is_no_finding() -> None:
    assert linted("prefix,rate,connection_fee\n33,0,0.05\n", ()) == []


def test_a_regulatory_fee_that_rows_of_a_country_do_not_say_alike_is_told() -> None:
    head = "prefix,rate,country,regulatory_fee,action,from_second\n"
    finding = one(head + "33,0.01,FR,0.02,,\n331,0.01,FR,,,\n332,0.01,FR,,,\n49,0.01,DE,,,\n")

    assert (finding.level, finding.line, finding.code) == ("warning", 3, "uneven_fee")
    assert finding.message == (
        "prefix 331 of FR has a regulatory fee of 0.00, prefix 33 (line 2) one of 0.02"
    )
    alike = "33,0.01,FR,0.02,,\n331,0.01,FR,0.02,,\n332,,FR,,free,\n333,,FR,,deny,\n"
    assert [each for each in linted(head + alike, ()) if each.code == "uneven_fee"] == []


def test_a_child_at_more_than_five_times_its_parent_is_a_warning() -> None:
    assert found(GOOD + "3311,0.050000001,landline,\n") == [("warning", 5, "child_over_parent")]
    assert found(GOOD + "3311,0.05,landline,\n") == []


def test_a_child_is_compared_with_its_nearest_parent_by_the_minute() -> None:
    text = "prefix,rate,per_seconds\n33,0.01,60\n331,0.001,1\n3311,0.3,60\n"

    assert [one.line for one in linted(text, ())] == [3]


def test_increments_of_a_day_are_told_with_what_a_second_costs() -> None:
    first = one("prefix,rate,increment\n33,0.01,86400/86400\n")
    later = one("prefix,rate,increment\n33,0.01,60/86400\n")

    assert (first.line, first.code) == (2, "long_increment")
    assert "a call of 1 second is billed 86400 seconds and costs 14.4" in first.message
    assert "a call of 61 seconds is billed 86460 and costs 14.41" in later.message


def test_a_child_far_below_its_parent_is_a_warning() -> None:
    finding = one("prefix,rate\n33,0.05\n331,0.0099\n332,0.01\n")

    assert (finding.level, finding.line, finding.code) == ("warning", 3, "child_under_parent")
    assert "0.0099 a minute" in finding.message
    assert "0.05 of prefix 33 (line 2)" in finding.message


def test_what_a_free_row_says_of_a_rate_is_no_price_of_a_parent() -> None:
    text = "prefix,rate,action\n33,0.001,\n331,9,free\n3311,0.002,\n"

    assert [(one.line, one.code) for one in linted(text, ())] == [
        (3, "unused_rate"),
        (4, "child_over_parent"),
    ]


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ("0.01,0.05,0.02", "below the connection fee of 0.05: every call costs 0.02"),
        ("0.01,0.05,0.055", "below the 0.06 of a call of 1 second"),
        ("0.01,,0", "every call costs 0.00,"),
    ],
)
def test_a_cap_below_what_every_call_costs_is_told(cells: str, says: str) -> None:
    finding = one(f"prefix,rate,connection_fee,max_charge\n33,{cells}\n")

    assert (finding.level, finding.line, finding.code) == ("warning", 2, "low_cap")
    assert says in finding.message


def test_a_fee_and_a_cap_that_no_call_meets_are_told() -> None:
    text = "prefix,rate,action,from_second,connection_fee,max_charge\n"
    tiers = "33,0.01,,0,0.05,2\n33,0.01,,60,0.05,2\n33,0.01,,120,0.07,3\n"

    assert [(one.line, one.code) for one in linted(text + tiers + "34,,deny,,0.01,\n", ())] == [
        (4, "unused_cap"),
        (4, "unused_fee"),
        (5, "unused_fee"),
    ]


def test_rounding_that_eats_or_multiplies_a_minute_is_told() -> None:
    nothing = one("prefix,rate,rounding,decimals\n33,0.009,down,2\n")
    much = one("prefix,rate,rounding,decimals\n33,0.0019,up,2\n")

    assert (nothing.line, nothing.code) == (2, "rounds_to_nothing")
    assert "a call of a minute at 0.009" in nothing.message
    assert (much.line, much.code) == (2, "rounds_far_up")
    assert "to 0.01, more than 5 times" in much.message
    assert linted("prefix,rate,rounding,decimals\n33,0.015,up,2\n", ()) == []


def test_one_row_of_a_child_far_below_its_parent_is_told_with_its_hours() -> None:
    text = (
        "prefix,rate,days,from_second\n46,0.5,,\n467,0.001,mon-fri,\n467,0.5,sat sun,\n"
        "468,0.5,,0\n468,0.001,,60\n"
    )
    found = {one.line: one.message for one in linted(text, ()) if one.code == "child_under_parent"}

    assert found.keys() == {3, 6}
    assert "0.001 a minute, mon-fri all day, less than 1/5 of the 0.50 of prefix 46" in found[3]
    assert "0.001 a minute from second 60, less than 1/5 of the 0.50" in found[6]


def test_a_cheap_hour_under_a_cheap_hour_is_no_fall() -> None:
    text = "prefix,rate,days\n46,0.5,mon-fri\n46,0.01,sat sun\n467,0.4,mon-fri\n467,0.009,sat sun\n"

    assert [one for one in linted(text, ()) if one.code == "child_under_parent"] == []


def test_a_grace_of_whole_conversations_is_told_with_what_it_gives_away() -> None:
    finding = one("prefix,rate,grace_s\n33,0.60,61\n34,0.60,60\n")

    assert (finding.level, finding.line, finding.code) == ("warning", 2, "long_grace")
    assert "a call of 60 costs nothing instead of 0.60" in finding.message


def test_a_grace_that_no_call_has_is_told() -> None:
    text = "prefix,rate,action,from_second,grace_s\n33,0.01,,0,6\n33,0.01,,60,6\n33,0.01,,120,5\n34,,free,,6\n"

    assert [(one.line, one.code) for one in linted(text, ())] == [
        (4, "unused_grace"),
        (5, "unused_grace"),
    ]


def test_a_minimum_far_above_a_minute_and_one_that_no_call_pays_are_told() -> None:
    high = one("prefix,rate,min_charge\n33,0.01,0.051\n34,0.01,0.05\n")
    low = one("prefix,rate,connection_fee,min_charge\n33,0.01,0.04,0.05\n34,0.01,0.04,0.06\n")

    assert (high.line, high.code) == (2, "high_min")
    assert "a min_charge of 0.051, more than 5 times the 0.01 of a call of a minute" in high.message
    assert (low.line, low.code) == (2, "unused_min")
    assert "which no call pays: one of 1 second costs 0.05" in low.message


def test_a_minimum_is_a_price_and_is_told_where_it_counts_for_no_call() -> None:
    assert linted("prefix,rate,min_charge\n33,0,0.05\n", ()) == []
    assert linted("prefix,rate,rounding,decimals,min_charge\n33,0.009,down,2,0.01\n", ()) == []
    late = one("prefix,rate,from_second,min_charge\n33,0.1,0,\n33,0.1,60,0.2\n")
    assert (late.line, late.code) == (3, "unused_min")
