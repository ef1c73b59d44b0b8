"""Columns: rows of text under their heads, for people, all at once or as they come."""

from collections.abc import Sequence

import click

from rater.views.columns import Row, aligned, widths_of

AT_ONCE = 200
"""Rows that are looked at together for the width of their columns."""


def print_columns(rows: Sequence[Row]) -> None:
    """Print rows, the head among them, each column as wide as its widest cell."""
    for line in aligned(rows):
        click.echo(line)


class GrowingColumns:
    """Prints rows as they come, a few hundred at once; a column that must be wider is so from there on."""

    def __init__(self, head: Row, at_once: int = AT_ONCE) -> None:
        """Take the head, which stands above the first row."""
        self._waiting = [head]
        self._widths: list[int] = []
        self._at_once = at_once
        self.rows = 0

    def add(self, row: Row) -> None:
        """Take a row, and print what has come where that is enough."""
        self.rows += 1
        self._waiting.append(row)
        if self.rows % self._at_once == 0:
            self.flush()

    def flush(self) -> None:
        """Print what has come, but for a head without rows."""
        if not self.rows or not self._waiting:
            return
        self._widths = widths_of(self._waiting, self._widths)
        click.echo("\n".join(aligned(self._waiting, self._widths)))
        self._waiting.clear()
