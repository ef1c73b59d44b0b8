"""Published: the decks, plans and settings, read again only when there is more of them."""

from aiokafka import TopicPartition

from rater.core.pricing.rules import Rules
from rater.kafka.broker import Broker
from rater.shell.recycling.desk import read_rules
from topics.catalog import CHARGING_SETTINGS, RATE_DECKS, RATE_PLANS

_TOPICS = (RATE_DECKS, RATE_PLANS, CHARGING_SETTINGS)


class Published:
    """What is published, as of the last time that it was asked for."""

    def __init__(self) -> None:
        """Nothing was read yet."""
        self._ends: dict[TopicPartition, int] = {}
        self._rules: Rules | None = None

    async def rules(self, broker: Broker) -> Rules:
        """Return the rules of what is published now; the same object as long as nothing was added."""
        ends = await _read_ends(broker)
        if self._rules is None or ends != self._ends:
            # Ends first: what comes while it is read is read again at the next look.
            self._rules, self._ends = await read_rules(broker), ends
        return self._rules


async def _read_ends(broker: Broker) -> dict[TopicPartition, int]:
    consumer = broker.consumer(
        group_id=None, enable_auto_commit=False, isolation_level="read_committed"
    )
    try:
        await consumer.start()
        ends: dict[TopicPartition, int] = await consumer.end_offsets(
            [TopicPartition(topic.name, 0) for topic in _TOPICS]
        )
        return ends
    finally:
        await consumer.stop()
