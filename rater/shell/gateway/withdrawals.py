"""Withdrawals: what must not be charged any more, because it was taken back or its time is over.

Recharge takes a command back by a record behind it. A gateway that was away finds both and must not charge the first
before it has read the second: what lies in a partition when its first record is read is looked through before.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import TopicPartition

from rater.core.recharge.payments import EXPIRED
from rater.kafka.broker import Broker
from rater.kafka.reading import Fetched, read_to_end
from rater.shell.process.clock import now_ms
from rater.wire.recharge.payments import decode_payment_order
from topics.records.payments import (
    PaymentCancel,
    PaymentCommand,
    PaymentOrder,
)

CANCELLED = "cancelled"
"""The code of a decline of what was taken back."""
POLL_MS = 200
_MARK = b'"cancel_payment"'


class Withdrawals:
    """The commands that were taken back and not ended yet, as far as the log has been read."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._ids: set[str] = set()
        self._looked_through: set[TopicPartition] = set()

    def against(self, order: PaymentOrder) -> str | None:
        """Return the code by which an order must not be charged now, by this clock; None: it may be."""
        if not isinstance(order, PaymentCommand) or order.command_id in self._ids:
            return CANCELLED
        return EXPIRED if now_ms() > order.answer_by_ms else None

    async def see(self, fetched: Fetched) -> None:
        """Note what was taken back, before anything that was fetched is begun with."""
        new = {
            partition: records[0].offset
            for partition, records in fetched.items()
            if partition not in self._looked_through
        }
        if new:
            await self._look_through(new)
            self._looked_through |= new.keys()
        for records in fetched.values():
            self._note(records)

    def end(self, order: PaymentOrder) -> None:
        """Forget a command that was taken back, when that has its result: the command's own came before."""
        if isinstance(order, PaymentCancel):
            self._ids.discard(order.command_id)

    def lose(self, partition: TopicPartition) -> None:
        """Note that a partition is no longer ours."""
        self._looked_through.discard(partition)

    def _note(self, records: Sequence[Any]) -> None:
        for record in records:
            if _MARK in (record.value or b""):
                order = decode_payment_order(record.value)
                if isinstance(order, PaymentCancel):
                    self._ids.add(order.command_id)

    async def _look_through(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Read partitions from an offset to where they end now."""
        consumer = self._broker.consumer(isolation_level="read_committed")
        await consumer.start()
        try:
            consumer.assign(list(offsets))
            for partition, offset in offsets.items():
                consumer.seek(partition, offset)
            ends = await consumer.end_offsets(list(offsets))
            async for fetched in read_to_end(consumer, ends, POLL_MS):
                for records in fetched.values():
                    self._note(records)
        finally:
            await consumer.stop()
