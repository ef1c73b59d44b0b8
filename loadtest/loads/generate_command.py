"""`loadtest generate`: write traffic, the accounts it needs, and what both must lead to, into a folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, get_args

import click

from loadtest.loads.faults import LoadError
from loadtest.loads.making import Compression, Making, make
from loadtest.plan import PLANS_HELP, Plan, Plans, Shape
from loadtest.replay.numbers import decimal, whole
from loadtest.stage import SAMPLE_DECK
from topics.catalog import PARTITIONS

SHARE = decimal(0, 100)
COUNT = whole(0, 10**12)
F = TypeVar("F", bound=Callable[..., Any])


class CannotGenerateError(click.ClickException):
    """It could not be made; exit code 2."""

    exit_code = 2


def instant(value: object) -> datetime:
    """Read an RFC 3339 time; without an offset it is UTC."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise click.BadParameter(f"must be an RFC 3339 time, found {str(value)[:80]!r}") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _share(name: str, field: str, what: str) -> Callable[[F], F]:
    return click.option(name, field, type=SHARE, metavar="PERCENT", help=what)


def _count(name: str, field: str, what: str) -> Callable[[F], F]:
    return click.option(name, field, type=COUNT, metavar="N", help=what)


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--start", type=instant, metavar="TIME",
              help="The calls end before this; now. Say it to get the same bytes again.")  # fmt: skip
@_count("--seed", "seed", "Another seed, other calls; 1.")
@_count("--tenants", "tenants", "So many; 1,000.")
@_count("--num-records", "cdrs", "So many CDRs; 100,000.")
@_count("--span", "ended_spread_s", "Seconds in which the calls end, before the start; 120.")
@click.option("--shape", type=click.Choice(get_args(Shape)),
              help="How they spread over that; random, in no order.")  # fmt: skip
@_count("--disorder", "disorder_s", "With a shape: seconds by which a call may come too late.")
@click.option("--zipf", "zipf_s", type=decimal(0, 5), metavar="S",
              help="Tenant k has a share as 1/k**S; 0.8.")  # fmt: skip
@_share("--hot", "hot", "Of the calls: those that the first tenant has beside its share.")
@_count("--bursts", "bursts", "So often somebody calls dear numbers, one after the other.")
@_share("--duplicates", "duplicates_pct", "The same record again; 1.")
@_share("--conflicts", "conflicts_pct", "A known id with another duration; 0.1.")
@_share("--unanswered", "unanswered_pct", "Calls that nobody answered; 8.")
@_share("--short-calls", "short_calls_pct", "Of the others: those of ten seconds at most; 15.")
@_share("--late", "late", "Calls that ended up to five days before the others; 0.")
@_share("--malformed", "malformed", "Of each class of records that cannot be read; 0.02.")
@_share("--misrouted", "misrouted_pct", "Good records under another key, or elsewhere; 0.1.")
@_share("--corrections", "corrections", "Of calls that are told wrong at first, voids too; 0.")
@click.option("--plans", type=click.Choice(get_args(Plans)), help=f"None, or {PLANS_HELP}.")
@_count("--users", "users", "A tenant has so many users, with limits and pools of their own; 0.")
@_share("--post-paid", "post_paid", "Of the tenants: those that pay later; 0.")
@_share("--promotional", "promotional", "Of the tenants: those that are given credit; 0.")
@_count("--changes", "changes", "So often amid the calls tenants change what they have; 0.")
@_count("--lots", "lots", "So many lots an account; 1 to 4.")
@click.option("--deck", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              default=SAMPLE_DECK, help="Whose prefixes are called; the sample deck.")  # fmt: skip
@click.option("--partitions", type=whole(1, 10_000), default=PARTITIONS, show_default=True,
              help="Of cdr.raw.v1 where it will be replayed.")  # fmt: skip
@click.option("--compress", type=click.Choice(get_args(Compression)), default="none",
              show_default=True, help="Of what is written.")  # fmt: skip
def generate(
    folder: Path, deck: Path, partitions: int, compress: Compression, **given: Any
) -> None:
    """Write a load into FOLDER: account commands, CDRs, deck and plans, and what they must lead to.

    The same options, deck and --start give the same bytes. load.json says what lies there, and proves each file;
    expected.json is the balance, lots, pools and counts of every tenant, by a rater of the load test's own. The last
    line is one JSON object. Exit 2: it cannot be made.
    """
    try:
        made = make(Making(plan_of(given), deck, partitions, folder, compress))
    except (LoadError, ValueError) as error:
        raise CannotGenerateError(str(error)) from error
    hour = made.busiest_hour
    found = {
        "folder": str(folder),
        "start": _text(made.plan["start_ms"]),
        "commands": sum(file.records for act in made.acts for file in act.commands),
        "cdrs": sum(act.cdrs.records for act in made.acts),
        "busiest_hour": None
        if hour is None
        else {"began_at": hour.began_at, "erlang": hour.erlang},
    }
    click.echo(json.dumps(found))


def plan_of(given: dict[str, Any]) -> Plan:
    """Return the plan of what was asked for; ValueError names the knob that cannot be."""
    said = {name: value for name, value in given.items() if value is not None}
    start: datetime = said.pop("start", None) or datetime.now(UTC).replace(microsecond=0)
    if (share := said.pop("malformed", None)) is not None:
        said["broken"] = tuple((reason, share) for reason, _ in Plan(start_ms=1).broken)
    if (lots := said.pop("lots", None)) is not None:
        said |= {"lots_min": lots, "lots_max": lots}
    return Plan(start_ms=int(start.timestamp() * 1_000), **said)


def _text(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).isoformat().replace("+00:00", "Z")
