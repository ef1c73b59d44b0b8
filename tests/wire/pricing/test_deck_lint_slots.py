"""Lint of slots: what has no row, and tiers that are swallowed."""

import pytest

from rater.wire.pricing.deck_csv import Sheet, read_sheet
from rater.wire.pricing.deck_lint import lint
from tests.linting import linted, one


def test_hours_without_a_rate_are_named() -> None:
    text = "prefix,rate,days,start,end\n33,0.1,mon-fri,08:00,20:00\n33,0.05,sat,,\n"
    finding = one(text)

    assert (finding.line, finding.code) == (2, "outside_bands")
    assert "no row for mon-fri 00:00-08:00, mon-fri 20:00-24:00, sun all day" in finding.message
    assert "line 2 asks 0.10 a minute" in finding.message


def test_first_seconds_without_a_rate_are_named() -> None:
    finding = one("prefix,rate,from_second\n33,0.1,10\n")

    assert (finding.line, finding.code) == (2, "outside_bands")
    assert "no row for the first 10 seconds of a call, all week" in finding.message


@pytest.mark.parametrize(
    ("rows", "line", "says"),
    [
        # Ten free seconds, but the free row bills 60 of them.
        (
            "33,,free,0,60/60\n33,0.06,,10,60/60\n",
            2,
            ("loses its first 50 seconds", "0.05 a call too little"),
        ),
        # Free from second 30 on, but the first 30 are billed as 60.
        (
            "33,0.06,,0,60/60\n33,,free,30,60/60\n",
            2,
            ("loses its first 30 seconds", "0.03 a call too much"),
        ),
        # A free tier between two others, gone altogether.
        ("33,0.06,,0,60/60\n33,,free,30,30/30\n33,0.06,,60,60/60\n", 2, ("never applies",)),
        ("33,,free,0,7/7\n33,0.06,,10,60/60\n", 2, ("loses its first 4 seconds", "7/7")),
    ],
)
def test_a_tier_swallowed_by_the_increment_before_is_told(
    rows: str, line: int, says: tuple[str, ...]
) -> None:
    finding = one("prefix,rate,action,from_second,increment\n" + rows)

    assert (finding.level, finding.line, finding.code) == ("warning", line, "tier_swallowed")
    assert not [text for text in says if text not in finding.message]


def test_tiers_that_their_increments_divide_are_no_finding() -> None:
    text = "prefix,rate,action,from_second,increment\n33,,free,0,10/10\n33,0.06,,10,60/60\n33,0.05,,610,6/6\n"

    assert linted(text, ()) == []
    same = "prefix,rate,from_second,increment\n33,0.06,0,60/60\n33,0.06,10,1/1\n"
    assert linted(same, ()) == []


def test_tiers_and_hours_beside_one_price_per_call_are_told() -> None:
    text = (
        "prefix,rate,increment,from_second,start,end\n33,0.1,60/0,0,,\n33,0.2,60/60,60,,\n"
        "34,0.1,60/60,0,00:00,12:00\n34,0.3,60/0,0,12:00,24:00\n"
    )
    found = linted(text, ())

    assert [(one.level, one.line, one.code) for one in found] == [
        ("warning", 3, "under_flat"),
        ("warning", 5, "runs_into_flat"),
    ]
    assert "from second 60 (0.20 a minute) never applies" in found[0].message
    assert "begins under line 4 (0.10 a minute)" in found[1].message


def test_one_price_per_call_alone_at_all_hours_is_no_finding() -> None:
    text = "prefix,rate,increment,start,end\n33,0.1,60/0,00:00,12:00\n33,0.3,900/0,12:00,24:00\n"

    assert linted(text, ()) == []


def test_hours_of_a_calendar_without_a_row_are_named_with_it() -> None:
    text = b"prefix,rate,calendar,start,end\n33,0.1,,,\n33,0.05,holidays,08:00,20:00\n34,1,holidays,,\n"
    sheet = read_sheet(text)
    assert isinstance(sheet, Sheet)

    found = lint(sheet, (), {"holidays": frozenset((20_812,))})

    assert [(each.line, each.code) for each in found] == [
        (3, "outside_bands"),
        (4, "outside_bands"),
    ]
    assert (
        "prefix 33 on dates of holidays has no row for every day 00:00-08:00, every day 20:00-24:00"
        in found[0].message
    )
    assert "prefix 34 has no row for all week" in found[1].message


def test_a_price_on_other_dates_is_no_price_beside_it() -> None:
    # 33 costs 0.01 on holidays alone; 331 at 0.02 is far below the 0.50 of its other dates.
    text = (
        b"prefix,rate,calendar\n33,0.5,\n33,0.01,holidays\n331,0.02,\n332,0.01,holidays\n332,0.5,\n"
    )
    sheet = read_sheet(text)
    assert isinstance(sheet, Sheet)

    found = lint(sheet, (), {"holidays": frozenset((20_812,))})

    assert [(each.line, each.code) for each in found] == [(4, "child_under_parent")]
