"""`rater config hold` and `release`: begin and end a maintenance stop, by a version of the charging settings.

The version is that which is in force when it begins, and holds something more, or something less.
"""

from collections.abc import Callable
from typing import Final

import click

from rater.cli.broker import CannotRunError, broker_option, run
from rater.core.charging_settings import ChargingSettings, Held, SettingsBook
from rater.core.limits import SECOND_MS
from rater.core.times import to_text
from rater.kafka.broker import Broker
from rater.shell.admin import topic_admin
from rater.shell.process.clock import now_ms
from rater.shell.versions.numbered_load import LEAD_MS
from rater.shell.versions.settings_load import settings_loader
from rater.shell.versions.shared_loader import HeldBackError, LoadRefusedError
from rater.wire.moments import NO_MOMENT, read_moment
from rater.wire.settings.charging_settings import decode_settings, encode_settings
from rater.wire.settings.currencies import shipped_settings
from rater.wire.settings.maintenance import KINDS, OF_ALL_ALONE, held, held_of, released

_MARGIN_MS: Final = 5 * SECOND_MS
"""What the broker may take, beside the minute in which every worker learns of a version."""

Change = Callable[[ChargingSettings], ChargingSettings]

_kind = click.argument("kind", type=click.Choice(KINDS))
_tenants = click.option(
    "--tenant",
    "tenants",
    multiple=True,
    metavar="TENANT",
    help="Only of this tenant; may be given again.",
)
_since = click.option(
    "--from",
    "since",
    metavar="TIME",
    help="From when on, as 2026-12-24T22:00:00Z; without it in a minute or so, when every worker knows it.",
)
_at_once = click.option(
    "--now",
    "at_once",
    is_flag=True,
    help="Within seconds instead, as each worker learns of it. For an hour the reconciler believes either of it.",
)


@click.command()
@_kind
@_tenants
@_since
@_at_once
@broker_option
def hold(
    kind: str, tenants: tuple[str, ...], since: str | None, broker: Broker, *, at_once: bool
) -> None:
    """Hold KIND for maintenance, of all tenants, or of those that are named.

    Publishes a version of the charging settings: what is in force then, and this. It goes on until `release`. Exit 1:
    it is refused, and why. Exit 2: the broker or the topic is missing.
    """
    _refuse_tenants(kind, tenants)
    _publish(broker, lambda before: held(before, kind, tenants), (since, at_once))


@click.command()
@_kind
@_tenants
@_since
@_at_once
@broker_option
def release(
    kind: str, tenants: tuple[str, ...], since: str | None, broker: Broker, *, at_once: bool
) -> None:
    """End a stop of KIND: of all tenants and of all that are named; with --tenant only of those.

    Publishes a version of the charging settings: what is in force then, without it. Exit codes are those of `hold`.
    """
    _refuse_tenants(kind, tenants)
    _publish(broker, lambda before: released(before, kind, tenants), (since, at_once))


def _refuse_tenants(kind: str, tenants: tuple[str, ...]) -> None:
    if tenants and kind in OF_ALL_ALONE:
        raise click.UsageError(f"--tenant: {kind} can be held of all tenants only")


def _publish(broker: Broker, change: Change, when: tuple[str | None, bool]) -> None:
    since, at_once = when
    if since is not None and at_once:
        raise click.UsageError("--from, --now: only one of them")

    async def work() -> tuple[ChargingSettings, list[ChargingSettings]]:
        async with topic_admin.connected(broker), settings_loader(broker) as loader:
            now = now_ms()
            book = SettingsBook(shipped_settings(), loader.published.versions.values())
            asked = _next(book, change, _begin_ms(since, now, at_once=at_once))
            await loader.load(asked, now, backdate=at_once)
            return asked, [e for e in book.versions if e.valid_from_ms > asked.valid_from_ms]

    try:
        asked, later = run(work())
    except LoadRefusedError as error:
        raise click.ClickException(str(error)) from error
    except HeldBackError as error:
        raise CannotRunError(str(error)) from error
    since = to_text(asked.valid_from_ms)
    click.echo(f"version {asked.version} is published: from {since} on {_said(asked)}")
    for each in reversed(later):
        since = to_text(each.valid_from_ms)
        click.echo(f"note: from {since} on version {each.version}: {_said(each)}", err=True)


def _begin_ms(since: str | None, now: int, *, at_once: bool) -> int:
    if since is None:
        ahead_ms = 0 if at_once else LEAD_MS + _MARGIN_MS
        return (now + ahead_ms) // SECOND_MS * SECOND_MS
    begin_ms = read_moment(since)
    if begin_ms is None:
        raise click.ClickException(f"--from: {since!r} {NO_MOMENT}")
    return begin_ms


def _next(book: SettingsBook, change: Change, since_ms: int) -> ChargingSettings:
    """Return the version that changes what is in force at an instant, as the topic will have it."""
    before = book.at(since_ms)
    after = change(before)
    if after is before:
        raise LoadRefusedError(f"nothing would change: version {before.version}: {_said(before)}")
    fields = {name: getattr(after, name) for name in after.__match_args__}
    fields |= {"version": max(each.version for each in book.versions) + 1}
    fields |= {"valid_from_ms": since_ms, "known_from_ms": 0}
    # By way of its record, which says what can never hold.
    made = decode_settings(encode_settings(ChargingSettings(**fields))[1])
    if isinstance(made, str):
        raise LoadRefusedError(made)
    return made


def of_whom(held: Held) -> str:
    """Say of whom something is held; empty: of nobody."""
    return "all tenants" if held.of_all else ", ".join(held.tenants)


def _said(settings: ChargingSettings) -> str:
    """Say what a version holds."""
    parts = []
    for kind in KINDS:
        of = of_whom(held_of(settings, kind))
        parts.append(f"{kind} held of {of}" if of else f"no {kind} held")
    return ", ".join(parts)
