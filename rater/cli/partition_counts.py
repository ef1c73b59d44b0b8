"""Partition counts of topics that a command needs; what may not be seen is told apart from what is not there."""

from rater.cli.broker import CannotRunError
from rater.kafka.broker import Broker
from rater.shell.admin import topic_admin
from topics.catalog import Topic


async def partitions_of(broker: Broker, *topics: Topic) -> list[int]:
    """Return how many partitions each topic has; CannotRunError where one is not there or has none to write to.

    NotAllowedError where it may not be seen by this login.
    """
    async with topic_admin.connected(broker) as admin:
        counts = await admin.partition_counts()
        missing = [topic.name for topic in topics if topic.name not in counts]
        if missing:
            await admin.refuse_hidden(missing)
            raise CannotRunError(
                f"{', '.join(missing)} is not on {broker}: make it with `rater topics create`"
            )
    if stuck := [topic.name for topic in topics if not counts[topic.name]]:
        raise CannotRunError(
            f"{', '.join(stuck)} on {broker} lacks a leader for a partition; try again"
        )
    return [counts[topic.name] for topic in topics]
