"""Records of files: JSON lines, tables, compressed or not; and what is said of files that are none."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from loadtest.replay.columns import Columns, Field
from loadtest.replay.faults import ReplayError
from loadtest.replay.sources import Source, format_of

LINES = b'{"a": 1}\n\n {"a": 2}\r\n{"a": 3}'
VALUES = [b'{"a": 1}', b'{"a": 2}', b'{"a": 3}']
TABLE = Columns(
    {"to": Field(column="dst", prefix="+"), "billsec": Field(column="s", type="integer")}
)
CDRS = [{"to": "+33612345678", "billsec": 5}, {"to": "+442079460034", "billsec": 6}]


def read(path: Path, columns: Columns | None = None) -> list[bytes]:
    return list(Source(str(path), format_of(str(path)), columns).records())


def test_lines_are_given_byte_for_byte_compressed_or_not(tmp_path: Path) -> None:
    for name, data in (
        ("a.jsonl", LINES),
        ("b.jsonl.gz", gzip.compress(LINES)),
        ("c.jsonl.zst", pa.compress(LINES, "zstd", asbytes=True)),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        assert read(path) == VALUES, name


def test_tables_become_cdrs(tmp_path: Path) -> None:
    text = "dst,s\n33612345678,5\n442079460034,6\n"
    (tmp_path / "a.csv").write_text(text, encoding="utf-8-sig")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(text.encode()))
    table = pa.table({"dst": ["33612345678", "442079460034"], "s": [5, 6]})
    parquet.write_table(table, tmp_path / "c.parquet")
    for name in ("a.csv", "b.csv.gz", "c.parquet"):
        assert [json.loads(each) for each in read(tmp_path / name, TABLE)] == CDRS, name


def test_a_table_without_a_heading_names_its_columns_in_the_map(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("# of a switch\n33612345678;5\n", encoding="utf-8")
    columns = Columns(TABLE.fields, delimiter=";", names=["dst", "s"], skip_lines=1)
    assert [json.loads(each) for each in read(path, columns)] == CDRS[:1]


def test_formats_are_told_by_names() -> None:
    names = ("a.jsonl", "a.csv", "A.CSV", "a.csv.gz", "a.parquet", "a.jsonl.zst", "-", "calls.log")
    told = ["jsonl", "csv", "csv", "csv", "parquet", "jsonl", "jsonl", "jsonl"]
    assert [format_of(name) for name in names] == told


@pytest.mark.parametrize(
    ("name", "data", "columns", "said"),
    [
        ("a.csv", b"dst,s\n1,2\n", None, "a table needs --map"),
        (
            "a.csv",
            b"dst,s\n1,2\n1,x\n",
            TABLE,
            "row 2: billsec: s must be of type integer, found 'x'",
        ),
        ("a.csv", b"dst,s\n1\xff,2\n", TABLE, "can't decode byte 0xff"),
        ("a.jsonl.gz", b"no", None, "Not a gzipped file"),
        ("a.jsonl.gz", gzip.compress(LINES, mtime=0)[:-9], None, "ended before"),
        ("a.jsonl.zst", b"no zst at all", None, "a.jsonl.zst: "),
        ("a.parquet", b"PAR0", TABLE, "a.parquet: "),
    ],
    ids=["no map", "bad cell", "no UTF-8", "no gzip", "cut short", "no zst", "no Parquet"],
)
def test_a_file_that_is_none_is_told(
    tmp_path: Path, name: str, data: bytes, columns: Columns | None, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ReplayError) as caught:
        read(path, columns)
    assert said in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="No such file"):
        read(tmp_path / "none.jsonl")
