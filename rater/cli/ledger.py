"""`rater ledger`: a tenant's ledger, entry by entry."""

from collections import deque
from contextlib import aclosing, suppress
from typing import Any

import click
import orjson

from rater.cli.broker import broker_option
from rater.cli.columns import AT_ONCE, GrowingColumns
from rater.cli.enquiry import (
    asking,
    cdr_option,
    from_option,
    json_option,
    until_option,
    user_option,
)
from rater.cli.numbers import WholeNumber
from rater.kafka.broker import Broker
from rater.shell.enquiries.enquiry import Enquiry
from rater.views.entries import HEAD, EntrySelection, row_of
from topics.catalog import ENTRIES, LEDGER

KINDS = sorted(str(each.__struct_config__.tag) for each in ENTRIES)


@click.command(name="ledger")
@click.argument("tenant")
@broker_option
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(KINDS),
    metavar="KIND",
    help="Of this kind, such as charge or funds_added; may be repeated.",
)
@from_option
@until_option
@user_option
@cdr_option
@click.option("--limit", type=WholeNumber(1), metavar="N", help="The first so many.")
@click.option("--last", type=WholeNumber(1, 100_000), metavar="N", help="The last so many.")
@click.option(
    "--follow",
    "-f",
    is_flag=True,
    help="Then print what comes, as it comes, until interrupted, or until --limit.",
)
@json_option
def ledger(tenant: str, broker: Broker, **given: Any) -> None:
    """Print TENANT's ledger: each change of the account, in order, with its reason and the balance after it.

    Times are those of the entries. With --json the entries are printed as they were written. Exit 1: there is no such
    account; 2: could not run.
    """
    if given["follow"] and (given["last"] or given["until_ms"]):
        raise click.UsageError("--follow goes with neither --last nor --until")
    if given["limit"] and given["last"]:
        raise click.UsageError("--limit and --last: give one of them")
    selection = EntrySelection(
        kinds=frozenset(given["kinds"]),
        **{name: given[name] for name in ("from_ms", "until_ms", "user", "cdr_id")},
    )
    printed = _Printed(as_json=given["as_json"], is_following=given["follow"], last=given["last"])
    with suppress(KeyboardInterrupt):
        asking(broker, lambda enquiry: _print(enquiry, tenant, selection, printed, given["limit"]))
    printed.end()


async def _print(
    enquiry: Enquiry, tenant: str, selection: EntrySelection, printed: "_Printed", limit: int | None
) -> None:
    if printed.is_following:
        await enquiry.check_tenant(tenant)
    is_there = False
    times = selection.written_from_ms, selection.written_until_ms
    records = enquiry.records(LEDGER, tenant, *times, is_following=printed.is_following)
    async with aclosing(records) as lines:
        async for line in lines:
            is_there = True
            value = line.value or b"{}"
            entry = orjson.loads(value)
            if selection.has(entry):
                printed.add(value, entry)
                if printed.count == limit:
                    return
    if not is_there:
        await enquiry.check_tenant(tenant)


class _Printed:
    """Prints entries as they come, or the last of them in the end."""

    def __init__(self, *, as_json: bool, is_following: bool, last: int | None) -> None:
        self.count = 0
        self.is_following = is_following
        self._columns = GrowingColumns(HEAD, 1 if is_following else AT_ONCE)
        self._as_json = as_json
        self._last: deque[tuple[bytes, dict[str, Any]]] | None = (
            None if last is None else deque(maxlen=last)
        )
        self._out = click.get_binary_stream("stdout")

    def add(self, value: bytes, entry: dict[str, Any]) -> None:
        """Take an entry."""
        self.count += 1
        if self._last is None:
            self._say(value, entry)
        else:
            self._last.append((value, entry))

    def end(self) -> None:
        """Print what is left."""
        for value, entry in self._last or ():
            self._say(value, entry)
        if self._as_json:
            self._out.flush()
        elif self.count:
            self._columns.flush()
        else:
            click.echo("no such entry")

    def _say(self, value: bytes, entry: dict[str, Any]) -> None:
        if not self._as_json:
            self._columns.add(row_of(entry))
            return
        self._out.write(value + b"\n")
        if self.is_following:
            self._out.flush()
