"""Sources: the records of a file, one after the other, as bytes of JSON; nothing is kept of them.

A file may be compressed (.gz; .zst with pyarrow). JSON lines are sent as they are; rows of CSV and of Parquet become
CDRs by a map of columns (`columns`).
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import msgspec

from loadtest.replay import spool
from loadtest.replay.columns import Columns
from loadtest.replay.faults import ReplayError

STANDARD_INPUT = "-"
FORMATS = ("jsonl", "csv", "parquet")
ROWS_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Source:
    """A file of CDRs: its path (or `-`), its format, and for tables what their columns mean."""

    path: str
    format: str
    columns: Columns | None = None

    def records(self) -> Iterator[bytes]:
        """Yield its records; ReplayError names the file and the line or row of one that is none."""
        if self.format == spool.FORMAT:
            yield from spool.records(Path(self.path))
            return
        try:
            with _opened(self.path) as file:
                if self.format == "jsonl":
                    yield from _lines(file)
                elif self.columns is None:
                    raise ReplayError(f"{self.path}: a table needs --map, what its columns mean")
                else:
                    rows = _csv(file, self.columns) if self.format == "csv" else _parquet(file)
                    with closing(rows):
                        yield from _mapped(rows, self.columns, self.path)
        except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
            raise ReplayError(f"{self.path}: {error}") from error

    @property
    def is_read_once(self) -> bool:
        """Whether it is gone when it has been read."""
        return self.path == STANDARD_INPUT


def format_of(path: str) -> str:
    """Return the format that a name tells; `jsonl` where it tells none."""
    name = path.removesuffix(".gz").removesuffix(".zst")
    ending = name.rpartition(".")[2].lower()
    return ending if ending in FORMATS else "jsonl"


@contextmanager
def _opened(path: str) -> Iterator[IO[bytes]]:
    if path == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    with Path(path).open("rb") as plain:
        if path.endswith(".gz"):
            with gzip.open(plain) as file:
                yield file  # type: ignore[misc]
        elif path.endswith(".zst"):
            yield io.BufferedReader(_arrow().CompressedInputStream(plain, "zstd"), 1 << 20)
        else:
            yield plain


def _arrow() -> Any:
    try:
        import pyarrow as pa  # noqa: PLC0415 - it is large, and needed for these alone.
    except ImportError:
        raise ReplayError(
            "zst and Parquet need pyarrow: pip install 'rater[export]', or unpack the file first"
        ) from None
    return pa


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    for line in file:
        if value := line.strip():
            yield value


def _csv(file: IO[bytes], columns: Columns) -> Generator[dict[str, Any], None, None]:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        for _ in range(columns.skip_lines):
            text.readline()
        names = list(columns.names) or None
        yield from csv.DictReader(text, names, delimiter=columns.delimiter)
    finally:
        text.detach()  # The file is closed by whoever has opened it.


def _parquet(file: IO[bytes]) -> Generator[dict[str, Any], None, None]:
    arrow = _arrow()
    from pyarrow import parquet  # noqa: PLC0415

    try:
        for batch in parquet.ParquetFile(file).iter_batches(ROWS_AT_ONCE):
            yield from batch.to_pylist()
    except arrow.ArrowException as error:
        raise OSError(str(error)) from error


def _mapped(rows: Iterator[dict[str, Any]], columns: Columns, path: str) -> Iterator[bytes]:
    encode = msgspec.json.Encoder().encode
    for number, row in enumerate(rows, 1):
        try:
            cdr = columns.cdr(row)
        except ValueError as error:
            raise ReplayError(f"{path}: row {number}: {error}") from None
        if cdr is not None:
            yield encode(cdr)
