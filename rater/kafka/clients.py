"""Clients that say why: aiokafka's, whose starts and readings end with what an operator can mend.

They are made by `rater.kafka.broker.Broker` alone.
"""

from __future__ import annotations

from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError, KafkaError, NodeNotReadyError

from rater.kafka.refusal import Dialled, why_not
from rater.kafka.rights import not_allowed


class _Starting:
    """The start of a client that is to say why it failed."""

    broker: Dialled

    async def start(self) -> None:
        """Start; NotReachedError says why the broker was not reached, NotAllowedError which right was missing."""
        try:
            await super().start()  # type: ignore[misc]
        except (KafkaConnectionError, NodeNotReadyError, OSError, ValueError) as error:
            raise await why_not(self.broker, error) from error
        except KafkaError as error:
            raise not_allowed(error, self.broker.security.principal()) or error from error
        if not self.connected().cluster.brokers():
            # Whose token is not taken gets an answer without brokers, and aiokafka takes it.
            nobody = KafkaConnectionError(f"{self.broker} names no brokers")
            raise await why_not(self.broker, nobody)

    def connected(self) -> AIOKafkaClient:
        """Return the client that connects."""
        client: AIOKafkaClient = self._client  # type: ignore[attr-defined]
        return client


class Consumer(_Starting, AIOKafkaConsumer):  # type: ignore[misc]
    """A consumer."""

    async def getmany(self, *partitions: Any, **options: Any) -> Any:
        """Fetch; NotAllowedError where a topic or the group may not be read."""
        try:
            return await super().getmany(*partitions, **options)
        except KafkaError as error:
            refused = not_allowed(error, self.broker.security.principal(), on_topics="Read")
            raise refused or error from error


class Producer(_Starting, AIOKafkaProducer):  # type: ignore[misc]
    """A producer."""

    def connected(self) -> AIOKafkaClient:
        """Return the client that connects."""
        return self.client


class Admin(_Starting, AIOKafkaAdminClient):  # type: ignore[misc]
    """An admin client."""
