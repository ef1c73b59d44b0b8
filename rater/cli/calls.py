"""`rater calls`: a tenant's calls as they stand, and what they cost."""

from contextlib import aclosing
from typing import Any

import click
import orjson

from rater.cli.broker import broker_option
from rater.cli.columns import GrowingColumns
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
from rater.views.calls import HEAD, REVERSED, CallSelection, Sums, row_of
from topics.catalog import LEDGER


@click.command(name="calls")
@click.argument("tenant")
@broker_option
@user_option
@click.option("--to", metavar="PREFIX", help="To numbers that begin so, such as +4479.")
@click.option("--destination", metavar="NAME", help="To destinations that are called so, in part.")
@from_option
@until_option
@cdr_option
@click.option("--limit", type=WholeNumber(1), metavar="N", help="The first so many.")
@json_option
def calls(tenant: str, broker: Broker, limit: int | None, *, as_json: bool, **given: Any) -> None:
    """Print TENANT's calls that were charged, or free, as they stand now, in the order in which they were charged.

    Times are those of the calls. What a correction or a void has taken back is left out; `rater ledger` has it. With
    --json the entries are printed as they were written. Exit 1: there is no such account; 2: could not run.
    """
    selection = CallSelection(**given)
    printed = _Printed(as_json=as_json)
    asking(broker, lambda enquiry: _print(enquiry, tenant, selection, printed, limit))
    printed.end()


async def _print(
    enquiry: Enquiry, tenant: str, selection: CallSelection, printed: "_Printed", limit: int | None
) -> None:
    from_ms, taken_back, is_there = selection.written_from_ms, set[str](), False
    async with aclosing(enquiry.records(LEDGER, tenant, from_ms)) as lines:
        async for line in lines:
            is_there = True
            if line.value is not None and REVERSED in line.value:
                taken_back.add(orjson.loads(line.value)["reverses"])
    if not is_there:
        await enquiry.check_tenant(tenant)
        return
    async with aclosing(enquiry.records(LEDGER, tenant, from_ms)) as lines:
        async for line in lines:
            value = line.value or b"{}"
            entry = orjson.loads(value)
            if selection.has(entry) and entry["entry_id"] not in taken_back:
                printed.add(value, entry)
                if printed.sums.calls == limit:
                    return


class _Printed:
    """Prints calls as they come, and in the end what they sum up to; for programs on standard error."""

    def __init__(self, *, as_json: bool) -> None:
        self.sums = Sums()
        self._as_json = as_json
        self._columns = GrowingColumns(HEAD)
        self._out = click.get_binary_stream("stdout")

    def add(self, value: bytes, entry: dict[str, Any]) -> None:
        """Take a call."""
        self.sums.add(entry)
        if self._as_json:
            self._out.write(value + b"\n")
        else:
            self._columns.add(row_of(entry))

    def end(self) -> None:
        """Print what is left."""
        self._columns.flush()
        self._out.flush()
        click.echo(str(self.sums), err=self._as_json)
