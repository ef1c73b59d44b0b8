"""`rater plan`: the plan catalog: which calls plans pay in seconds, and what pays after them."""

import logging
from pathlib import Path

import click
import msgspec

from rater.cli.broker import CannotRunError, broker_option, run
from rater.cli.columns import print_columns
from rater.cli.numbers import WholeNumber
from rater.cli.rerate_hint import tell_rerating
from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.plans.catalog import Catalog
from rater.core.times import to_text
from rater.kafka.broker import Broker
from rater.shell.admin import topic_admin
from rater.shell.admin.plan_check import Checked, check_plans
from rater.shell.process.clock import now_ms
from rater.shell.versions.plan_load import plan_loader, read_plans
from rater.shell.versions.shared_loader import HeldBackError, LoadRefusedError
from rater.wire.bounded_file import read_bounded
from rater.wire.moments import NO_MOMENT, read_moment
from rater.wire.plans.plan_file import PLAN_FILE_BYTES_MAX
from rater.wire.pricing.amounts import format_micros
from rater.wire.told import counted, told
from topics.fields import VERSION_MAX
from topics.records import Allowance
from topics.records.plans import MinutePrice

ANY_TIME = "2026-01-01T00:00:00Z"
"""For a file that is only looked at."""
HEAD = ("version", "valid from", "plans", "allowances", "chains", "now")
PLAN_HEAD = ("plan", "name", "allowance", "a month", "calls", "prices")

_file = click.argument("path", metavar="FILE.toml", type=click.Path(path_type=Path))


@click.group()
def plan() -> None:
    """Lint, load and list plan catalogs."""


@plan.command()
@_file
@click.option("--json", "as_json", is_flag=True, help="Print a JSON line per finding.")
@click.option("--strict", is_flag=True, help="Let warnings fail too.")
def lint(path: Path, *, as_json: bool, strict: bool) -> None:
    """Find what is wrong or unusual in FILE.toml before it is loaded.

    Exit code 1: there are errors (with --strict: or warnings). Exit code 2: the file cannot be
    read.
    """
    checked = _check(path, 1, ANY_TIME)
    for said in (
        [msgspec.json.encode(each).decode() for each in checked.findings]
        if as_json
        else told(f"{path}: {each.level}: {each.code}: {each.message}" for each in checked.findings)
    ):
        click.echo(said)
    errors = len(checked.errors)
    warnings = len(checked.findings) - errors
    if not as_json:
        click.echo(f"{path}: {counted(errors, warnings)}", err=True)
    if errors or (strict and warnings):
        raise SystemExit(1)


@plan.command()
@_file
@click.option(
    "--version",
    required=True,
    type=WholeNumber(1, VERSION_MAX),
    metavar="N",
    help="1, 2, 3, ...",
)
@click.option(
    "--valid-from", required=True, metavar="TIME", help="Like 2026-01-31T23:00:00Z; it holds for "
    "calls that start from then on.",
)  # fmt: skip
@click.option(
    "--backdate",
    is_flag=True,
    help="Allow a version that is in force at once, or was before, for calls that come late. What was charged stays.",
)
@click.option("--strict", is_flag=True, help="Refuse a file in which `lint` has warnings.")
@broker_option
def load(
    path: Path, version: int, valid_from: str, broker: Broker, *, backdate: bool, strict: bool
) -> None:
    """Publish FILE.toml as a version of the plan catalog, whole or not at all.

    The same version again changes nothing (exit 0). Exit 1, and nothing is published: the file has faults, or the
    version may not be. Exit 2: the file, the broker or the topic is missing.
    """
    # Shut out by another loader, aiokafka leaves failed futures behind; we say it ourselves.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    if read_moment(valid_from) is None:
        raise click.ClickException(f"--valid-from: {valid_from!r} {NO_MOMENT}")
    catalog = _loadable(path, _check(path, version, valid_from), strict=strict)

    async def work() -> bool:
        async with topic_admin.connected(broker), plan_loader(broker) as loader:
            return await loader.load(catalog, now_ms(), backdate=backdate)

    try:
        is_new = run(work())
    except LoadRefusedError as error:
        raise click.ClickException(str(error)) from error
    except HeldBackError as error:
        raise CannotRunError(str(error)) from error
    said = "is published" if is_new else "is there already, the same"
    click.echo(
        f"version {version} {said}: {len(catalog.record.plans)} plans, valid from {_since(catalog)}"
    )
    if is_new and backdate and catalog.valid_from_ms < now_ms():
        tell_rerating("--all", _since(catalog))


