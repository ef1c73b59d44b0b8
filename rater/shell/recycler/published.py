"""Published: the decks, plans and settings, read again only when there is more of them."""

from aiokafka import TopicPartition

from rater.core.pricing.rules import Rules
from rater.kafka.broker import Broker
from rater.shell.recycling.desk import read_rules
from topics.catalog import CHARGING_SETTINGS, RATE_DECKS, RATE_PLANS

_TOPICS = (RATE_DECKS, RATE_PLANS, CHARGING_SETTINGS)


class Published:
    """What is published, as of the last time that it was asked for."""

    def __init__(self, broker: Broker) -> None:
        """Nothing was read yet."""
        self._broker = broker
        self._ends: dict[TopicPartition, int] = {}
        self._rules: Rules | None = None

    async def rules(self) -> Rules:
        """Return the rules of what is published now; the same object as long as nothing was added."""
        ends = await self._read_ends()
        if self._rules is None or ends != self._ends:
            # Ends first: what comes while it is read is read again at the next look.
            self._rules, self._ends = await read_rules(self._broker), ends
        return self._rules

    async def _read_ends(self) -> dict[TopicPartition, int]:
        consumer = self._broker.consumer(
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
