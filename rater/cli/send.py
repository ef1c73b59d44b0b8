"""`rater send`: check JSON lines against a topic's schema and publish them, all or none."""

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, NoReturn

import click
from tqdm import tqdm

from rater.cli.topics import CannotRunError, broker_option, run
from rater.shell import publish, topic_admin
from topics.catalog import Topic

PROBLEMS_MAX = 20
"""Shown of one file; the check stops there."""


@click.command()
@click.argument("topic")
@click.argument("file", type=click.File("rb"), default="-")
@broker_option
def send(topic: str, file: BinaryIO, broker: str) -> None:
    """Publish the JSON lines of FILE (or standard input) to TOPIC, with the right key.

    Every line is checked first: with one bad line nothing is sent, and each is named with its field
    and value (exit 1). Exit 2: the topic is not one to send to, or the broker does not answer.
    """
    try:
        chosen = publish.sendable(topic)
    except publish.RefusedTopicError as error:
        raise CannotRunError(str(error)) from error
    records = _checked(chosen, file)
    if not records:
        click.echo("no lines, nothing sent")
        return
    if chosen.writers == "charging":
        click.echo(f"note: only the charging workers write {topic}; this is by hand", err=True)
    partitions = run(_publish(broker, chosen, records))
    click.echo(f"{len(records)} sent to {topic} ({partitions} partitions) on {broker}")


def _checked(topic: Topic, file: BinaryIO) -> list[publish.Ready]:
    """Return the records of a file without a problem; else show the problems and end (exit 1)."""
    problems: list[publish.LineProblem] = []
    records: list[publish.Ready] = []
    with tqdm(
        total=_size(file), desc="checking", unit="B", unit_scale=True, disable=None, leave=False
    ) as bar:
        for item in publish.LineCheck(topic).lines(_counted(file, bar)):
            if isinstance(item, publish.Ready):
                records.append(item)
                continue
            problems.append(item)
            if len(problems) == PROBLEMS_MAX:
                break
    for problem in problems:
        click.echo(str(problem), err=True)
    if problems:
        more = f" (stopped after {PROBLEMS_MAX} problems)" if len(problems) == PROBLEMS_MAX else ""
        raise click.ClickException(f"nothing was sent to {topic.name}{more}")
    return records


def _counted(file: BinaryIO, bar: "tqdm[NoReturn]") -> Iterator[bytes]:
    """Yield the file's lines and move the bar by their bytes."""
    for line in file:
        bar.update(len(line))
        yield line


def _size(file: BinaryIO) -> int | None:
    """Return the size of a regular file; None for a pipe or a terminal."""
    with suppress(OSError):
        return os.fstat(file.fileno()).st_size or None
    return None


async def _publish(broker: str, topic: Topic, records: list[publish.Ready]) -> int:
    """Publish the records; return the number of partitions of the topic on the broker."""
    async with topic_admin.connected(broker) as admin:
        partitions = (await admin.partition_counts()).get(topic.name)
    if partitions is None:
        raise CannotRunError(f"{topic.name} is not on {broker}: make it with `rater topics create`")
    if partitions == 0:
        raise CannotRunError(f"{topic.name} on {broker} lacks a leader for a partition; try again")
    with tqdm(total=len(records), desc="sending", unit=" lines", disable=None, leave=False) as bar:
        try:
            await publish.publish(broker, topic, records, partitions, bar.update)
        except publish.PublishError as error:
            raise CannotRunError(f"{topic.name}: {error}") from error
    return partitions
