"""The sent-table: what each delivery of the partitions assigned has come to, read from `rater-notifier-sent`.

Read before anything is sent, from the beginning to the end, after the previous owner has been fenced: no transaction
of its is open then, so the end for readers of committed records is the end. Marks outlive the notifications (60
days, 30 days), so that a group whose offsets have expired reads old notifications again and sends none of them.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from prometheus_client import Counter

from rater.kafka.broker import Broker
from rater.kafka.reading import read_to_end
from rater.kafka.unread import Unread
from rater.shell.notifier.mail_rates import MailRates, rate_key
from rater.wire.recharge.deliveries import decode_mark
from topics.catalog import NOTIFIER_SENT
from topics.records.deliveries import MarkState, SentMark

log = logging.getLogger(__name__)

_READ_WAIT_MS: Final = 100


@dataclass(slots=True)
class PartitionMarks:
    """The deliveries of one partition by their digests, 16 bytes each, and how far its marks have been read."""

    states: dict[bytes, MarkState] = field(default_factory=dict)
    next_offset: int = 0
    rates: MailRates = field(default_factory=MailRates)
    _folded: dict[str, dict[str, str]] = field(default_factory=dict)
    """What is folded into a letter that has not gone out: kinds by digest."""

    def state(self, digest: str) -> MarkState | None:
        """Return what a delivery has come to; None: nothing yet."""
        return self.states.get(bytes.fromhex(digest))

    def note(self, mark: SentMark) -> None:
        """Take over a mark that is committed."""
        self.states[bytes.fromhex(mark.recipient)] = mark.state
        if mark.into is not None and mark.kind is not None:
            self.fold(mark.into, mark.recipient, mark.kind)
        if mark.state in ("sent", "undelivered"):
            self._folded.pop(mark.recipient, None)
        if mark.state == "sent" and mark.mailbox is not None and mark.kind is not None:
            self.rates.note(rate_key(mark.mailbox, mark.kind), mark.recipient, mark.at_ms)

    def fold(self, into: str, digest: str, kind: str) -> None:
        """Remember that a letter is told of in another."""
        if self.state(into) not in ("sent", "undelivered"):
            self._folded.setdefault(into, {})[digest] = kind

    def folded(self, into: str) -> list[str]:
        """Return the kinds of the letters that are folded into one."""
        return list(self._folded.get(into, {}).values())


def take_mark(marks: PartitionMarks, partition: int, record: Any) -> int:
    """Note the mark of a record, or log that it is lost; return how many are lost, and may be sent again.

    A mark of another layout raises ValueError: all would be sent again.
    """
    why, last_offset = "it is no mark", record.offset
    if isinstance(record, Unread):
        why, last_offset = record.why, record.last_offset
    elif (mark := decode_mark(record.value)) is not None:
        marks.note(mark)
        return 0
    log.error(
        "marks %(offset)d to %(last_offset)d of partition %(partition)d are lost, "
        "what they say may be sent again: %(reason)s",
        {
            "offset": record.offset,
            "last_offset": last_offset,
            "partition": partition,
            "reason": why,
        },
    )
    return int(last_offset - record.offset + 1)


class SentTable:
    """The marks of every partition that is, or just was, assigned."""

    def __init__(self, broker: Broker, interrupted: Callable[[], bool], lost: Counter) -> None:
        """Read nothing yet; `interrupted` says when reading has become pointless; `lost` counts what is no mark."""
        self._broker = broker
        self._lost = lost
        self._interrupted = interrupted
        self._partitions: dict[int, PartitionMarks] = {}

    async def read(self, partitions: Iterable[int]) -> dict[int, PartitionMarks]:
        """Return the marks of these partitions, read to their end; forget those of others.

        What was read before stays: only what has been written since, perhaps by others, is read again.
        """
        wanted = set(partitions)
        self._partitions = {p: self._partitions.get(p, PartitionMarks()) for p in sorted(wanted)}
        if wanted:
            consumer = self._broker.consumer(
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                isolation_level="read_committed",
                fetch_max_wait_ms=_READ_WAIT_MS,
            )
            try:
                await consumer.start()
                await self._read_all(consumer)
            finally:
                await consumer.stop()
        return dict(self._partitions)

    async def _read_all(self, consumer: AIOKafkaConsumer) -> None:
        places = {p: TopicPartition(NOTIFIER_SENT.name, p) for p in self._partitions}
        consumer.assign(list(places.values()))
        begins = await consumer.beginning_offsets(list(places.values()))
        ends = await consumer.end_offsets(list(places.values()))
        for number, tp in places.items():
            marks = self._partitions[number]
            if marks.next_offset > ends[tp]:
                # The topic was made anew.
                marks = self._partitions[number] = PartitionMarks()
            consumer.seek(tp, max(begins[tp], marks.next_offset))
        async for fetched in read_to_end(consumer, ends, _READ_WAIT_MS, self._interrupted):
            for tp, records in fetched.items():
                for record in records:
                    lost = take_mark(self._partitions[tp.partition], tp.partition, record)
                    self._lost.inc(lost)
        for number, tp in places.items():
            self._partitions[number].next_offset = await consumer.position(tp)
