"""`rater dead`: the dead letters of records that could not be read: list, show, replay, drop."""

import json
from collections.abc import Callable, Coroutine
from typing import Any, BinaryIO

import click

from rater.cli.broker import broker_option, run
from rater.cli.columns import print_columns
from rater.cli.dead_choices import dropping, mending, replaying
from rater.cli.dead_shown import GROUPS_HEAD, groups_of, letter_fields, letter_lines
from rater.cli.enquiry import json_option, limit_option
from rater.cli.job_options import (
    all_option,
    going_on,
    options_of_job,
    refuse_nothing,
    selecting,
    several,
    tenant_option,
    until_option,
    who_asks,
)
from rater.cli.told import Told
from rater.kafka.broker import Broker
from rater.shell.dead_letters.desk import Desk, at_desk
from rater.shell.dead_letters.ending import ending
from rater.shell.dead_letters.job import Choice, Choose, end_all
from rater.shell.dead_letters.letter import Letter
from rater.shell.dead_letters.original import Outgoing
from rater.shell.dead_letters.selection import Selection
from rater.shell.process.clock import now_ms
from rater.wire.suspended_letters import CONFLICT
from topics.records import DeadEnded

NOTHING = "no open dead letter matches"
_SELECTION = (
    tenant_option(", where the record's key or text says it"),
    several("--id", "dead_ids", "TOPIC/PARTITION/OFFSET", "Of the record that lies there"),
    several("--topic", "topics", "NAME", "Of records of this topic"),
    several("--found", "found", "REASON", "What is wrong: not_json, or misrouted, conflict"),
    until_option("Written"),
)
_selecting = selecting(Selection, _SELECTION)


@click.group(name="dead")
def dead() -> None:
    """List dead letters, look at them, write their records again or drop them.

    A dead letter keeps a record that a service could not read. It is open until it is replayed or dropped, once. With
    --found misrouted or --found conflict, CDRs in suspense are meant that have to be written again, too. Of numbers the
    digits are hidden that the settings hide.
    """


@dead.command(name="ls")
@broker_option
@_selecting
@json_option
def list_open(broker: Broker, selection: Selection, *, as_json: bool) -> None:
    """Print how many dead letters are open, by tenant, topic and reason, and since when.

    Exit 0: done; 1: no open letter matches, where any are named; 2: could not run.
    """
    total = 0

    async def work(desk: Desk) -> None:
        nonlocal total
        total = len(desk.letters)
        groups = groups_of(desk.letters)
        _tell_more(desk)
        if as_json:
            for group in groups:
                click.echo(json.dumps(group.fields()))
        elif groups:
            print_columns([GROUPS_HEAD, *(group.row() for group in groups)])
        else:
            click.echo(NOTHING)

    run(_looking(broker, selection, work))
    refuse_nothing(selection, total)


@dead.command()
@broker_option
@_selecting
@limit_option
@json_option
def show(broker: Broker, selection: Selection, limit: int, *, as_json: bool) -> None:
    """Print open dead letters: what is wrong, where the record lies, and the record as it was written.

    Exit 0: done; 1: no open letter matches, where any are named; 2: could not run.
    """
    total = 0

    async def work(desk: Desk) -> None:
        nonlocal total
        masks = desk.settings.at(now_ms()).number_masks
        letters = list(desk.letters)
        total = len(letters)
        for letter in letters[:limit]:
            read = await desk.read(letter)
            content = await desk.content(letter)
            if read is not None and as_json:
                click.echo(json.dumps(letter_fields(letter, read, masks, content)))
            elif read is not None:
                click.echo("\n".join(letter_lines(letter, read, masks, content)))
        if not as_json and not letters:
            click.echo(NOTHING)
        if len(letters) > limit:
            click.echo(f"{len(letters) - limit} more, see --limit", err=as_json)
        _tell_more(desk)

    run(_looking(broker, selection, work))
    refuse_nothing(selection, total)


