"""Missing topics: what a broker must have before anything is done, and how it is said that it has not."""

from collections.abc import Iterable

from rater.kafka.broker import Broker
from rater.shell.admin.topic_admin import connected


class MissingTopicsError(Exception):
    """Topics are not on a broker; the message says which, and how they are made."""

    def __init__(self, topics: Iterable[str], broker: object) -> None:
        """Name them."""
        named = list(topics)
        are, them = ("is", "it") if len(named) == 1 else ("are", "them")
        super().__init__(
            f"{', '.join(named)} {are} not on {broker}: make {them} with `rater topics create`"
        )


async def counts_with(broker: Broker, wanted: Iterable[str]) -> dict[str, int]:
    """Return how many partitions every topic of a broker has, 0 while one of these has no leader.

    MissingTopicsError where one that is wanted is not there, NotAllowedError where it may not be seen.
    """
    async with connected(broker) as admin:
        counts = await admin.partition_counts()
        if missing := [name for name in wanted if name not in counts]:
            await admin.refuse_hidden(missing)
            raise MissingTopicsError(missing, broker)
    return counts
