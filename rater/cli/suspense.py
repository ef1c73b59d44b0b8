"""`rater suspense`: what waits in suspense: list it, look at calls, ask charging to release or to drop them."""

import json
from collections import Counter
from typing import Any

import click

from rater.cli.broker import CannotRunError, broker_option, run
from rater.cli.columns import print_columns
from rater.cli.enquiry import json_option, limit_option
from rater.cli.job_options import (
    all_option,
    going_on,
    job_options,
    refuse_nothing,
    selecting,
    several,
    tenant_option,
    until_option,
    who_asks,
)
from rater.cli.partition_counts import partitions_of
from rater.cli.suspense_shown import CALLS_HEAD, GROUPS_HEAD, call_fields, call_row, groups_of
from rater.cli.told import Told
from rater.core.account.mending import is_by_word
from rater.kafka.broker import Broker
from rater.shell.admin.answers import Answer
from rater.shell.admin.who import Who
from rater.shell.process.clock import now_ms
from rater.shell.recycling.asked import ask
from rater.shell.recycling.desk import Desk, read_desk
from rater.shell.recycling.done import done_before
from rater.shell.recycling.job import send
from rater.shell.recycling.selection import Selection, Waits
from rater.wire.account.recycling import Order
from topics.catalog import ACCOUNT_TIMERS
from topics.records.recycling import DropCall, ReleaseCall

NOTHING = "nothing waits"
_UNNAMED = "it waits for an operator's word: --waits-for {}"
_NAMES: dict[Order, str] = {ReleaseCall: "recycle", DropCall: "drop"}
"""By which commands orders are given."""

_SELECTION = (
    tenant_option(),
    several("--cdr", "cdr_ids", "ID", "This call"),
    several("--waits-for", "waits_for", "REASON", "What they wait for: no_rate"),
    click.option("--deck", metavar="ID", help="Of accounts that have this deck."),
    click.option("--to", metavar="PREFIX", help="To numbers that begin so, such as +4479."),
    until_option("That have waited since"),
)
_selecting = selecting(Selection, _SELECTION)


@click.group(name="suspense")
def suspense() -> None:
    """List what waits in suspense, look at calls, release or drop them.

    What charging keeps is meant: what waits for a price, an account or a licence. Of numbers the digits are hidden that
    the settings hide.
    """


@suspense.command(name="ls")
@broker_option
@_selecting
@json_option
def list_waiting(broker: Broker, selection: Selection, *, as_json: bool) -> None:
    """Print how many calls wait, by tenant and reason, for how long, and what they cost by the decks of today.

    Exit 0: done; 1: no call matches, where any are named; 2: could not run.
    """
    desk = _read(broker, selection)
    groups = groups_of(desk.of(selection), desk.rules, now_ms())
    if as_json:
        for group in groups:
            click.echo(json.dumps(group.fields()))
    elif groups:
        print_columns([GROUPS_HEAD, *(group.row() for group in groups)])
    else:
        click.echo(NOTHING)
    refuse_nothing(selection, len(groups))


@suspense.command()
@broker_option
@_selecting
@limit_option
@json_option
def show(broker: Broker, selection: Selection, limit: int, *, as_json: bool) -> None:
    """Print the calls that wait, in the order of their events, each with what it costs by the decks of today.

    Exit 0: done; 1: no call matches, where any are named; 2: could not run.
    """
    desk = _read(broker, selection)
    calls = desk.of(selection)
    if as_json:
        for each in calls[:limit]:
            click.echo(json.dumps(call_fields(each, desk.rules, now_ms())))
    elif calls:
        rows = (call_row(each, desk.rules, now_ms()) for each in calls[:limit])
        print_columns([CALLS_HEAD, *rows])
    else:
        click.echo(NOTHING)
    if not as_json and len(calls) > limit:
        click.echo(f"{len(calls) - limit} more, see --limit")
    refuse_nothing(selection, len(calls))


@suspense.command()
@broker_option
@_selecting
@all_option
@job_options
def recycle(broker: Broker, selection: Selection, **given: Any) -> None:
    """Look at calls again: charge each that can be charged now, once; the others wait on.

    By tenant, in the order of their events. A call is priced by the deck in force at its answer and by the plans and
    licences of its start. A call that is too old, or came from the future, is charged only where --cdr or --waits-for
    names it, with a --reason, and where nothing on the ledger is of it: that is read whole. Exit 0: done; 1: some
    wait on, or waited no more, or no call matches (but for --all, and a --job that has done something before); 2: could
    not run, or no answer in time.
    """
    _recycle(broker, ReleaseCall, selection, given)