@dead.command()
@broker_option
@_selecting
@all_option
@options_of_job(
    "letter",
    click.option(
        "--with", "file", type=click.File("rb", lazy=True), metavar="FILE",
        help="Write this line of JSON in place of the record, under the right key; - is standard input.",
    ),
    click.option("--force", is_flag=True, help="Write also to a topic that only services write."),
    click.option(
        "--choose", "content", metavar="HASH",
        help="Of CDRs in conflict, have the one with this content charged: --found conflict shows it.",
    ),
)  # fmt: skip
def replay(broker: Broker, selection: Selection, **given: Any) -> None:
    """Write records again, each once, to the topic that they came from: the same bytes, key and headers.

    A record that would be a dead letter again is not written; --with mends it. A CDR in suspense that is misrouted is
    written under its right key; one in conflict, as the next version, where --choose names its content. Exit 0: done,
    or ended before; 1: some stay, or no open letter matches (but for --all, and a --job that has ended some before); 2:
    could not run.
    """
    file: BinaryIO | None = given["file"]
    if given["content"] is not None and selection.found != (CONFLICT,):
        raise click.UsageError("--choose: say --found conflict, and nothing else that was found")
    choose = replaying(given["content"], by_force=given["force"])
    if file is not None:
        choose = mending(file, by_force=given["force"])
    _end(broker, selection, given, choose, "replay")


@dead.command()
@broker_option
@_selecting
@all_option
@options_of_job("letter")
def drop(broker: Broker, selection: Selection, **given: Any) -> None:
    """Give records up: their letters are ended, each once, and nothing is written again.

    Exit 0: done, or ended before; 1: no open letter matches (but for --all, and a --job that has ended some before);
    2: could not run.
    """
    _end(broker, selection, given, dropping, "drop")


def _end(
    broker: Broker, selection: Selection, given: dict[str, Any], choose: Choose, verb: str
) -> None:
    if selection.is_all and not given["is_all"]:
        raise click.UsageError("say which letters, or --all")
    who, told = who_asks(given), _Told(as_json=given["as_json"])
    name = f"job {who.job_id}"

    async def try_out(desk: Desk) -> None:
        for letter in desk.letters:
            told.would(letter, await choose(desk, letter))
        told.missing(selection, desk)
        told.done_before = desk.letters.ended_by(who.job_id)

    async def work() -> None:
        async with ending(broker) as ender, at_desk(broker, selection) as desk:
            await end_all(desk, ender, choose, who, told.took)
            told.missing(selection, desk)
            told.done_before = desk.letters.ended_by(who.job_id)
            _tell_more(desk)

    if given["dry_run"]:
        name = f"dry run of {verb}"
        run(_looking(broker, selection, try_out))
    else:
        with going_on(who):
            run(work())
    told.end(name, NOTHING)
    refuse_nothing(selection, told.total)
    if told.left:
        raise click.exceptions.Exit(1)


async def _looking(
    broker: Broker, selection: Selection, work: Callable[[Desk], Coroutine[Any, Any, None]]
) -> None:
    async with at_desk(broker, selection) as desk:
        await work(desk)


def _tell_more(desk: Desk) -> None:
    """Say what was not looked at."""
    if desk.letters.is_full:
        click.echo(
            f"no more than {desk.letters.most:,} are looked at, and there are more: when these are ended, run it again",
            err=True,
        )
    if desk.unknown:
        click.echo(f"{desk.unknown} records where dead letters lie are none", err=True)


class _Told(Told):
    """Prints what came of each letter, and counts it."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__(as_json=as_json)
        self.left = 0

    def would(self, letter: Letter, choice: Choice) -> None:
        """Print what would become of a letter."""
        if isinstance(choice, str):
            self.took(letter, choice)
        elif isinstance(choice, Outgoing):
            self._of(letter.dead_id, "replayed", f"{choice.topic.name}/{choice.partition}")
        else:
            self._of(letter.dead_id, "dropped", "")

    def took(self, letter: Letter, end: DeadEnded | str) -> None:
        """Print what has become of a letter, or why it stays."""
        if isinstance(end, str):
            self.left += 1
            self._of(letter.dead_id, "stays", end)
            return
        place = f"{letter.source.topic}/{end.sent_partition}/{end.sent_offset}"
        self._of(letter.dead_id, end.outcome, place if end.outcome == "replayed" else "")

    def missing(self, selection: Selection, desk: Desk) -> None:
        """Print which letters that were named were not open."""
        there = {each.dead_id for each in desk.letters}
        for name in selection.dead_ids:
            if name in there:
                continue
            if desk.letters.has_ended(name):
                self._of(name, "ended before", "")
            else:
                self.left += 1
                self._of(name, "not open", "there is no such letter, or not for this selection")

    def _of(self, dead_id: str, outcome: str, detail: str) -> None:
        self.say({"dead_id": dead_id}, dead_id, outcome, detail)
