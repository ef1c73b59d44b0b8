"""`rater account`: what an account has and may do, and why not; which accounts there are."""

from typing import Any, get_args

import click
import msgspec

from rater.cli.broker import broker_option
from rater.cli.columns import print_columns
from rater.cli.enquiry import asking, json_option, limit_option
from rater.kafka.broker import Broker
from rater.shell.enquiries.enquiry import Enquiry, UnknownTenantError, of_another_version
from rater.shell.process.clock import now_ms
from rater.views.account import AccountView, read_account
from rater.views.account_list import HEAD, AccountSelection, Listed
from rater.wire.pricing.amounts import parse_micros
from topics.catalog import ACCOUNT_STATUS, ACCOUNTS_CHANGELOG, RECHARGES_CHANGELOG
from topics.records.contract import Mode
from topics.records.status import BlockedReason, State


@click.group(name="account")
def account() -> None:
    """Show what an account has and may do, and why not; list accounts."""


@account.command()
@click.argument("tenant")
@broker_option
@json_option
def show(tenant: str, broker: Broker, *, as_json: bool) -> None:
    """Print what is known of TENANT's account: lots, thresholds, pools, what is allowed and why not, recharge and why.

    Amounts are exact, times UTC. Exit 1: there is no such account; 2: could not run.
    """
    view = asking(broker, lambda enquiry: _account(enquiry, tenant))
    if as_json:
        click.echo(msgspec.json.encode(view.fields()))
        return
    for line in view.lines():
        click.echo(line)


async def _account(enquiry: Enquiry, tenant: str) -> AccountView:
    value = await enquiry.latest(ACCOUNTS_CHANGELOG, tenant)
    if value is None:
        raise UnknownTenantError(tenant, enquiry.broker)
    status = await enquiry.latest(ACCOUNT_STATUS, tenant)
    recharge = await enquiry.latest(RECHARGES_CHANGELOG, tenant)
    with of_another_version(tenant):
        return read_account(value, status, recharge, now_ms())


class _Amount(click.ParamType):
    """An amount in units of the currency, in micros."""

    name = "amount"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Return micros."""
        read = parse_micros(str(value))
        if isinstance(read, str):
            self.fail(f"{read}, found {str(value)[:80]!r}", param, ctx)
        return read


@account.command(name="list")
@broker_option
@click.option("--tenant", metavar="BEGINNING", help="Whose id begins so.")
@click.option("--state", type=click.Choice(get_args(State)), help="In this state.")
@click.option("--mode", type=click.Choice(get_args(Mode)), help="That pays so.")
@click.option("--currency", metavar="CODE", help="In this currency, such as USD.")
@click.option(
    "--below",
    "below_micros",
    type=_Amount(),
    metavar="AMOUNT",
    help="With a balance below it: 20.00.",
)
@click.option(
    "--refused",
    type=click.Choice(get_args(get_args(BlockedReason)[0])),
    help="Whose calls are refused for this reason.",
)
@limit_option
@json_option
def list_accounts(broker: Broker, limit: int, *, as_json: bool, **given: Any) -> None:
    """Print accounts by tenant, as their latest status says them (at most a second old)."""
    selection = AccountSelection(**given)
    found = asking(broker, lambda enquiry: _selected(enquiry, selection))
    chosen: list[Listed] = [found[key] for key in sorted(found)[:limit]]
    if as_json:
        for each in chosen:
            click.echo(each.value)
        return
    if not chosen:
        click.echo("no such account")
        return
    print_columns([HEAD, *(each.row for each in chosen)])
    if len(found) > limit:
        click.echo(f"{len(found) - limit:,} more, see --limit")


async def _selected(enquiry: Enquiry, selection: AccountSelection) -> dict[bytes, Listed]:
    with of_another_version(ACCOUNT_STATUS.name):
        return await enquiry.selected(ACCOUNT_STATUS, selection.taken)
