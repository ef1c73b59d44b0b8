"""`rater deck`: what can be done with rate decks."""

from importlib import import_module
from pathlib import Path

import click
import msgspec

from rater.wire.pricing.deck_calendars import read_calendar_file
from rater.wire.pricing.deck_files import DeckFileError, read_sheet_file
from rater.wire.pricing.deck_findings import Finding
from rater.wire.pricing.deck_lint import lint
from rater.wire.pricing.numbering import load_numbering
from rater.wire.told import counted, told

ON_KAFKA = {
    "list": ("rater.cli.deck_list", "list_decks"),
    "load": ("rater.cli.deck_load", "load"),
    "retire": ("rater.cli.deck_retire", "retire"),
}
"""Commands that need a broker: their module is imported only when one of them is called."""


class _Decks(click.Group):
    """The group of `rater deck`, some of its commands loaded on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted({*super().list_commands(ctx), *ON_KAFKA})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name; None where there is none."""
        if cmd_name not in ON_KAFKA:
            return super().get_command(ctx, cmd_name)
        module, name = ON_KAFKA[cmd_name]
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=_Decks)
def deck() -> None:
    """Lint, load, list and retire rate decks."""


@deck.command("lint")
@click.argument("path", metavar="FILE.csv", type=click.Path(path_type=Path))
@click.option(
    "--calendars",
    type=click.Path(path_type=Path),
    metavar="FILE.csv",
    help="The dates of the calendars that its rows name: columns calendar and date.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON line per finding.")
@click.option("--strict", is_flag=True, help="Let warnings fail too.")
def lint_deck(path: Path, calendars: Path | None, *, as_json: bool, strict: bool) -> None:
    """Find what costs money in FILE.csv before it is loaded.

    Exit code 1: there are errors (with --strict: or warnings). Exit code 2: the file cannot be
    read.
    """
    findings = _findings(path, calendars)
    for said in (
        [msgspec.json.encode(each).decode() for each in findings]
        if as_json
        else told(_sentence(path, each) for each in findings)
    ):
        click.echo(said)
    errors = sum(finding.level == "error" for finding in findings)
    warnings = len(findings) - errors
    if not as_json:
        click.echo(f"{path}: {counted(errors, warnings)}", err=True)
    if errors or (strict and warnings):
        raise SystemExit(1)


def _findings(path: Path, calendars: Path | None) -> list[Finding]:
    dates = read_calendar_file(calendars)
    if isinstance(dates, str):
        click.echo(f"--calendars: {dates}", err=True)
        raise SystemExit(2)
    try:
        sheet = read_sheet_file(path)
    except DeckFileError as error:
        if not error.faults:
            click.echo(str(error), err=True)
            raise SystemExit(2) from error
        return [Finding("error", fault.line, "bad_cell", str(fault)) for fault in error.faults]
    return lint(sheet, load_numbering(), dates)


def _sentence(path: Path, finding: Finding) -> str:
    where = f"{path}:{finding.line}" if finding.line else str(path)
    return f"{where}: {finding.level}: {finding.code}: {finding.message}"
