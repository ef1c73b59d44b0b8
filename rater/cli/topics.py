"""`rater topics`: make the catalog's topics on a broker, compare the two, list the catalog, read a topic.

Who may do what: `rater/cli/topics_acls.py`; how long records are kept: `rater/cli/topics_alter.py`.
"""

import sys
from collections.abc import Sequence
from contextlib import suppress

import click

from rater.cli.broker import CannotRunError, broker_option, run
from rater.cli.moment import Moment
from rater.cli.numbers import WholeNumber
from rater.cli.partition_counts import partitions_of
from rater.cli.retention import retention_option
from rater.cli.topics_acls import acls
from rater.cli.topics_alter import alter
from rater.kafka.broker import Broker
from rater.shell.admin import topic_admin
from rater.shell.admin.topic_reader import Selection, reading
from topics.catalog import BY_NAME, CATALOG, Topic
from topics.handbook import retention as kept
from topics.retention import with_times
from topics.roles import named

_partitions_option = click.option(
    "--partitions",
    type=WholeNumber(2, 10_000),
    metavar="N",
    help="Of every topic keyed by tenant; else the number that they have on the broker, or the catalog's.",
)


@click.group(name="topics")
def topics() -> None:
    """Make, check, alter, list and read the topics; print who may."""


topics.add_command(acls)
topics.add_command(alter)


@topics.command()
@broker_option
@_partitions_option
@click.option(
    "--replication-factor",
    type=WholeNumber(1, 32_767),
    metavar="N",
    help="Copies of every partition; else as many as the cluster makes (its default.replication.factor).",
)
@click.option(
    "--min-insync-replicas",
    type=WholeNumber(1, 32_767),
    metavar="N",
    help="Copies that must have a record before it counts; else what the cluster wants (its min.insync.replicas).",
)
@retention_option
def create(
    *,
    broker: Broker,
    partitions: int | None,
    replication_factor: int | None,
    min_insync_replicas: int | None,
    retention: dict[str, int],
) -> None:
    """Make the topics that are missing; leave the others as they are.

    Exit 1, and nothing is made, when a topic is there with another partition count.
    """
    copies = topic_admin.Copies(replication_factor, min_insync_replicas)
    if (replication_factor or sys.maxsize) < (min_insync_replicas or 0):
        raise click.BadParameter(
            f"must be --replication-factor at most, which is {replication_factor}; found {min_insync_replicas}",
            param_hint="--min-insync-replicas",
        )

    async def work() -> tuple[tuple[Topic, ...], topic_admin.Creation]:
        async with topic_admin.connected(broker) as admin:
            counts = await admin.partition_counts()
            plan = topic_admin.planned(partitions, counts, with_times(CATALOG, retention))
            return plan, await admin.create(plan, copies)

    try:
        plan, done = run(work())
    except topic_admin.PartitionCountError as error:
        raise click.ClickException(str(error)) from error
    for name, count in ((topic.name, topic.partitions) for topic in plan):
        verb = "made" if name in done.made else "was there"
        click.echo(f"{verb:<9}  {name}, {count} partition{'s' if count > 1 else ''}")
    click.echo(f"{len(done.made)} made, {len(done.found)} were there, on {broker}")


@topics.command()
@broker_option
@_partitions_option
@retention_option
def check(broker: Broker, partitions: int | None, retention: dict[str, int]) -> None:
    """Compare a broker with the catalog, and with the times of --retention: exit 0 no drift, 1 drift, 2 could not run.

    The topics keyed by tenant may have any number of partitions, but all the same.
    """

    async def work() -> list[topic_admin.Drift]:
        async with topic_admin.connected(broker) as admin:
            counts = await admin.partition_counts()
            plan = topic_admin.planned(partitions, counts, with_times(CATALOG, retention))
            return await admin.drift(plan)

    drifts = run(work())
    if not drifts:
        click.echo(f"no drift: {len(CATALOG)} topics on {broker} are as the catalog says")
        return
    rows = [(drift.topic, drift.setting, drift.expected, drift.found) for drift in drifts]
    _print_table(("topic", "setting", "expected", "found"), rows)
    for reason in dict.fromkeys(drift.reason for drift in drifts if drift.reason):
        settings = sorted({drift.setting for drift in drifts if drift.reason == reason})
        verb = "refused, " if reason == topic_admin.CO_PARTITIONING else ""
        click.echo(f"{', '.join(settings)}: {verb}{reason}")
    raise click.exceptions.Exit(1)


@topics.command(name="list")
@retention_option
def list_topics(retention: dict[str, int]) -> None:
    """Print the catalog, with the times of --retention; needs no broker."""
    rows = [
        (
            topic.name,
            str(topic.partitions),
            topic.cleanup,
            kept(topic),
            str(topic.key),
            named(topic.writers),
            named(topic.readers),
        )
        for topic in with_times(CATALOG, retention)
    ]
    _print_table(("topic", "partitions", "cleanup", "keeps", "key", "written by", "read by"), rows)


@topics.command(name="read")
@click.argument("topic")
@broker_option
@click.option("--tenant", help="Only the records whose key names this tenant.")
@click.option(
    "--from",
    "from_ms",
    type=Moment(),
    default=None,
    metavar="TIME",
    help="Only records of this time or later: 2026-03-01T10:00:00Z, or 15m, 2h, 3d ago. Default: all.",
)
@click.option("--follow", "-f", is_flag=True, help="Go on at the end, until interrupted.")
@click.option("--limit", type=WholeNumber(1), metavar="N", help="Stop after so many records.")
def read_topic(
    *,
    topic: str,
    broker: Broker,
    tenant: str | None,
    from_ms: int | None,
    follow: bool,
    limit: int | None,
) -> None:
    """Print the committed records of TOPIC, one line of JSON each: topic, key, value, timestamp, partition, offset.

    `rater simulate` takes such lines. A value that is not text is there as value_b64. Exit 2: no such topic, or the
    broker does not answer.
    """
    if topic not in BY_NAME:
        raise CannotRunError(f"unknown topic {topic!r}; there are {', '.join(BY_NAME)}")
    if tenant is not None and not BY_NAME[topic].key.names_tenants:
        raise CannotRunError(f"--tenant: keys of {topic} name no tenant ({BY_NAME[topic].key})")
    selection = Selection(
        tenant=tenant, from_ms=-1 if from_ms is None else from_ms, is_following=follow
    )
    with suppress(KeyboardInterrupt):
        run(_read(broker, BY_NAME[topic], selection, limit))


async def _read(broker: Broker, topic: Topic, selection: Selection, limit: int | None) -> None:
    (partitions,) = await partitions_of(broker, topic)
    out = click.get_binary_stream("stdout")
    left = limit
    async with reading(broker, topic, selection) as reader:
        async for line in reader.lines(partitions):
            out.write(line.as_text() + b"\n")
            out.flush()
            if left is not None:
                left -= 1
                if left == 0:
                    return


def _print_table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Print columns as wide as their widest cell."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, tuple("-" * width for width in widths), *rows):
        click.echo("  ".join(f"{cell:<{n}}" for cell, n in zip(row, widths, strict=True)).rstrip())
