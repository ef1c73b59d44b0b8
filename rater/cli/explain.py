"""`rater explain`: what a call cost and why, worked out anew from the topics and held against what was booked."""

import json

import click

from rater.cli.broker import broker_option
from rater.cli.enquiry import asking
from rater.cli.explain_shown import shown
from rater.cli.moment import Moment
from rater.cli.numbers import WholeNumber
from rater.core.limits import DAY_MS
from rater.kafka.broker import Broker
from rater.shell.enquiries.account_then import BACK_MAX
from rater.shell.enquiries.explaining import Question
from rater.shell.enquiries.explaining import explain as answer
from rater.shell.process.clock import now_ms
from rater.views.readable import readable

_TIMES = "2026-03-01T10:00:00Z, or 15m, 2h, 3d ago"


@click.command()
@click.argument("cdr_id")
@broker_option
@click.option("--tenant", required=True, metavar="ID", help="Whose call it is.")
@click.option(
    "--from",
    "from_ms",
    type=Moment(),
    metavar="TIME",
    help=f"Of a call older than nine days: look at what was written from then on: {_TIMES}.",
)
@click.option(
    "--until",
    "until_ms",
    type=Moment(),
    metavar="TIME",
    help="With --from: up to then; else a day more.",
)
@click.option(
    "--back",
    type=WholeNumber(1),
    default=BACK_MAX,
    show_default=True,
    metavar="N",
    help="Read so many records of the partition back at most for the account before an entry.",
)
@click.option("--json", "as_json", is_flag=True, help="One object, for programs.")
def explain(  # noqa: PLR0917
    broker: Broker,
    cdr_id: str,
    tenant: str,
    from_ms: int | None,
    until_ms: int | None,
    back: int,
    *,
    as_json: bool,
) -> None:
    """Explain what a call cost, or why it was not charged, and hold that against what was booked.

    Price, draws, balance and what was crossed are worked out anew from decks, plans, settings and the entries before.
    Exit 0: what was booked is as it must be; 1: it is not, each field named; 2: nothing is known, or could not run.
    """
    question = Question(tenant_id=tenant, cdr_id=cdr_id, times=_times(from_ms, until_ms), back=back)
    found = asking(broker, lambda enquiry: answer(enquiry, question))
    if as_json:
        click.echo(json.dumps(found.fields()))
    else:
        for line in map(readable, shown(found)):
            click.echo(line)
    if found.differences:
        raise click.exceptions.Exit(1)


def _times(from_ms: int | None, until_ms: int | None) -> tuple[int, int] | None:
    if from_ms is None:
        if until_ms is not None:
            raise click.UsageError("--until goes with --from")
        return None
    return from_ms, min(from_ms + DAY_MS, now_ms()) if until_ms is None else until_ms
