"""`rater config`: the charging settings, what decides about money besides decks and accounts; and those of services.

With the name of a service, `show` and `check` are of what that is told at its start (`config_services`).
"""

import functools
from codecs import BOM_UTF8
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import orjson

from rater.cli.broker import CannotRunError, broker_option, run
from rater.cli.config_maintenance import hold, of_whom, release
from rater.cli.config_services import ServiceGroup, check_all, print_settings, say_good
from rater.core.charging_settings import ChargingSettings, SettingsBook
from rater.core.limits import HOUR_MS, UNIT_MICROS
from rater.core.times import to_text
from rater.kafka.broker import Broker
from rater.shell.admin import topic_admin
from rater.shell.admin.validation import Problem, RecordCheck
from rater.shell.admin.validation import decode as read_json
from rater.shell.process.clock import now_ms
from rater.shell.versions.settings_load import is_dated_back, read_settings, settings_loader
from rater.shell.versions.shared_loader import HeldBackError, LoadRefusedError
from rater.wire.bounded_file import read_bounded
from rater.wire.settings.charging_settings import decode_settings, fields_of
from rater.wire.settings.currencies import load_currencies, shipped_book
from rater.wire.settings.maintenance import KINDS, held_of
from rater.wire.settings.settings_file import complete, warnings
from rater.wire.told import told
from topics.catalog import CHARGING_SETTINGS
from topics.records.charging_settings import CurrencyTerms

CONFIG_FILE_BYTES_MAX = 1_000_000
"""Of a file of charging settings: as many as a record of their topic may have."""
HEAD = ("currency", "decimals", "spend per hour", "least recharge", "balance bound")

_file = click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))


@click.group()
def config() -> None:
    """Show, lint and load the charging settings; check and show what a service is told at its start."""


config.add_command(hold)
config.add_command(release)


def _without_service(command: Callable[..., None]) -> Callable[..., None]:
    """Leave a command out where it is asked of a service."""

    @functools.wraps(command)
    def run_alone(*arguments: Any, **options: Any) -> None:
        if click.get_current_context().invoked_subcommand is None:
            command(*arguments, **options)

    return run_alone


@config.group(
    cls=ServiceGroup, told=say_good, invoke_without_command=True, subcommand_metavar="[SERVICE]"
)
@_without_service
@click.option(
    "--settings",
    type=click.Path(exists=True, dir_okay=False),
    envvar="RATER_SETTINGS",
    show_envvar=True,
    metavar="FILE",
    help="The settings file; every service that it has a table for is checked, unless one is named.",
)
def check(settings: str | None) -> None:
    """Find what is wrong with what a service is told, by options, environment and settings file, without starting it.

    SERVICE is charging, recharge, gateway, notifier, watch or gatekeeper, and takes the options of such a start.
    Certificates and other files that settings name are read; nothing is connected to. Exit 1: something is wrong, and
    each fault is named with its setting. Exit 2: the settings file cannot be read.
    """
    if settings is None:
        raise click.UsageError("name a SERVICE, or a file with --settings")
    check_all(settings)


