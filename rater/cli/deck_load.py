"""`rater deck load`: publish a version of a rate deck."""

import logging
from pathlib import Path
from typing import Any

import click

from rater.cli.broker import CannotRunError, broker_option, run
from rater.cli.deck_terms import by_option, note_currency
from rater.cli.numbers import WholeNumber
from rater.cli.rerate_hint import tell_rerating
from rater.core.pricing.decks import BandPolicy, Heading
from rater.core.pricing.schedule import Calendars
from rater.kafka.broker import Broker
from rater.shell.admin import topic_admin
from rater.shell.process.clock import now_ms
from rater.shell.versions.deck_load import (
    Candidate,
    DeckLoader,
    decide,
    outranked_by,
)
from rater.shell.versions.shared_loader import HeldBackError, LoadRefusedError
from rater.wire.pricing.deck_calendars import read_calendar_file
from rater.wire.pricing.deck_csv import Sheet
from rater.wire.pricing.deck_files import DeckFileError, compile_file, read_sheet_file
from rater.wire.pricing.deck_heading import read_heading
from rater.wire.pricing.deck_lint import lint
from rater.wire.pricing.numbering import load_numbering

ERRORS_SHOWN = 10


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--deck-id", required=True, metavar="ID", help="The name that accounts list.")
@click.option("--version", required=True, type=WholeNumber(), metavar="N", help="1, 2, 3, ...")
@click.option("--currency", required=True, metavar="CODE", help="Of all prices, ISO 4217.")
@click.option(
    "--valid-from", required=True, metavar="TIME", help="Like 2025-01-31T23:00:00Z; it prices "
    "the calls answered from then on.",
)  # fmt: skip
@click.option("--timezone", default="UTC", show_default=True, help="Of days and hours, IANA name.")
@click.option(
    "--band-policy",
    type=click.Choice([policy.value for policy in BandPolicy]),
    default=BandPolicy.SPLIT.value,
    show_default=True,
    help="What a call does at the boundary of a band.",
)
@click.option(
    "--calendars",
    type=click.Path(path_type=Path),
    metavar="FILE.csv",
    help="The dates of the calendars that its rows name: columns calendar and date.",
)
@click.option(
    "--backdate",
    is_flag=True,
    help="Allow a version for calls made already: those that come late get its price; what was charged stays.",
)
@click.option("--strict", is_flag=True, help="Refuse a deck in which `lint` finds errors.")
@broker_option
def load(
    file: Path,
    broker: Broker,
    calendars: Path | None,
    *,
    backdate: bool,
    strict: bool,
    **terms: Any,
) -> None:
    """Publish FILE as a version of a rate deck, whole or not at all.

    What `rater deck lint` calls an error is told; a file that cannot be read is refused anyway,
    with --strict also one that would sell premium numbers at another price. The same version
    again changes nothing (exit 0). Exit 1, and nothing is published: the file has faults, or the
    version may not be. Exit 2: the broker or the topic is missing.
    """
    # Shut out by another loader, aiokafka leaves failed futures behind; we say it ourselves.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    candidate = _candidate(file, calendars, terms, strict=strict)

    async def work() -> None:
        async with topic_admin.connected(broker):
            await _load(broker, candidate, backdate=backdate)

    try:
        run(work())
    except LoadRefusedError as error:
        raise click.ClickException(str(error)) from error
    except HeldBackError as error:
        raise CannotRunError(str(error)) from error


def _candidate(
    file: Path, calendars: Path | None, terms: dict[str, Any], *, strict: bool
) -> Candidate:
    """Read and check the file; a fault ends the command."""
    heading = read_heading(
        terms["deck_id"],
        terms["version"],
        (terms["currency"], terms["valid_from"], terms["timezone"], terms["band_policy"]),
        read_calendar_file(calendars),
    )
    if not isinstance(heading, Heading):
        raise click.ClickException(by_option(heading, calendars=calendars))
    try:
        sheet = read_sheet_file(file)
        compile_file(file, heading)
    except DeckFileError as error:
        message = f"{error}\nnothing was published"
        raise click.ClickException(message) from error
    note_currency(terms["currency"])
    _tell_errors(file, sheet, heading.calendars, strict=strict)
    return Candidate.of(heading, sheet)


def _tell_errors(file: Path, sheet: Sheet, calendars: Calendars, *, strict: bool) -> None:
    """Show the first errors that lint finds, and how many warnings; with `strict` errors end the command."""
    findings = lint(sheet, load_numbering(), calendars)
    errors = [one for one in findings if one.level == "error"]
    for one in errors[:ERRORS_SHOWN]:
        click.echo(f"{file}:{one.line}: error: {one.code}: {one.message}", err=True)
    if len(errors) > ERRORS_SHOWN:
        click.echo(f"{len(errors)} errors in all: see `rater deck lint {file}`", err=True)
    if warnings := len(findings) - len(errors):
        click.echo(f"warnings: {warnings}, see `rater deck lint {file}`", err=True)
    if errors and strict:
        message = f"{file}: errors: {len(errors)}, and --strict: nothing was published"
        raise click.ClickException(message)


async def _load(broker: Broker, candidate: Candidate, *, backdate: bool) -> None:
    heading, manifest = candidate.heading, candidate.manifest
    name = f"deck {heading.deck_id} version {heading.version}"
    async with DeckLoader(broker, heading.deck_id) as loader:
        if not decide(loader.versions, candidate, now_ms(), backdate=backdate):
            click.echo(f"{name} is there already, the same: digest {manifest.digest}")
            return
        for higher in outranked_by(loader.versions, heading):
            click.echo(
                f"note: version {higher} is valid from the same instant and outranks it", err=True
            )
        await loader.publish(candidate.records)
        await loader.wait_until_whole(heading.version)
    click.echo(
        f"{name} is published and whole: {manifest.rows} rows in {manifest.chunks} "
        f"chunk{'s' if manifest.chunks > 1 else ''}, {heading.currency}, valid from "
        f"{manifest.valid_from}, digest {manifest.digest}"
    )
    if backdate and heading.valid_from_ms < now_ms():
        tell_rerating(f"--deck {heading.deck_id}", str(manifest.valid_from))
