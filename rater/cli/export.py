"""`rater export`: the ledger as files for tools of others, each entry exactly once."""

from pathlib import Path

import click

from rater.cli.broker import broker_option
from rater.cli.enquiry import asking
from rater.cli.moment import Moment
from rater.cli.numbers import WholeNumber
from rater.kafka.broker import Broker
from rater.shell.enquiries.enquiry import Enquiry
from rater.shell.enquiries.export import ROWS_PER_FILE, Export, Written
from rater.shell.enquiries.export_files import FORMS
from rater.shell.enquiries.export_folder import opened
from topics.catalog import LEDGER


@click.command(name="export")
@broker_option
@click.option(
    "--since",
    "since_ms",
    type=Moment(),
    metavar="TIME",
    help="Entries written then or later: 2026-03-01T10:00:00Z, or 3d ago; counts where a folder begins. Default: all.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    default="parquet",
    show_default=True,
    help="Parquet needs `pip install rater[export]`.",
)
@click.option(
    "--to",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="A folder of its own; it says how far the export is.",
)
@click.option(
    "--rows-per-file",
    type=WholeNumber(1),
    default=ROWS_PER_FILE,
    show_default=True,
    metavar="N",
    help="At most.",
)
def export(
    broker: Broker, since_ms: int | None, form: str, folder: Path, rows_per_file: int
) -> None:
    """Export the ledger to files of DIR: what was committed by the start of the run, and is not in DIR yet.

    Run again, also after it was killed, it goes on where it ended: each entry is in one file, by partition and offset.
    Exit 0: done; 2: could not run, or what comes next is gone.
    """
    written: list[Written] = []

    def told(file: Written) -> None:
        written.append(file)
        click.echo(f"{file.name}  {file.entries:,} entries")

    async def work(enquiry: Enquiry) -> None:
        with opened(folder, LEDGER.name, form) as place:
            await Export(enquiry, place, since_ms, rows_per_file).run(told)

    asking(broker, work)
    click.echo(
        f"{sum(each.entries for each in written):,} entries, {len(written)} files, in {folder}"
    )
