"""The large CSV that is replayed for the figures: its columns are those of a switch, its calls can be charged."""

import json
from pathlib import Path

import msgspec
import pytest

from loadtest.replay.columns import read_columns
from loadtest.replay.sources import Source
from tests.loadtest.replay.foreign_table import COLUMNS, SAMPLE, write
from topics.records import Cdr

pytestmark = pytest.mark.skipif(
    not SAMPLE.exists(), reason=f"{SAMPLE.name} of ../shared/data/formats/cdrs is not there"
)


def test_rows_of_a_switch_become_cdrs(tmp_path: Path) -> None:
    table, columns = write(tmp_path, 400, 50)
    assert table.read_text().splitlines()[0] == ",".join(COLUMNS)
    read = [json.loads(each) for each in Source(str(table), "csv", read_columns(columns)).records()]
    assert len({each["cdr_id"] for each in read}) == 400
    assert {each["disposition"] for each in read} == {"answered", "no_answer"}
    assert sorted(each["ended_at"] for each in read) == [each["ended_at"] for each in read]
    assert len({each["ended_at"] for each in read}) == 8
    for each in read:
        each["tenant_id"] = each["tenant_id"].replace(" ", "-")
        assert msgspec.convert(each, Cdr).billsec == each["billsec"]
