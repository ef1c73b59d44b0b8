"""The outbox: results and dead letters to Kafka, each acknowledged by all replicas before it counts as written."""

from typing import Any

from rater.core.cdr import Source
from rater.kafka.broker import Broker
from rater.shell.gateway.providers.provider import LateOutcome
from rater.shell.gateway.results import Origin, encode_result
from rater.shell.process.clock import now_ms
from rater.wire.malformed import Malformed
from rater.wire.outputs import encode_dead, output_key
from rater.wire.unread import last_offset_of, why_dead
from topics.catalog import PAYMENT_RESULTS, RECHARGE_DEAD
from topics.partitioner import partition_of


class Outbox:
    """An idempotent producer; no transaction, because a result must be out before its command's offset is."""

    def __init__(self, broker: Broker, partitions: int) -> None:
        self._partitions = partitions
        self._producer = broker.producer(
            enable_idempotence=True,
            acks="all",
            max_request_size=RECHARGE_DEAD.max_message_bytes,
        )

    async def start(self) -> None:
        """Connect."""
        await self._producer.start()

    async def stop(self) -> None:
        """Send what is under way, and disconnect."""
        await self._producer.stop()

    async def tell(self, told: LateOutcome, origin: Origin, partition: int | None = None) -> None:
        """Write a result of a provider, into its command's partition; None: where the tenant's commands lie."""
        key = told.tenant_id.encode()
        if partition is None:
            partition = partition_of(key, self._partitions)
        value = encode_result(told, origin, now_ms())
        await self._producer.send_and_wait(PAYMENT_RESULTS.name, value, key, partition)

    async def bury(self, record: Any, why: Malformed) -> str:
        """Keep a record that cannot be read; return the reason."""
        source = Source(record.topic, record.partition, record.offset, record.timestamp)
        said, key = why_dead(record, why), output_key(record.key)
        value = encode_dead(record.key, record.value, source, said, last_offset_of(record))
        await self._producer.send_and_wait(RECHARGE_DEAD.name, value, key, record.partition)
        return said.reason
