"""What the columns of a table mean: good maps, and what is said of bad ones and bad rows."""

import re
from pathlib import Path
from typing import Any

import pytest

from loadtest.replay.columns import Columns, Field, read_columns
from loadtest.replay.faults import ReplayError

MAP = """
delimiter = ";"
[fields.cdr_id]
column = "uniqueid"
[fields.tenant_id]
value = "acme"
[fields.to]
column = "dst"
strip = "00"
prefix = "+"
[fields.started_at]
column = "calldate"
time = "%Y-%m-%d %H:%M:%S"
zone = "Europe/Paris"
[fields.billsec]
column = "billsec"
type = "integer"
[fields.direction]
column = "way"
values = { OUTGOING = "out" }
default = "in"
[fields.user_id]
column = "user"
[only]
disposition = ["ANSWERED"]
"""
ROW = {
    "uniqueid": "u1",
    "dst": "0033612345678",
    "calldate": "2026-07-01 10:00:00",
    "billsec": "61",
    "way": "OUTGOING",
    "user": "",
    "disposition": "ANSWERED",
}


@pytest.fixture
def columns(tmp_path: Path) -> Columns:
    return read(tmp_path, MAP)


def read(folder: Path, text: str) -> Columns:
    path = folder / "map.toml"
    path.write_text(text, encoding="utf-8")
    return read_columns(path)


def test_a_row_becomes_a_cdr(columns: Columns) -> None:
    assert columns.cdr(ROW) == {
        "cdr_id": "u1",
        "tenant_id": "acme",
        "to": "+33612345678",
        "started_at": "2026-07-01T08:00:00Z",
        "billsec": 61,
        "direction": "out",
    }


def test_an_empty_cell_has_the_default_or_is_left_out(columns: Columns) -> None:
    cdr = columns.cdr({**ROW, "way": ""})
    assert cdr is not None
    assert (cdr["direction"], "user_id" in cdr) == ("in", False)


def test_rows_that_are_not_meant_are_passed_over(columns: Columns) -> None:
    assert columns.cdr({**ROW, "disposition": "BUSY"}) is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"billsec": "1m"}, "billsec: billsec must be of type integer, found '1m'"),
        ({"way": "?"}, "direction: way must be OUTGOING, found '?'"),
        (
            {"calldate": "now"},
            "started_at: calldate must be a time as %Y-%m-%d %H:%M:%S, found 'now'",
        ),
    ],
)
def test_of_a_bad_cell_field_column_and_what_was_found_are_named(
    columns: Columns, changes: dict[str, str], said: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        columns.cdr({**ROW, **changes})


def test_a_column_that_is_not_there_is_named_with_those_that_are(columns: Columns) -> None:
    with pytest.raises(ValueError, match="no column 'disposition': there are uniqueid"):
        columns.cdr({"uniqueid": "u1"})


@pytest.mark.parametrize(
    ("form", "text", "written"),
    [
        ("epoch_s", "1782900000.25", "2026-07-01T10:00:00.250Z"),
        ("epoch_ms", "1782900000000", "2026-07-01T10:00:00Z"),
        ("rfc3339", "2026-07-01T12:00:00+02:00", "2026-07-01T10:00:00Z"),
        ("rfc3339", "2026-07-01 12:00:00", "2026-07-01T10:00:00Z"),
        ("%d.%m.%Y %H:%M", "01.07.2026 12:00", "2026-07-01T10:00:00Z"),
        ("%Y-%m-%dT%H:%M:%S%z", "2026-07-01T10:00:00+0000", "2026-07-01T10:00:00Z"),
    ],
)
def test_times_are_read_as_other_systems_write_them(form: str, text: str, written: str) -> None:
    field = Field(column="t", time=form, zone="Europe/Paris")
    assert Columns({"ended_at": field}).cdr({"t": text}) == {"ended_at": written}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fields = 1", "Expected `object`, got `int` - at `$.fields`"),
        ("[fields.to]\ncolumn = 'a'\ncolour = 'b'", "unknown field `colour`"),
        ("[fields.to]\ntype = 'text'", "fields.to must have a column, or a value"),
        ("[fields.to]\ncolumn = 'a'\nvalue = 'b'", "fields.to must have a column, or a value"),
        (
            "[fields.to]\ncolumn = 'a'\ntype = 'money'",
            "fields.to.type must be text, integer, number",
        ),
        (
            "[fields.to]\ncolumn = 'a'\nzone = 'Mars'",
            "zone must be a time zone such as Europe/Paris",
        ),
        ("[fields.to\n", "Expected ']'"),
    ],
)
def test_a_map_that_is_wrong_is_refused_with_the_field_named(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(ReplayError) as caught:
        read(tmp_path, text)
    assert said in str(caught.value)
    assert "map.toml" in str(caught.value) or "zone" in said


def test_numbers_of_parquet_are_read_like_text() -> None:
    fields: dict[str, Any] = {"billsec": Field(column="s", type="integer")}
    assert Columns(fields).cdr({"s": 61}) == {"billsec": 61}


def test_the_map_of_the_page_reads_a_row_of_asterisk(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs/operating/replay.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- tested: [^\n]*test_columns.py -->\n```toml\n(.*?)```", page, re.DOTALL)
    assert found is not None
    row = {
        "uniqueid": "1772881684.12655",
        "accountcode": "",
        "dcontext": "from-internal",
        "dst": "0033612345678",
        "start": "2026-03-07 11:08:04",
        "end": "2026-03-07 11:08:31",
        "billsec": "16",
        "disposition": "ANSWERED",
    }
    assert read(tmp_path, found[1]).cdr(row) == {
        "cdr_id": "1772881684.12655",
        "tenant_id": "acme",
        "direction": "out",
        "to": "+33612345678",
        "started_at": "2026-03-07T10:08:04Z",
        "ended_at": "2026-03-07T10:08:31Z",
        "billsec": 16,
    }