@plan.command(name="list")
@broker_option
@click.option("--plans", "in_full", is_flag=True, help="Also what the version in force gives.")
def list_plans(broker: Broker, *, in_full: bool) -> None:
    """Print the versions of the plan catalog on the broker, and which is in force now."""

    async def work() -> PlanBook:
        async with topic_admin.connected(broker):
            return await read_plans(broker)

    book = run(work())
    if not book.versions:
        click.echo(f"no plan catalog on {broker}: publish one with `rater plan load`")
        return
    now = now_ms()
    current = book.at(now)
    ordered = sorted(book.versions, key=lambda each: each.version)
    print_columns([HEAD, *(_row(each, _standing(each, current, now)) for each in ordered)])
    if in_full:
        click.echo()
        print_columns([PLAN_HEAD, *plan_rows(current)])


def _check(path: Path, version: int, valid_from: str) -> Checked:
    try:
        content = read_bounded(path, PLAN_FILE_BYTES_MAX)
    except OSError as error:
        raise CannotRunError(f"{path}: {error.strerror}") from error
    return check_plans(content, version, valid_from)


def _loadable(path: Path, checked: Checked, *, strict: bool) -> Catalog:
    """Return the catalog; errors, and with `strict` warnings, end the command."""
    warnings = [each for each in checked.findings if each.level == "warning"]
    for said in told(f"{path}: warning: {each.code}: {each.message}" for each in warnings):
        click.echo(said, err=True)
    if checked.catalog is None:
        said = "\n".join(told(f"{path}: {each.message}" for each in checked.errors))
        raise click.ClickException(f"{said}\nnothing was published")
    if strict and warnings:
        message = f"{path}: warnings: {len(warnings)}, and --strict: nothing was published"
        raise click.ClickException(message)
    return checked.catalog


def _row(catalog: Catalog, standing: str) -> tuple[str, ...]:
    record = catalog.record
    allowances = sum(len(each.allowances) for each in record.plans)
    counts = (len(record.plans), allowances, len(record.chains))
    return str(catalog.version), _since(catalog), *map(str, counts), standing


def _standing(catalog: Catalog, current: Catalog, now: int) -> str:
    if catalog is current:
        return "in force"
    return "not yet" if catalog.valid_from_ms > now else "superseded"


def plan_rows(catalog: Catalog) -> list[tuple[str, ...]]:
    """Return a row for each allowance of each plan, under PLAN_HEAD."""
    rows: list[tuple[str, ...]] = []
    for each in catalog.record.plans:
        said = [_allowance_cells(one) for one in each.allowances] or [("-", "-", "-", "-")]
        rows += [(each.plan_id, each.name, *cells) for cells in said]
    return rows


def _allowance_cells(allowance: Allowance) -> tuple[str, str, str, str]:
    minutes, rest = divmod(allowance.seconds, 60)
    amount = f"{allowance.seconds} s" if rest else f"{minutes} min"
    where = [allowance.scope, *allowance.zones]
    if allowance.usage_zones:
        where += ["of", *allowance.usage_zones]
    prices = "; ".join(map(_price, allowance.prices)) or "-"
    return allowance.allowance_id, f"{amount} per {allowance.per}", " ".join(where), prices


def _price(price: MinutePrice) -> str:
    """Say what minutes and calls cost of a pool, as USD 0.005 a minute, 0.01 a call."""
    asked = ((price.per_minute_micros, "a minute"), (price.fee_micros, "a call"))
    said = [f"{format_micros(micros)} {of}" for micros, of in asked if micros]
    return f"{price.currency} {', '.join(said)}"


def _since(catalog: Catalog) -> str:
    return to_text(catalog.valid_from_ms)
