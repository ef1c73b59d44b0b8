"""`rater price`: what calls cost by a deck file, without Kafka, by the rating of the workers."""

import os
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import click
import orjson
from tqdm import tqdm

from rater.cli.bounded_lines import bounded_lines
from rater.cli.deck_terms import by_option, note_currency
from rater.cli.plan_files import catalog_of, plans_option
from rater.cli.price_hints import Hints
from rater.core.cdr import Cdr
from rater.core.pricing.decks import DeckBook, Heading
from rater.core.pricing.plans.book import PlanBook
from rater.wire.plans.holder import holder_of
from rater.wire.pricing.deck_calendars import read_calendar_file
from rater.wire.pricing.deck_files import ALWAYS, DeckFileError, compile_file
from rater.wire.pricing.deck_heading import read_heading
from rater.wire.pricing.quotes import BadCall, Quoter, read_call, read_call_line
from rater.wire.pricing.zones import zone_of
from topics.numerals import whole_number

CALL_FIELDS = ("to", "answered_at", "duration")


@click.command()
@click.option(
    "--deck", "path", required=True, type=click.Path(path_type=Path), help="The deck: a CSV file."
)
@click.option("--currency", default="USD", show_default=True, help="Its currency.")
@click.option("--timezone", default="UTC", show_default=True, help="Where its bands are local.")
@click.option("--valid-from", default=ALWAYS, show_default=True, help="Since when it is in force.")
@click.option(
    "--band-policy",
    type=click.Choice(["split", "start"]),
    default="split",
    show_default=True,
    help="Cut a call at band boundaries, or let the band of the answer govern it.",
)
@click.option(
    "--calendars",
    type=click.Path(path_type=Path),
    metavar="FILE.csv",
    help="The dates of the calendars that its rows name: columns calendar and date.",
)
@click.option("--to", help="The number called: E.164, its tail may be masked with *.")
@click.option(
    "--from", "from_", help="The caller's number in E.164; rows with an origin prefix ask for it."
)
@click.option("--answered-at", help="A time with its offset, like 2024-01-31T23:00:00Z.")
@click.option("--duration", help="Connected seconds.")
@click.option("--direction", type=click.Choice(["out", "in"]), help="Default: out.")
@click.option(
    "--country",
    help="The caller's country, for its emergency numbers and the licences that are for it.",
)
@click.option("--call-type", help="As CDRs name it, like user_out; it says which pools pay.")
@plans_option("A plan file: what full pools of the plans that are held pay of the call.")
@click.option(
    "--held",
    multiple=True,
    metavar="PLAN/COUNTRY[/LICENCES]",
    help="A plan of --plans that is held, one licence unless it says more; give it for each.",
)
@click.option(
    "--service-number-type",
    help="Of the number called, with --direction in: Subscriber, TollFree, Service, ...",
)
@click.option("--calls", type=click.File("rb"), help="Price a file of JSON lines; - for stdin.")
def price(
    path: Path,
    calls: BinaryIO | None,
    calendars: Path | None,
    plans: Path | None,
    held: tuple[str, ...],
    **options: str | None,
) -> None:
    """Price a call, or every call of a file, and print a JSON object for each.

    A line of --calls is {"to", "from", "answered_at", "duration"}, and "direction", "country", "service_number_type",
    "call_type" where they matter. A line that cannot be read becomes {"outcome": "error"} with its number, field and
    value; the others are priced all the same, and the exit code is 2.

    With --plans and --held the first seconds are paid by the pools of those plans as they are at the beginning of a
    month, nothing used of them; what is left is charged. Allowances of single users pay nothing here. Why a plan that
    is held pays nothing is told on standard error.
    """
    given = {
        "to": options["to"],
        "from": options["from_"],
        "answered_at": options["answered_at"],
        "duration": options["duration"],
        "direction": options["direction"],
        "country": options["country"],
        "service_number_type": options["service_number_type"],
        "call_type": options["call_type"],
    }
    fields = {name: value for name, value in given.items() if value is not None}
    if calls is not None and fields:
        message = f"--calls brings its own calls: leave out --{min(fields).replace('_', '-')}"
        raise click.UsageError(message)
    book = _deck(path, calendars, options)
    quoter, hints = _quoter(book, options["currency"] or "", plans, held)
    if calls is None:
        _price_one(quoter, hints, fields)
    else:
        _price_all(quoter, hints, calls)


