"""Partition counts of topics that a command needs; what may not be seen is told apart from what is not there."""

from rater.cli.broker import CannotRunError
from rater.kafka.broker import Broker
from rater.shell.admin.missing import counts_with
from topics.catalog import Topic


async def partitions_of(broker: Broker, *topics: Topic) -> list[int]:
    """Return how many partitions each topic has; CannotRunError where one has none to write to.

    MissingTopicsError, NotAllowedError: it is not there, or may not be seen by this login.
    """
    counts = await counts_with(broker, [topic.name for topic in topics])
    if stuck := [topic.name for topic in topics if not counts[topic.name]]:
        raise CannotRunError(
            f"{', '.join(stuck)} on {broker} lacks a leader for a partition; try again"
        )
    return [counts[topic.name] for topic in topics]
