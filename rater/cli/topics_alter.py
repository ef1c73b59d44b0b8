"""`rater topics alter`: for how long the topics on a broker keep their records."""

import click

from rater.cli.broker import broker_option, run
from rater.cli.retention import retention_option
from rater.kafka.broker import Broker
from rater.shell.admin import topic_admin
from rater.shell.admin.topic_retention import Change, MissingTopicsError, RetentionAdmin
from topics.catalog import CATALOG, Topic
from topics.retention import with_times


@click.command()
@broker_option
@retention_option
@click.option("--yes", is_flag=True, help="Do not ask before a time is shortened.")
def alter(broker: Broker, retention: dict[str, int], *, yes: bool) -> None:
    """Set for how long topics keep their records: the catalog's time, or what --retention says.

    Topics that keep the latest record of each key, and the rater's own, are left as they are, and so is every other
    setting. Where a time is shortened, Kafka deletes for good what is older; it is asked first. Exit 1, and nothing is
    set, when that is denied, or a topic is missing.
    """
    wanted = tuple(each for each in with_times(CATALOG, retention) if each.has_retention)
    try:
        changes = run(_planned(broker, wanted))
    except MissingTopicsError as error:
        raise click.ClickException(str(error)) from error
    for each in changes:
        click.echo(f"{each.topic.name}: {each.told()}")
    shortened = [each.topic.name for each in changes if each.shortens]
    if shortened and not yes:
        click.confirm("What is older is deleted for good. Go on?", abort=True)
    run(_set(broker, changes))
    click.echo(f"{len(changes)} set, {len(wanted) - len(changes)} were so, on {broker}")


async def _planned(broker: Broker, wanted: tuple[Topic, ...]) -> list[Change]:
    async with topic_admin.connected(broker) as admin:
        return await RetentionAdmin(admin).changes(wanted)


async def _set(broker: Broker, changes: list[Change]) -> None:
    async with topic_admin.connected(broker) as admin:
        await RetentionAdmin(admin).set(changes)