def _deck(path: Path, calendars: Path | None, options: dict[str, str | None]) -> DeckBook:
    """Compile the deck; end with exit code 2 and every fault where it cannot be."""
    names = ("currency", "valid_from", "timezone", "band_policy")
    currency, valid_from, zone, policy = (options[name] or "" for name in names)
    terms = (currency, valid_from, zone, policy)
    heading = read_heading("deck", 1, terms, read_calendar_file(calendars))
    if not isinstance(heading, Heading):
        raise click.UsageError(by_option(heading, calendars=calendars))
    note_currency(currency)
    try:
        return DeckBook.of([compile_file(path, heading)])
    except DeckFileError as error:
        click.echo(str(error) if error.faults else f"--deck: {error}", err=True)
        raise SystemExit(2) from error


def _quoter(
    book: DeckBook, currency: str, plans: Path | None, held: tuple[str, ...]
) -> tuple[Quoter, Hints | None]:
    """Return what prices calls, for somebody who holds plans where that is asked, and what tells why they pay not."""
    if plans is None and not held:
        return Quoter(book, "deck", currency), None
    if plans is None or not held:
        raise click.UsageError("--plans and --held: give both, or none")
    catalog = catalog_of(plans)
    holder = holder_of(held, catalog, currency)
    if isinstance(holder, str):
        raise click.UsageError(f"--held: {holder}")
    contract = holder.contract
    licences = [] if contract is None else contract.entitlements
    names = [(each.plan_id, each.usage_country) for each in licences]
    hints = Hints(catalog, names, currency, partial(click.echo, err=True))
    return Quoter(book, "deck", currency, PlanBook([catalog], zone_of), holder), hints


def _price_one(quoter: Quoter, hints: Hints | None, fields: dict[str, str]) -> None:
    for name in CALL_FIELDS:
        if name not in fields:
            message = f"Missing option '--{name.replace('_', '-')}' (or price a file with --calls)."
            raise click.UsageError(message)
    known: dict[str, Any] = dict(fields)
    with suppress(ValueError):
        known["duration"] = whole_number(fields["duration"])
    call = read_call(known)
    if isinstance(call, BadCall):
        message = f"--{(call.field or '').replace('_', '-')}: {call.value} {call.detail}"
        raise click.UsageError(message)
    click.echo(orjson.dumps(_answer(quoter, hints, call)))


def _answer(quoter: Quoter, hints: Hints | None, call: Cdr) -> dict[str, Any]:
    answer = quoter.quote(call)
    if hints is not None:
        hints.of_call(call, answer)
    return answer


def _price_all(quoter: Quoter, hints: Hints | None, calls: BinaryIO) -> None:
    """Price a file line by line, its progress on the terminal; exit code 2 if a line was bad."""
    out = click.get_binary_stream("stdout")
    lines = bad = 0
    with tqdm(
        total=_size(calls), desc="pricing", unit="B", unit_scale=True, disable=None, leave=False
    ) as bar:
        for number, line in _numbered(calls, bar):
            call = read_call_line(line)
            lines += 1
            if isinstance(call, BadCall):
                bad += 1
                answer = call.as_record(number)
            else:
                answer = _answer(quoter, hints, call)
            out.write(orjson.dumps(answer) + b"\n")
    out.flush()
    if bad:
        click.echo(f"{bad} of {lines} lines could not be read", err=True)
        raise SystemExit(2)


def _numbered(calls: BinaryIO, bar: Any) -> Iterator[tuple[int, bytes]]:
    """Yield number and text of the lines that are not blank, and move the bar by their bytes."""
    for number, line in bounded_lines(calls):
        bar.update(len(line))
        if line.strip():
            yield number, line


def _size(file: BinaryIO) -> int | None:
    """Return the size of a regular file; None for a pipe or a terminal."""
    with suppress(OSError):
        return os.fstat(file.fileno()).st_size or None
    return None
