"""`rater statement`: a month of an account, proven against its ledger."""

import re
from pathlib import Path

import click

from rater.cli.broker import CannotRunError, broker_option
from rater.cli.enquiry import asking
from rater.core.limits import DAY_MS
from rater.kafka.broker import Broker
from rater.shell.enquiries.enquiry import Enquiry, EnquiryError
from rater.shell.enquiries.pdf import pdf_of
from rater.shell.enquiries.statement import language_of, read_statement
from rater.shell.process.clock import now_ms
from rater.views.statement.figures import Figures
from rater.views.statement.period import UTC
from rater.views.statement.rendering import csv_of, html_of, json_of, text_of
from rater.views.statement.words import CODES

_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])", re.ASCII)
FORMATS = ("text", "html", "csv", "json", "pdf")


class _Month(click.ParamType):
    """A month."""

    name = "month"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Return it as it was given."""
        text = str(value)
        if _MONTH.fullmatch(text) is None:
            self.fail(f"must be a month such as 2026-11, found {text[:80]!r}", param, ctx)
        return text


@click.command(name="statement")
@click.argument("tenant")
@broker_option
@click.option(
    "--month", required=True, type=_Month(), metavar="YYYY-MM", help="By the account's own clocks."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="PDF needs `pip install rater[pdf]`.",
)
@click.option(
    "--language",
    type=click.Choice(CODES),
    help="Of text, page and PDF; else that of the tenant's letters.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write it there; else to standard output.",
)
def statement(  # noqa: PLR0917
    tenant: str, broker: Broker, month: str, form: str, language: str | None, output: Path | None
) -> None:
    """Print TENANT's statement of a month: balances, credits, calls by kind and by user, pools, fees, late calls.

    Opening balance and movements must come to the closing balance of the ledger, entry by entry; where they do not, it
    says so. Exit 1: they do not, or there is no such account; 2: could not run.
    """

    async def ask(enquiry: Enquiry) -> tuple[Figures, str]:
        figures = await read_statement(enquiry, tenant, month)
        return figures, language or await language_of(enquiry, tenant)

    # No clocks are a day before those of UTC.
    if UTC.begins_ms(month) - DAY_MS > now_ms():
        raise CannotRunError(f"--month: {month} has not begun in any time zone")
    figures, chosen = asking(broker, ask)
    written = _written(figures, form, chosen)
    if output is None:
        click.get_binary_stream("stdout").write(written)
    else:
        try:
            output.write_bytes(written)
        except OSError as error:
            raise CannotRunError(f"--output: {output}: {error.strerror}") from error
    for fault in figures.faults:
        click.echo(f"statement of {tenant}, {month}: {fault}", err=True)
    if figures.faults:
        raise click.exceptions.Exit(1)


def _written(figures: Figures, form: str, language: str) -> bytes:
    if form == "json":
        return json_of(figures) + b"\n"
    if form == "csv":
        return csv_of(figures).encode()
    if form == "text":
        return text_of(figures, language).encode()
    page = html_of(figures, language)
    if form == "html":
        return page.encode()
    try:
        return pdf_of(page)
    except EnquiryError as error:
        raise CannotRunError(str(error)) from error