@suspense.command()
@broker_option
@_selecting
@all_option
@job_options
def drop(broker: Broker, selection: Selection, **given: Any) -> None:
    """Give calls up, for good: they are never charged.

    Exit 0: done; 1: some waited no more, or no call matches (but for --all, and a --job that has done something
    before); 2: could not run, or nobody answered in time.
    """
    _recycle(broker, DropCall, selection, given)


def _recycle(broker: Broker, kind: Order, selection: Selection, given: dict[str, Any]) -> None:
    if selection.is_all and not given["is_all"]:
        raise click.UsageError("say which calls, or --all")
    who = who_asks(given)
    desk = _read(broker, selection)
    calls = desk.of(selection)
    told = _Told(as_json=given["as_json"])
    if not calls and given["job"] is not None:
        told.done_before = run(done_before(broker, desk.partitions, selection.tenant, who.job_id))
    if kind is ReleaseCall:
        calls = _by_word(broker, desk.partitions, selection, calls, who, told)
    if given["dry_run"]:
        for each, trial in desk.try_out(kind, calls, who, now_ms()):
            told.would(each, trial.outcome, trial.micros, trial.currency, trial.detail)
        told.end(f"dry run of {_NAMES[kind]}", NOTHING, told.money())
        refuse_nothing(selection, told.total)
        return
    with going_on(who):
        run(send(broker, desk.partitions, kind, calls, who, given["timeout_s"], told.answered))
    told.end(f"job {who.job_id}", NOTHING)
    refuse_nothing(selection, told.total)
    if told.missing:
        why = f"{told.missing} without an answer: is a charging worker running? Go on with --job {who.job_id}"
        raise CannotRunError(why)
    if told.left:
        raise click.exceptions.Exit(1)


def _by_word(  # noqa: PLR0917
    broker: Broker,
    partitions: int,
    selection: Selection,
    calls: list[Waits],
    who: Who,
    told: "_Told",
) -> list[Waits]:
    """Return the calls that may be released; of those that wait for an operator's word what the ledger has not."""
    named = [each for each in calls if is_by_word(each.row.reason) and selection.names(each)]
    if named and who.why is None:
        raise click.UsageError(
            "--reason: say why; what is too old or in the future needs a word for it"
        )
    asked = run(ask(broker, partitions, named))
    found: list[Waits] = []
    for each in calls:
        judged: Waits | str = each
        if is_by_word(each.row.reason):
            is_named = selection.names(each)
            judged = asked.judge(each) if is_named else _UNNAMED.format(each.row.reason)
        if isinstance(judged, str):
            told.stays(each, judged)
        else:
            found.append(judged)
    return found


def _read(broker: Broker, selection: Selection) -> Desk:
    async def work() -> Desk:
        (partitions,) = await partitions_of(broker, ACCOUNT_TIMERS)
        return await read_desk(broker, partitions, selection.tenant)

    return run(work())


class _Told(Told):
    """Prints what came of each call, and counts it."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__(as_json=as_json)
        self._micros: Counter[str] = Counter()
        self.left = self.missing = 0

    def would(self, waits: Waits, outcome: str, micros: int, currency: str, detail: str) -> None:
        """Print what would become of a call."""
        self._micros[currency] += micros
        self._of(waits, outcome, detail or (f"{micros} micros {currency}" if currency else ""))

    def stays(self, waits: Waits, why: str) -> None:
        """Print why nothing is asked of a call."""
        self.left += 1
        self._of(waits, "stays", why)

    def answered(self, waits: Waits, answer: Answer | None) -> None:
        """Print what has become of a call."""
        if answer is None:
            self.missing += 1
            self._of(waits, "no answer", "")
            return
        self.left += answer.verdict == "refused"
        outcome = "dropped" if answer.detail == "call_dropped" else answer.verdict
        self._of(waits, outcome, "" if outcome == "dropped" else answer.detail)

    def _of(self, waits: Waits, outcome: str, detail: str) -> None:
        row = waits.row
        named = {"tenant_id": row.tenant_id, "cdr_id": row.cdr_id, "version": row.version}
        self.say(named, f"{row.tenant_id} {row.cdr_id}", outcome, detail)

    def money(self) -> str:
        """Return what would be charged."""
        return ", ".join(f"{micros} micros {c}" for c, micros in sorted(self._micros.items()) if c)
