"""The lint: each kind of costly mistake, and a silent file."""

import csv
import io
from pathlib import Path

import pytest

from rater.wire.pricing.deck_csv import read_sheet
from rater.wire.pricing.deck_findings import CODES
from rater.wire.pricing.numbering import IMPOSSIBLE, NumberRange, load_numbering
from tests.linting import GOOD, found, linted, one

DATA = Path(__file__).parents[3] / "rater" / "data"
PRICES = Path("/work/shared/data/acs-pstn-rates-2025-10-15.csv")
FOREIGN = Path("/work/shared/data/formats/decks")


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


def test_rows_that_never_apply_are_warnings() -> None:
    assert found(GOOD + "33891,0.02,premium,\n") == [("warning", 5, "under_deny")]
    assert found(GOOD + "33800,0.02,,free\n") == [("warning", 5, "unused_rate")]


def test_hours_and_callers_without_a_row_are_warnings() -> None:
    text = "prefix,rate,start,end,origin_prefix\n331,1,08:00,20:00,\n336,1,,,32\n"

    assert [(one.line, one.code) for one in linted(text, ())] == [
        (2, "outside_bands"),
        (3, "no_fallback"),
        (3, "no_unknown_origin"),
    ]


def test_callers_without_a_number_want_a_row_where_the_caller_decides() -> None:
    text = "prefix,rate,origin_prefix\n33,1,\n33,2,32\n"

    assert [(one.line, one.code) for one in linted(text, ())] == [(2, "no_unknown_origin")]
    assert linted(text + "33,3,unknown\n", ()) == []


def test_a_prefix_that_keeps_its_trunk_zero_never_applies() -> None:
    findings = linted("prefix,rate\n33,1\n330142,1\n", (NumberRange("330", "FR", IMPOSSIBLE),))

    assert [(one.level, one.line, one.code) for one in findings] == [
        ("warning", 3, "impossible_prefix")
    ]


def test_a_free_row_with_a_connection_fee_cannot_be_loaded() -> None:
    finding = one("prefix,rate,action,connection_fee\n33,,free,0.05\n")

    assert (finding.level, finding.line, finding.code) == ("error", 2, "bad_cell")
    assert "'0.05' must be 0 or empty in a free row" in finding.message


def test_an_overlap_names_its_hours_and_both_prices() -> None:
    finding = one(
        "prefix,rate,days,start,end\n33,0.1,mon-fri,08:00,20:00\n33,0.05,fri-sun,18:30,24:00\n"
    )

    assert (finding.level, finding.line, finding.code) == ("error", 3, "overlap")
    assert (
        "line 2: both hold fri 18:30-20:00, at 0.10 a minute and 0.05 a minute" in finding.message
    )


def test_every_code_has_its_words_and_its_level() -> None:
    text = (
        "prefix,rate,number_type,action\n331,0.01,landline,\n331,0.02,landline,\n331,0.01,landline,\n"
        "336,0.04,mobile,\n34,0,,\n33x,1,,\n"
    )
    levels = {one.code: one.level for one in linted(text)}

    assert set(levels) <= set(CODES)
    assert {code for code, level in levels.items() if level == "error"} <= set(list(CODES)[:5])


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


@pytest.mark.skipif(not FOREIGN.exists(), reason="the sheets of other platforms are not there")
def test_sheets_of_other_platforms_are_refused_with_the_columns_that_are_not_ours() -> None:
    sheets = sorted(FOREIGN.glob("*.csv"))

    assert sheets
    for sheet in sheets:
        faults = read_sheet(sheet.read_bytes())
        assert isinstance(faults, list), sheet.name
        assert any("is not a column; there are prefix, " in str(fault) for fault in faults)
        assert any("lacks the column rate" in str(fault) for fault in faults)
