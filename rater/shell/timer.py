"""The timer: time as commands (D6). It changes no account; it says that time has come, and the engine decides.

It is the one part of charging that looks at the clock. For every partition that this worker owns it publishes an
`expire_lots` command for accounts in which a lot falls due, and has the statuses that are owed flushed.
"""

import logging
from collections.abc import Callable

from aiokafka import AIOKafkaProducer

from rater.batch.accounts import AccountsShard
from rater.shell.clock import now_ms
from rater.wire.outputs import expire_command
from rater.wire.state import decode_account
from topics.catalog import ACCOUNT_COMMANDS

logger = logging.getLogger(__name__)

RESEND_MS = 30_000
"""How long a command may take to come back through the stream before it is sent again."""


class ExpiryTimer:
    """Publishes the commands for what is due; remembers what it has sent, so as not to repeat itself."""

    def __init__(self, bootstrap: str, accounts: Callable[[int], AccountsShard]) -> None:
        self._bootstrap = bootstrap
        self._accounts = accounts
        self._producer: AIOKafkaProducer | None = None
        self._sent: dict[bytes, tuple[int, int]] = {}

    async def start(self) -> None:
        """Connect to the broker."""
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap, acks="all", enable_idempotence=True
        )
        await self._producer.start()

    async def stop(self) -> None:
        """Disconnect."""
        if self._producer is not None:
            await self._producer.stop()

    async def tick(self, partition: int) -> int:
        """Publish what is due in a partition; return how many commands."""
        assert self._producer is not None, "the timer was not started"
        now = now_ms()
        accounts = self._accounts(partition)
        sent = 0
        for key, due_ms in accounts.due(now):
            value = accounts.get(key)
            if value is None or self._is_under_way(key, due_ms, now):
                continue
            command = expire_command(decode_account(value), due_ms)
            await self._producer.send(ACCOUNT_COMMANDS.name, command, key=key, partition=partition)
            self._sent[key] = (due_ms, now)
            sent += 1
        if sent:
            await self._producer.flush()
            logger.info("partition %d: %d accounts have lots that are due", partition, sent)
        return sent

    def _is_under_way(self, key: bytes, due_ms: int, now: int) -> bool:
        known = self._sent.get(key)
        return known is not None and known[0] == due_ms and now - known[1] < RESEND_MS
