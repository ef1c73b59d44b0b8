"""`rater produce`: check JSON lines against a topic's schema and publish them, all or none."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import BinaryIO, NamedTuple, NoReturn

import click
from tqdm import tqdm

from rater.cli.bounded_lines import bounded_lines
from rater.cli.broker import CannotRunError, broker_option, run
from rater.cli.numbers import Number
from rater.cli.partition_counts import partitions_of
from rater.core.pricing.plans.book import NO_BOOK
from rater.kafka.broker import Broker
from rater.shell.admin import publish
from rater.shell.admin.answers import ANSWERED, GOOD, Answer, listening
from rater.shell.versions.plan_load import read_plans
from topics.catalog import ACCOUNT_COMMANDS, Topic

PROBLEMS_MAX = 20
"""Shown of one file; the check stops there. So many warnings are shown, too."""


@click.command()
@click.argument("topic")
@click.argument("file", type=click.File("rb"), default="-")
@broker_option
@click.option(
    "--allow-unknown-fields",
    "takes_strays",
    is_flag=True,
    help="Send also fields that the topic does not declare, with a warning: workers pass them over.",
)
@click.option("--force", is_flag=True, help="Send also to a topic that only services write.")
@click.option(
    "--wait",
    "is_waiting",
    is_flag=True,
    help=f"Wait for what becomes of each record, and print it: {' and '.join(ANSWERED)}.",
)
@click.option(
    "--wait-timeout",
    "timeout_s",
    default=30.0,
    show_default=True,
    type=Number(0.1, 3_600.0),
    help="Seconds that --wait waits.",
)
def produce(
    *,
    topic: str,
    file: BinaryIO,
    broker: Broker,
    takes_strays: bool,
    force: bool,
    is_waiting: bool,
    timeout_s: float,
) -> None:
    """Publish the JSON lines of FILE (or standard input) to TOPIC, with the right key.

    Every line is checked first, by the topic's schema and by the reader that the workers have: with one bad line
    nothing is sent, and each is named with its field and value (exit 1). A field that the topic does not declare is
    bad, too, for workers pass it over, and what it was to say is lost; in cdr.raw.v1, whose records may carry fields
    of the platform's own, each such field is warned of once.
    Exit 2: the topic is not one to produce to, or the broker does not answer.
    With --wait: exit 1 when a record is refused, suspended or dead, 2 when an answer is not there in time.
    """
    try:
        chosen = publish.sendable(topic, by_force=force)
    except publish.RefusedTopicError as error:
        raise CannotRunError(str(error)) from error
    if is_waiting and topic not in ANSWERED:
        raise CannotRunError(
            f"--wait: {topic} has no answers, only {', '.join(ANSWERED[:-1])} and {ANSWERED[-1]} have"
        )
    if file.isatty():
        click.echo(f"reading {topic} from standard input; end with Ctrl-D", err=True)
    records = _checked(chosen, file, takes_strays=takes_strays)
    if not records:
        click.echo("no lines, nothing sent")
        return
    sent = run(_publish(broker, chosen, records, timeout_s if is_waiting else None))
    click.echo(f"{len(records)} sent to {topic} ({sent.partitions} partitions) on {broker}")
    if sent.answers is not None:
        sys.exit(_report(records, sent.places, sent.answers, timeout_s))


def _checked(topic: Topic, file: BinaryIO, *, takes_strays: bool) -> list[publish.Ready]:
    """Return the records of a file without a problem; else show the problems and end (exit 1). Warnings are shown."""
    problems: list[publish.LineProblem] = []
    warnings: list[publish.LineWarning] = []
    records: list[publish.Ready] = []
    with tqdm(
        total=_size(file), desc="checking", unit="B", unit_scale=True, disable=None, leave=False
    ) as bar:
        check = publish.LineCheck(topic, takes_strays=takes_strays)
        for item in check.lines(_counted(file, bar)):
            match item:
                case publish.Ready():
                    records.append(item)
                case publish.LineWarning():
                    warnings.append(item)
                case publish.LineProblem():
                    problems.append(item)
            if len(problems) == PROBLEMS_MAX:
                break
    for said in (*warnings[:PROBLEMS_MAX], *problems):
        click.echo(str(said), err=True)
    if len(warnings) > PROBLEMS_MAX:
        click.echo(f"warning: {len(warnings) - PROBLEMS_MAX} more unknown fields", err=True)
    if problems:
        more = f" (stopped after {PROBLEMS_MAX} problems)" if len(problems) == PROBLEMS_MAX else ""
        raise click.ClickException(f"nothing was sent to {topic.name}{more}")
    return records


def _counted(file: BinaryIO, bar: "tqdm[NoReturn]") -> Iterator[bytes]:
    """Yield the file's lines and move the bar by their bytes."""
    for _, line in bounded_lines(file):
        bar.update(len(line))
        yield line


def _size(file: BinaryIO) -> int | None:
    """Return the size of a regular file; None for a pipe or a terminal."""
    with suppress(OSError):
        return os.fstat(file.fileno()).st_size or None
    return None


class _Sent(NamedTuple):
    """What was sent, and what became of it, if that was asked for."""

    partitions: int
    places: list[publish.Place]
    answers: Mapping[publish.Place, Answer] | None


async def _publish(
    broker: Broker, topic: Topic, records: list[publish.Ready], timeout_s: float | None
) -> _Sent:
    """Publish the records; with a time-out, wait so long for their answers."""
    (partitions,) = await partitions_of(broker, topic)
    if timeout_s is None:
        return _Sent(partitions, await _send(broker, topic, records, partitions), None)
    plans = await read_plans(broker) if topic is ACCOUNT_COMMANDS else NO_BOOK
    async with listening(broker, topic.name, partitions, plans) as answers:
        places = await _send(broker, topic, records, partitions)
        return _Sent(partitions, places, await answers.to(places, timeout_s))


async def _send(
    broker: Broker, topic: Topic, records: list[publish.Ready], partitions: int
) -> list[publish.Place]:
    with tqdm(total=len(records), desc="sending", unit=" lines", disable=None, leave=False) as bar:
        try:
            return await publish.publish(broker, topic, records, partitions, bar.update)
        except publish.PublishError as error:
            raise CannotRunError(f"{topic.name}: {error}") from error


def _report(
    records: list[publish.Ready],
    places: list[publish.Place],
    answers: Mapping[publish.Place, Answer],
    timeout_s: float,
) -> int:
    """Print what became of each record, in the order of the lines; return the exit code."""
    for record, place in zip(records, places, strict=True):
        answer = answers.get(place)
        said = f"{answer.verdict}  {answer.detail}" if answer else "no answer"
        click.echo(f"{_id(record.value)}  {said}")
    if len(answers) < len(set(places)):
        missing = len(set(places)) - len(answers)
        why = f"{missing} without an answer after {timeout_s:g} s: is a charging worker running?"
        click.echo(f"Error: {why}", err=True)
        return 2
    return 0 if all(answer.verdict in GOOD for answer in answers.values()) else 1


def _id(value: bytes) -> str:
    record = json.loads(value)
    return str(record.get("command_id") or record.get("cdr_id"))
