"""`loadtest report`: the page of a run, or of several beside each other."""

from __future__ import annotations

from pathlib import Path

import click

from loadtest.runs.page import page
from loadtest.runs.record import PAGE, RecordError, read


class CannotReportError(click.ClickException):
    """It could not be written; exit code 2."""

    exit_code = 2


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--to", "file", type=click.Path(dir_okay=False, path_type=Path), default=PAGE, show_default=True,
              metavar="HTML", help="The page; it needs nothing beside it.")  # fmt: skip
def report(runs: tuple[Path, ...], file: Path) -> None:
    """Write a page of RUNS (each a run.json), the first in full, the others beside it."""
    try:
        text = page([read(path) for path in runs])
        file.write_text(text, encoding="utf-8")
    except (RecordError, OSError) as error:
        raise CannotReportError(str(error)) from error
    click.echo(str(file))
