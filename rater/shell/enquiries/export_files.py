"""Export files: rows written as Parquet, by pyarrow (`pip install rater[export]`), or as CSV."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from rater.shell.enquiries.export_folder import ExportError
from rater.views.ledger_columns import COLUMNS, Cells, Kind, texts_of

FORMS: Final = ("parquet", "csv")


class Writer(Protocol):
    """A file that is being written."""

    def add(self, rows: Sequence[Cells]) -> None:
        """Write some rows."""

    def close(self) -> None:
        """End the file."""


class CsvWriter:
    """A file of CSV: a head, then a line for each entry; as it is, nothing is quoted against spreadsheets."""

    def __init__(self, path: Path) -> None:
        """Begin it."""
        self._file = path.open("w", newline="", encoding="utf-8")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow([column.name for column in COLUMNS])

    def add(self, rows: Sequence[Cells]) -> None:
        """Write some rows."""
        self._writer.writerows(texts_of(row) for row in rows)

    def close(self) -> None:
        """End the file."""
        self._file.close()


class ParquetWriter:
    """A file of Parquet: a row group for each call, packed with zstd."""

    def __init__(self, path: Path) -> None:
        """Begin it; ExportError where pyarrow is not there."""
        try:
            import pyarrow as pa  # noqa: PLC0415  # Optional, and large.
            from pyarrow import parquet  # noqa: PLC0415
        except ImportError as error:
            raise ExportError("Parquet needs pyarrow: pip install 'rater[export]'") from error
        types: dict[Kind, Any] = {
            Kind.TEXT: pa.string(),
            Kind.INTEGER: pa.int64(),
            Kind.TIME: pa.timestamp("ms", tz="UTC"),
        }
        self._arrow = pa
        self._schema = pa.schema([(each.name, types[each.kind]) for each in COLUMNS])
        self._writer = parquet.ParquetWriter(path, self._schema, compression="zstd")

    def add(self, rows: Sequence[Cells]) -> None:
        """Write some rows."""
        columns = [
            self._arrow.array(column, each.type)
            for column, each in zip(zip(*rows, strict=True), self._schema, strict=True)
        ]
        self._writer.write_batch(self._arrow.record_batch(columns, schema=self._schema))

    def close(self) -> None:
        """End the file."""
        self._writer.close()


def writer_of(form: str, path: Path) -> Writer:
    """Begin a file of a form."""
    return ParquetWriter(path) if form == "parquet" else CsvWriter(path)
