"""The lint: each kind of costly mistake, and a silent file."""

import csv
import io
from pathlib import Path

import pytest

from rater.wire.deck_csv import Sheet, read_sheet
from rater.wire.deck_lint import Finding, lint
from rater.wire.numbering import NumberRange, load_numbering

DATA = Path(__file__).parents[2] / "rater" / "data"
PRICES = Path("/work/shared/data/acs-pstn-rates-2025-10-15.csv")
PLAN = (
    NumberRange("331", "FR", "landline"),
    NumberRange("336", "FR", "mobile"),
    NumberRange("3389", "FR", "premium"),
)
GOOD = "prefix,rate,number_type,action\n331,0.01,landline,\n336,0.04,mobile,\n3389,,premium,deny\n"


def linted(text: str, plan: tuple[NumberRange, ...] = PLAN) -> list[Finding]:
    sheet = read_sheet(text.encode())
    assert isinstance(sheet, Sheet), sheet
    return lint(sheet, plan)


def found(text: str) -> list[tuple[str, int | None, str]]:
    return [(one.level, one.line, one.code) for one in linted(text)]


def test_a_careful_deck_has_no_findings() -> None:
    assert found(GOOD) == []


@pytest.mark.parametrize("name", ["sample_deck.csv", "example_bands.csv"])
def test_the_decks_that_ship_have_no_findings(name: str) -> None:
    assert linted((DATA / name).read_text(), load_numbering()) == []


def test_duplicates_and_overlaps_are_errors_that_name_both_lines() -> None:
    same = linted(GOOD + "331,0.01,landline,\n331,0.02,landline,\n")

    assert [(one.level, one.line, one.code) for one in same] == [
        ("error", 5, "duplicate"),
        ("error", 6, "overlap"),
    ]
    assert "line 2" in same[0].message


def test_bad_cells_are_errors() -> None:
    assert found(GOOD + "33x,1,,\n") == [("error", 5, "bad_cell")]


def test_a_child_at_more_than_five_times_its_parent_is_a_warning() -> None:
    assert found(GOOD + "3311,0.050000001,landline,\n") == [("warning", 5, "child_over_parent")]
    assert found(GOOD + "3311,0.05,landline,\n") == []


def test_a_child_is_compared_with_its_nearest_parent_by_the_minute() -> None:
    text = "prefix,rate,per_seconds\n33,0.01,60\n331,0.001,1\n3311,0.3,60\n"

    assert [one.line for one in linted(text, ())] == [3]


def test_a_country_without_a_mobile_split_is_a_warning() -> None:
    text = "prefix,rate,number_type,action\n33,0.01,landline,\n3389,,,deny\n"

    assert found(text) == [("warning", 2, "no_mobile_split")]
    assert found(text.replace("landline", "mixed")) == []


def test_a_premium_range_at_a_landline_price_is_an_error() -> None:
    text = "prefix,rate,number_type,action\n33,0.01,landline,\n336,0.04,mobile,\n"

    assert found(text) == [("error", 2, "premium_falls_through")]
    assert found(text + "3389,0.05,premium,\n") == []
    assert found(text + "".join(f"3389{n},,premium,deny\n" for n in range(10))) == []
    assert found(text + "".join(f"3389{n},,premium,deny\n" for n in range(9))) == [
        ("error", 2, "premium_falls_through")
    ]


def test_a_missing_deny_range_is_a_warning_on_the_file() -> None:
    text = "prefix,rate,number_type\n331,0.01,landline\n336,0.04,mobile\n"

    assert found(text) == [("warning", None, "missing_deny")]


def test_rows_that_never_apply_are_warnings() -> None:
    assert found(GOOD + "33891,0.02,premium,\n") == [("warning", 5, "under_deny")]
    assert found(GOOD + "33800,0.02,,free\n") == [("warning", 5, "unused_rate")]


def test_hours_and_callers_without_a_row_are_warnings() -> None:
    text = "prefix,rate,start,end,origin_prefix\n331,1,08:00,20:00,\n336,1,,,32\n"

    assert [(one.line, one.code) for one in linted(text, ())] == [
        (2, "outside_bands"),
        (3, "no_fallback"),
    ]


@pytest.mark.skipif(not PRICES.exists(), reason="the published price table is not there")
def test_the_known_mistakes_of_a_published_table_are_found() -> None:
    rows = csv.DictReader(io.StringIO(PRICES.read_text()))
    lines = [f"{row['Prefix']},{row['Price / min']},{row['Destination Type']}" for row in rows]
    findings = linted("\n".join(["prefix,rate,number_type", *lines]), load_numbering())

    messages = [(one.code, one.message) for one in findings]
    assert any(code == "premium_falls_through" and " GB " in text for code, text in messages)
    assert any(code == "no_mobile_split" and text.startswith("DE ") for code, text in messages)
    assert any(code == "child_over_parent" and " 3519" in text for code, text in messages)
    assert any(code == "missing_deny" and text.startswith("FR ") for code, text in messages)
