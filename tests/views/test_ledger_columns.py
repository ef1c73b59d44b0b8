"""Entries as rows of a table: every kind has one, and what has no column is in `entry`."""

import json

from rater.views.ledger_columns import COLUMNS, Kind, Place, cells_of, texts_of
from tests.played import played
from tests.views.test_entries import examples, of

NAMES = [column.name for column in COLUMNS]
PLACE = Place(4, 1207, 1_772_359_267_123)


def test_a_charge_is_a_row() -> None:
    entry = of("charge", cdr_id="sw7-000123")
    value = json.dumps(entry).encode()
    row = dict(zip(NAMES, cells_of(PLACE, value), strict=True))

    assert (row["partition"], row["offset"], row["written_at"]) == PLACE
    assert (row["at"], row["charge_micros"], row["called"]) == (
        1772359267000,
        67_000,
        "+34600111222",
    )
    assert (row["version"], row["duration_s"], row["lot_id"]) == (1, 61, None)
    assert row["entry"] == value.decode()


def test_every_kind_of_entry_is_a_row_of_what_its_columns_hold() -> None:
    for entry in examples() + played().entries():
        cells = cells_of(PLACE, json.dumps(entry).encode())
        assert len(cells) == len(COLUMNS)
        for cell, column in zip(cells, COLUMNS, strict=True):
            wanted = str if column.kind is Kind.TEXT else int
            assert cell is None or type(cell) is wanted, (column.name, cell)


def test_as_text_a_time_is_rfc_3339_and_nothing_is_empty() -> None:
    value = json.dumps(of("funds_added", seq=8)).encode()
    row = dict(zip(NAMES, texts_of(cells_of(PLACE, value)), strict=True))

    assert row["written_at"] == "2026-03-01T10:01:07.123Z"
    assert (row["lot_id"], row["cdr_id"], row["version"]) == ("L2", "", "")


def test_no_column_is_named_twice() -> None:
    assert len(set(NAMES)) == len(NAMES)
