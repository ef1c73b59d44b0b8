"""Columns: rows of text under each other, each as wide as its widest cell; nothing in them commands a terminal."""

from collections.abc import Iterable, Sequence

from rater.views.readable import readable

Row = tuple[str, ...]


def widths_of(rows: Iterable[Row], least: Sequence[int] = ()) -> list[int]:
    """Return the width of each column: that of its widest cell, and no less than before."""
    columns = zip(*rows, strict=True)
    widths = [max(len(readable(cell)) for cell in column) for column in columns]
    return [max(pair) for pair in zip(widths, least, strict=True)] if least else widths


def aligned(rows: Sequence[Row], widths: Sequence[int] | None = None) -> list[str]:
    """Return a line for each row.

    >>> aligned([("lot", "left"), ("L1", "0.02")])
    ['lot  left', 'L1   0.02']
    """
    if not rows:
        return []
    wide = widths_of(rows) if widths is None else widths
    return [
        "  ".join(
            f"{readable(cell):<{width}}" for cell, width in zip(row, wide, strict=True)
        ).rstrip()
        for row in rows
    ]
