"""Columns: rows of text under their heads, for people."""

from collections.abc import Sequence

import click


def print_columns(rows: Sequence[tuple[str, ...]]) -> None:
    """Print rows, the head among them, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
