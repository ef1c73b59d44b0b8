"""The timer: time as commands (D6). It changes nothing; it says that time has come, and the engine decides.

It is the one part of a worker that looks at the clock: for every partition that the worker owns it publishes a command
for each tenant that is due.
"""

import logging
from collections.abc import Callable
from typing import Protocol

from aiokafka import AIOKafkaProducer

from rater.kafka.broker import Broker
from rater.shell.process.clock import now_ms
from topics.keys import tenant_in_front

log = logging.getLogger(__name__)

RESEND_MS = 30_000
"""How long a command may take to come back through the stream before it is sent again."""

UNDER_WAY_MAX = 500
"""Commands of one partition on their way at once: a month begins for all accounts, and calls must not wait for that."""


class DueShard(Protocol):
    """What the timer asks of the state of a partition."""

    def due(self, now_ms: int, most: int | None = None) -> list[tuple[bytes, int]]:
        """Return the keys that are due by now, so many at most, each with its due time."""

    def get(self, key: bytes) -> bytes | None:
        """Return the state of a key."""


class DueTimer:
    """Publishes the commands for what is due; remembers what it has sent, so as not to repeat itself."""

    def __init__(
        self,
        broker: Broker,
        topic: str,
        shard: Callable[[int], DueShard],
        command: Callable[[bytes, bytes, int], bytes],
        what: str = "tenants",
    ) -> None:
        """`command` makes the command of a key, its state and its due time; `what` is due, for the log.

        The command goes under the tenant's key, which is the state's up to a slash.
        """
        self._what = what
        self._broker = broker
        self._topic = topic
        self._shard = shard
        self._command = command
        self._producer: AIOKafkaProducer | None = None
        self._sent: dict[bytes, tuple[int, int]] = {}
        self._forgot_ms = 0

    async def start(self) -> None:
        """Connect to the broker."""
        self._producer = self._broker.producer(acks="all", enable_idempotence=True)
        await self._producer.start()

    async def stop(self) -> None:
        """Disconnect."""
        if self._producer is not None:
            await self._producer.stop()

    async def tick(self, partition: int) -> int:
        """Publish what is due in a partition; return how many commands."""
        assert self._producer is not None, "the timer was not started"
        now = now_ms()
        self._forget_sent(now)
        shard = self._shard(partition)
        sent = 0
        for key, due_ms in shard.due(now, UNDER_WAY_MAX):
            value = shard.get(key)
            if value is None or self._is_under_way(key, due_ms, now):
                continue
            await self._producer.send(
                self._topic,
                self._command(key, value, due_ms),
                key=tenant_in_front(key),
                partition=partition,
                timestamp_ms=now,
            )
            self._sent[key] = (due_ms, now)
            sent += 1
        if sent:
            await self._producer.flush()
            log.info(
                "partition %(partition)d: %(due)d %(what)s are due",
                {"partition": partition, "due": sent, "what": self._what},
            )
        return sent

    def _forget_sent(self, now: int) -> None:
        """Forget now and then what would be sent again: not every key comes back."""
        if now - self._forgot_ms < RESEND_MS:
            return
        self._forgot_ms = now
        self._sent = {k: each for k, each in self._sent.items() if now - each[1] < RESEND_MS}

    def _is_under_way(self, key: bytes, due_ms: int, now: int) -> bool:
        known = self._sent.get(key)
        return known is not None and known[0] == due_ms and now - known[1] < RESEND_MS
