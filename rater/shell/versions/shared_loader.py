"""Shared loader: publishes versions on a shared topic, whole or not at all.

Loaders of one name exclude each other. They share a transactional id, so the later fences the earlier, and decides on
all that the earlier had committed.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Self

from aiokafka import ConsumerRecord
from aiokafka.errors import ProducerFenced

from rater.kafka.broker import Broker
from rater.shell.stream.sending import told_why
from rater.shell.versions.shared_topic import SharedTopic

Take = Callable[[Sequence[ConsumerRecord]], None]

VISIBLE_TIMEOUT_S = 60.0
_TRANSACTION_TIMEOUT_MS = 30_000
"""A loader that dies in its transaction holds back the readers of the topic for as long as this."""


class LoadRefusedError(Exception):
    """The version may not be published; nothing was."""


class HeldBackError(Exception):
    """Somebody's transaction on the topic stays open and hides what lies behind it."""


class SharedLoader:
    """The one loader of its name, from `open` until another opens: reads, then publishes."""

    def __init__(
        self, broker: Broker, topic: str, record_bytes_max: int, name: str, take: Take
    ) -> None:
        """`take` gets the records that are committed on the topic, in their order."""
        self._topic = topic
        self._take = take
        # Transactions that are open, of whatever loader, hide what was committed behind them.
        self._reader = SharedTopic(broker, topic, record_bytes_max, wait_for_open=True)
        self._producer = broker.producer(
            transactional_id=name,
            transaction_timeout_ms=_TRANSACTION_TIMEOUT_MS,
            max_request_size=record_bytes_max,
            compression_type="gzip",
        )

    async def __aenter__(self) -> Self:
        """Shut out earlier loaders of this name, then read all that is committed."""
        try:
            await self._producer.start()
            await self._reader.open()
            async with asyncio.timeout(VISIBLE_TIMEOUT_S):
                await read_all(self._reader, self._take)
        except TimeoutError as error:
            await self._close()
            raise HeldBackError(f"{self._held_back()}; nothing was published") from error
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect; what is not committed never was."""
        await self._close()

    async def send(self, records: Sequence[tuple[bytes, bytes]], overtaken: str) -> None:
        """Publish keys and values in one transaction; LoadRefusedError(`overtaken`) when another has taken over."""
        try:
            async with self._producer.transaction():
                sent: list[asyncio.Future[Any]] = []
                with told_why(self._producer, sent):
                    for key, value in records:
                        sent.append(await self._producer.send(self._topic, value, key, partition=0))
                    await asyncio.gather(*sent)
        except ProducerFenced as error:
            raise LoadRefusedError(overtaken) from error

    async def wait_until(self, is_there: Callable[[], bool]) -> None:
        """Return when readers of committed records see what was published.

        Raises `HeldBackError` after a minute; it is published all the same.
        """
        try:
            async with asyncio.timeout(VISIBLE_TIMEOUT_S):
                while not is_there():
                    self._take(await self._reader.poll())
        except TimeoutError as error:
            raise HeldBackError(f"{self._held_back()}; the version is published") from error

    def _held_back(self) -> str:
        return (
            f"{self._topic}: a transaction has been open for {VISIBLE_TIMEOUT_S:.0f} s and hides "
            "what lies behind it"
        )

    async def _close(self) -> None:
        await self._reader.close()
        await self._producer.stop()


async def read_all(reader: SharedTopic, take: Take) -> None:
    """Read all that was there when the reader was opened."""
    while not reader.at_end:
        take(await reader.poll())
