"""Clients that say why: aiokafka's, whose starts and readings end with what an operator can mend.

They are made by `rater.kafka.broker.Broker` alone.
"""

from __future__ import annotations

import asyncio
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

    async def stop(self) -> None:
        """Leave the group and close.

        aiokafka's own stop gives up half-way where a fetch has failed and waits to be tried again: what ends that wait
        comes out of it as CancelledError, and connections stay open.
        """
        try:
            await super().stop()
        except asyncio.CancelledError:
            await self._close_rest()
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise

    async def _close_rest(self) -> None:
        fetches = list(self._fetcher._pending_tasks)  # noqa: SLF001
        for each in fetches:
            each.cancel()
        await asyncio.gather(*fetches, return_exceptions=True)
        await self.connected().close()

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
