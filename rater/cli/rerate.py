"""`rater rerate`: rate charges again by the decks and plans as they are now, and post the differences."""

import json
from typing import Any

import click

from rater.cli.broker import CannotRunError, broker_option, run
from rater.cli.columns import print_columns
from rater.cli.job_options import going_on, job_options, refuse_nothing, who_asks
from rater.cli.moment import Moment
from rater.cli.numbers import WholeNumber
from rater.cli.partition_counts import partitions_of
from rater.cli.rerate_shown import CALLS_HEAD, TENANTS_HEAD, call_rows, fields_of, tenant_rows
from rater.cli.told import Told
from rater.kafka.broker import Broker
from rater.shell.admin.answers import Answer
from rater.shell.admin.who import Who
from rater.shell.process.clock import now_ms
from rater.shell.rerating.found import Differs, Found, find
from rater.shell.rerating.job import post
from rater.shell.rerating.limits import Limits, beyond
from rater.shell.rerating.selection import Selection
from rater.views.amounts import money
from rater.wire.pricing.amounts import parse_micros
from topics.catalog import ACCOUNT_TIMERS, LEDGER
from topics.fields import VERSION_MAX

NOTHING = "no charge that stands matches"


class _Amount(click.ParamType):
    """An amount of money that is not negative: micros."""

    name = "amount"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Return micros."""
        micros = parse_micros(str(value))
        if isinstance(micros, str) or micros < 0:
            why = micros if isinstance(micros, str) else "is below 0"
            self.fail(f"must be an amount such as 250.00, found {str(value)[:80]!r}: {why}")
        return micros


_VERSION = WholeNumber(1, VERSION_MAX)


@click.command(name="rerate")
@broker_option
@click.option(
    "--tenant", "tenants", multiple=True, metavar="ID", help="Of this tenant; may be repeated."
)
@click.option("--deck", metavar="ID", help="Charges that this deck has priced.")
@click.option("--deck-version", type=_VERSION, metavar="N", help="By this version of it alone.")
@click.option(
    "--plan-version",
    type=_VERSION,
    metavar="N",
    help="Charges of which pools of this version of the plans have paid.",
)
@click.option(
    "--from",
    "from_ms",
    type=Moment(),
    metavar="TIME",
    help="Of calls answered from then on: 2026-03-01T00:00:00Z, or 3d ago.",
)
@click.option(
    "--until", "until_ms", type=Moment(), metavar="TIME", help="Of calls answered before then."
)
@click.option("--all", "is_all", is_flag=True, help="All charges: where nothing else says which.")
@click.option(
    "--limit",
    type=_Amount(),
    metavar="AMOUNT",
    help="Move no more than this in all, in each currency; asked for unless --dry-run.",
)
@click.option(
    "--limit-tenant",
    type=_Amount(),
    metavar="AMOUNT",
    help="Nor more than this of one tenant; else --limit.",
)
@job_options
def rerate(broker: Broker, **given: Any) -> None:
    """Rate charges again: each as its call costs by the decks and plans as they are now.

    A charge that comes to the same is left alone. Of any other the ledger gets two entries more: what was charged is
    taken back, and the call is charged anew. Nothing is edited. Under the same --job each difference is posted once,
    however often it is begun. What it would move beyond a limit is not begun: nothing is posted, and it says so.
    With --dry-run it prints the difference of each tenant, and the ten calls with the largest.
    Exit 0: done; 1: a limit, or some charges could not be rated again, or none matches (but for --all, and a --job that
    has posted some before); 2: could not run, or no answer in time.
    """
    selection, who = _selection(given), who_asks(given)
    limits = _limits(given)
    found = run(_find(broker, selection, who))
    _show(found, as_json=given["as_json"])
    if given["dry_run"]:
        _say(_summary(found, "dry run"), as_json=given["as_json"])
    else:
        assert limits is not None
        _refuse_beyond(found, limits, who)
        _post(broker, found, who, given)
    refuse_nothing(selection, found.total)


def _selection(given: dict[str, Any]) -> Selection:
    names = ("deck", "deck_version", "plan_version", "from_ms", "until_ms")
    selection = Selection(
        tenants=frozenset(given["tenants"]), **{name: given[name] for name in names}
    )
    if given["deck_version"] is not None and given["deck"] is None:
        raise click.UsageError("--deck-version: say of which --deck")
    if selection.is_all and not given["is_all"]:
        raise click.UsageError("say which charges, or --all")
    return selection


def _limits(given: dict[str, Any]) -> Limits | None:
    """Return how much may be moved; of a dry run nothing is asked."""
    if given["dry_run"]:
        return None
    if given["limit"] is None:
        raise click.UsageError("--limit: say how much may be moved in all; --dry-run shows it")
    per_tenant = given["limit"] if given["limit_tenant"] is None else given["limit_tenant"]
    return Limits(per_tenant, given["limit"])


async def _find(broker: Broker, selection: Selection, who: Who) -> Found:
    partitions, _ = await partitions_of(broker, LEDGER, ACCOUNT_TIMERS)
    return await find(broker, partitions, selection, who, now_ms())


def _show(found: Found, *, as_json: bool) -> None:
    if as_json:
        for fields in fields_of(found):
            click.echo(json.dumps(fields))
        return
    if not found.calls:
        return
    print_columns([TENANTS_HEAD, *tenant_rows(found)])
    click.echo()
    print_columns([CALLS_HEAD, *call_rows(found)])
    click.echo()


def _refuse_beyond(found: Found, limits: Limits, who: Who) -> None:
    """End where the job would move more than it may; nothing is posted."""
    passed = beyond(found.would_move(), limits)
    if not passed:
        return
    for each in passed[:10]:
        whose = "all tenants together" if each.tenant_id is None else each.tenant_id
        asked = f"{money(each.micros, each.currency)}, above {money(each.limit, each.currency)}"
        click.echo(f"{whose}: would move {asked}", err=True)
    raise click.ClickException(
        "nothing is posted: look at it with --dry-run, then say --tenant, or a higher --limit or --limit-tenant, "
        f"with --job {who.job_id}"
    )


def _post(broker: Broker, found: Found, who: Who, given: dict[str, Any]) -> None:
    told = _Told(as_json=given["as_json"])
    with going_on(who):
        run(post(broker, found, given["timeout_s"], told.answered))
    _say(
        f"{_summary(found, f'job {who.job_id}')}; {told.sums() or 'nothing to post'}",
        as_json=given["as_json"],
    )
    if told.counts["no answer"] or sum(told.counts.values()) < len(found.calls):
        why = f"some have no answer: is a charging worker running? Go on with --job {who.job_id}"
        raise CannotRunError(why)
    if told.counts["refused"] or found.refused:
        raise click.exceptions.Exit(1)


def _summary(found: Found, what: str) -> str:
    counts = {"differ": len(found.calls), "the same": found.unchanged, "done before": found.done}
    counts |= {f"not possible ({reason})": n for reason, n in sorted(found.refused.items())}
    if not found.total:
        return f"{what}: {NOTHING}"
    return f"{what}: " + ", ".join(
        f"{name} {n:,}" for name, n in counts.items() if n or name == "differ"
    )


def _say(text: str, *, as_json: bool) -> None:
    """Print a line of sums; with objects a line, to standard error."""
    click.echo(text, err=as_json)


class _Told(Told):
    """Counts what came of each charge, and prints what went wrong; for programs all."""

    def answered(self, differs: Differs, answer: Answer | None) -> None:
        """Take an answer; None: nobody answered in time."""
        outcome = "no answer" if answer is None else _OUTCOME.get(answer.verdict, answer.verdict)
        detail = "" if answer is None else answer.detail
        charge = differs.charge
        if self._as_json or outcome not in {"posted", "unchanged"}:
            said = {"what": "posted", "tenant_id": charge.tenant_id, "cdr_id": charge.cdr_id}
            self.say(said, f"{charge.tenant_id} {charge.cdr_id}", outcome, detail)
        else:
            self.counts[outcome] += 1


_OUTCOME = {"charged": "posted", "known": "unchanged"}
