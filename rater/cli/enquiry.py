"""Enquiry: what commands that only ask have alike: how they ask, what their troubles come to, their options."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from rater.cli.broker import CannotRunError, run
from rater.cli.moment import Moment
from rater.cli.numbers import WholeNumber
from rater.kafka.broker import Broker
from rater.shell.enquiries.enquiry import (
    Enquiry,
    EnquiryError,
    UnknownTenantError,
    enquiring,
)

Answer = TypeVar("Answer")

json_option = click.option(
    "--json", "as_json", is_flag=True, help="An object a line, for programs."
)
limit_option = click.option(
    "--limit",
    type=WholeNumber(1),
    default=100,
    show_default=True,
    metavar="N",
    help="So many at most.",
)
user_option = click.option("--user", metavar="ID", help="Of this user.")
cdr_option = click.option("--cdr", "cdr_id", metavar="ID", help="Of this call.")
_TIMES = "2026-03-01T10:00:00Z, or 15m, 2h, 3d ago"
from_option = click.option(
    "--from", "from_ms", type=Moment(), metavar="TIME", help=f"From then on: {_TIMES}."
)
until_option = click.option(
    "--until", "until_ms", type=Moment(), metavar="TIME", help="Before then, likewise."
)


def asking(broker: Broker, ask: Callable[[Enquiry], Awaitable[Answer]]) -> Answer:
    """Ask a broker; exit 1 for what is not there, 2 where it cannot be asked."""

    async def work() -> Answer:
        async with enquiring(broker) as enquiry:
            return await ask(enquiry)

    try:
        return run(work())
    except UnknownTenantError as error:
        raise click.ClickException(str(error)) from error
    except EnquiryError as error:
        raise CannotRunError(str(error)) from error