@config.group(
    cls=ServiceGroup,
    told=print_settings,
    invoke_without_command=True,
    subcommand_metavar="[SERVICE]",
)
@_without_service
@broker_option
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print the version in force as a file for `load`: as the next version, from the hour after the next on.",
)
@click.option("--shipped", is_flag=True, help="What ships with the release; needs no broker.")
def show(broker: Broker, *, as_json: bool, shipped: bool) -> None:
    """Print the charging settings in force now, the versions that there are, and which currencies have no breaker.

    With SERVICE (charging, recharge, gateway, notifier, watch or gatekeeper) and the options of its start:
    print instead what it would be told, each setting with its value and where it came from: option, environment, file
    or default. Of a secret it says whether it is set.
    """
    book = shipped_book() if shipped else _published(broker)
    settings = book.at(now_ms())
    if as_json:
        changed = {"version": max(each.version for each in book.versions) + 1}
        since = {"valid_from": to_text((now_ms() // HOUR_MS + 2) * HOUR_MS)}
        fields = {**fields_of(settings), **changed, **since}
        click.echo(orjson.dumps(fields, option=orjson.OPT_INDENT_2))
        return
    _print_table(settings)
    for each in sorted(book.versions, key=lambda each: each.version):
        standing = "in force" if each is settings else _standing(each)
        standing += ", dated back" if each.known_from_ms else ""
        click.echo(f"version {each.version}: {standing}")


def _published(broker: Broker) -> SettingsBook:
    async def work() -> SettingsBook:
        async with topic_admin.connected(broker):
            return await read_settings(broker)

    return run(work())


@config.command()
@_file
def lint(file: Path) -> None:
    """Find what is wrong or unusual in FILE before it is loaded. Exit 1: it cannot be loaded."""
    settings = _read(file)
    for sentence in warnings(settings):
        click.echo(f"{file}: warning: {sentence}")
    click.echo(f"{file}: version {settings.version}, valid from {to_text(settings.valid_from_ms)}")


@config.command()
@_file
@click.option(
    "--backdate",
    is_flag=True,
    help="Allow a version that is in force at once, or was before. What was decided already stays as it is.",
)
@broker_option
def load(file: Path, broker: Broker, *, backdate: bool) -> None:
    """Publish FILE as a version of the charging settings.

    FILE is one JSON object (topics/README.md): `version`, `valid_from`, and what differs from what ships. The same
    version again changes nothing (exit 0). Exit 1, and nothing is published: FILE has faults, or the version may not
    be. Exit 2: the broker or the topic is missing.

    With --backdate it decides all that is decided from now on, records that were written before and come late, too;
    nothing is charged again. For an hour what it decides names it, so that books of that time can still be proven.
    """
    settings = _read(file)
    for sentence in warnings(settings):
        click.echo(f"{file}: warning: {sentence}", err=True)

    async def work() -> tuple[bool, bool]:
        async with topic_admin.connected(broker), settings_loader(broker) as loader:
            now = now_ms()
            is_new = await loader.load(settings, now, backdate=backdate)
            return is_new, is_dated_back(settings, now)

    try:
        is_new, is_late = run(work())
    except LoadRefusedError as error:
        raise click.ClickException(str(error)) from error
    except HeldBackError as error:
        raise CannotRunError(str(error)) from error
    said = "is published" if is_new else "is there already, the same"
    since = to_text(settings.valid_from_ms)
    click.echo(f"version {settings.version} {said}: valid from {since}")
    if is_new and is_late:
        click.echo(
            f"note: dated back: what was decided since {since} stays as it is; version {settings.version} decides what "
            "comes now, and entries of the next hour name it",
            err=True,
        )


def _read(file: Path) -> ChargingSettings:
    """Read a file and make it whole; its faults end the command."""
    try:
        content = read_bounded(file, CONFIG_FILE_BYTES_MAX)
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from error
    given = read_json(content.removeprefix(BOM_UTF8))
    if isinstance(given, Problem) or not isinstance(given, dict):
        problems = [given if isinstance(given, Problem) else Problem("", None, "must be an object")]
    else:
        whole = complete(given)
        problems = RecordCheck(CHARGING_SETTINGS).problems(whole)
        if not problems:
            settings = decode_settings(orjson.dumps(whole))
            if isinstance(settings, ChargingSettings):
                return settings
            raise click.ClickException(f"{file}: {settings}")
    raise click.ClickException("\n".join(told(f"{file}: {problem}" for problem in problems)))


def _print_table(settings: ChargingSettings) -> None:
    rows = [HEAD, *(_row(terms) for terms in settings.currencies.values())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells))
    without = [c for c, terms in settings.currencies.items() if not terms.spend_per_hour_micros]
    named = ", ".join([*without, "any that is not in the table"])
    click.echo(f"no breaker unless an account sets one: {named}")
    for name in (
        "window_days",
        "duration_tolerance_s",
        "duration_tolerance_percent",
        "cdr_max_bytes",
        "corrections",
        "freecall_after_days",
        "promotional_credit",
    ):
        click.echo(f"{name}: {getattr(settings, name)}")
    click.echo(f"canary_tenants: {', '.join(settings.canary_tenants) or 'none'}")
    for kind in KINDS:
        click.echo(f"{kind} held: {of_whom(held_of(settings, kind)) or 'none'}")
    hidden = [f"{mask.prefix or 'all others'} {mask.digits}" for mask in settings.number_masks]
    click.echo(f"last digits of numbers hidden: {', '.join(hidden) or 'none'}")
    if settings.version == 0:
        for source in load_currencies().sources:
            click.echo(source)


def _row(terms: CurrencyTerms) -> tuple[str, ...]:
    amounts = (
        terms.spend_per_hour_micros,
        terms.recharge_minimum_micros,
        terms.balance_max_micros,
    )
    whole = (f"{micros // UNIT_MICROS:,}" if micros else "none" for micros in amounts)
    return terms.currency, str(terms.decimals), *whole


def _standing(settings: ChargingSettings) -> str:
    since = to_text(settings.valid_from_ms)
    return (
        f"not yet, from {since}"
        if settings.valid_from_ms > now_ms()
        else f"superseded, from {since}"
    )
