"""Watch: what is written about one tenant, as it comes; and the calls and orders that are sent for it.

It reads the one partition of each topic that is the tenant's, outside of consumer groups. What it keeps is a round's,
and the ids of the last calls.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from time import monotonic

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from rater.kafka.broker import Broker
from rater.shell.canary.round import Seen, Wanted
from rater.shell.canary.terms import Call, Json
from rater.shell.process.clock import now_ms
from topics.catalog import (
    ACCOUNT_STATUS,
    BALANCE_EVENTS,
    CDR_RAW,
    LEDGER,
    PAYMENT_COMMANDS,
    PAYMENT_RESULTS,
    SUSPENSE,
    Topic,
)
from topics.partitioner import partition_of

FOLLOWED = (LEDGER, BALANCE_EVENTS, PAYMENT_COMMANDS, PAYMENT_RESULTS, SUSPENSE)
POLL_MS = 100
STOP_S = 5.0
KEPT_MAX = 1_000
"""Records of a round that are kept: it makes a dozen."""
CALLS_MAX = 64
"""Calls of which it is known how often they were charged."""


class Watch:
    """One tenant's records; `start` it, `begin` with each round, `stop` it."""

    def __init__(self, broker: Broker, tenant_id: str, partitions: int, patience_s: float) -> None:
        self._tenant_id = tenant_id
        self._key = tenant_id.encode()
        self._partition = partition_of(self._key, partitions)
        self._patience_s = patience_s
        self._seen: deque[Seen] = deque(maxlen=KEPT_MAX)
        self._came = asyncio.Event()
        self._charged: dict[str, int] = {}
        self._status: Json | None = None
        self._following: asyncio.Task[None] | None = None
        self._consumer: AIOKafkaConsumer = broker.consumer(
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            fetch_max_wait_ms=POLL_MS,
        )
        self._producer: AIOKafkaProducer = broker.producer(enable_idempotence=True, acks="all")

    @property
    def ended(self) -> asyncio.Future[None]:
        """Done, with its error, when nothing is followed any more."""
        assert self._following is not None, "it was started"
        return self._following

    @property
    def status(self) -> Json | None:
        """The account's status as it was at the start; None: there was none."""
        return self._status

    async def start(self) -> None:
        """Read the account's status, then follow from here on."""
        await self._producer.start()
        await self._consumer.start()
        await self._read_status()
        parts = [TopicPartition(topic.name, self._partition) for topic in FOLLOWED]
        ends = await self._consumer.end_offsets(parts)
        self._consumer.assign(parts)
        for part in parts:
            self._consumer.seek(part, ends[part])
        self._following = asyncio.create_task(self._follow(), name="watch")

    async def stop(self) -> None:
        """Follow no more; to be called also where the start failed."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait({self._following})
        # Without a broker these would wait for one.
        for part in (self._consumer, self._producer):
            with suppress(KafkaError, TimeoutError):
                async with asyncio.timeout(STOP_S):
                    await part.stop()

    def begin(self) -> None:
        """Forget what an earlier round saw."""
        self._seen.clear()

    async def order(self, topic: Topic, record: Json) -> None:
        """Send a command or a request; TimeoutError where the broker does not take it."""
        await self._send(topic, record)

    async def call(self, call: Call) -> float:
        """Send a call, twice; return when the broker was given it."""
        self._remember(call.cdr_id)
        record = call.record(self._tenant_id, now_ms())
        sent_at = monotonic()
        await self._send(CDR_RAW, record)
        await self._send(CDR_RAW, record)
        return sent_at

    async def first(self, wanted: Wanted) -> Seen:
        """Return the first record of this round that is wanted, and raise what ended the reading."""
        async with asyncio.timeout(self._patience_s):
            while True:
                self._came.clear()
                for seen in self._seen:
                    if wanted(seen):
                        return seen
                await self._next()

    def twice(self) -> str | None:
        """Return a call that was charged twice, and forget that."""
        for cdr_id, times in self._charged.items():
            if times > 1:
                self._charged[cdr_id] = 1
                return cdr_id
        return None

    async def _next(self) -> None:
        following = self._following
        assert following is not None
        coming = asyncio.create_task(self._came.wait())
        try:
            await asyncio.wait((coming, following), return_when=asyncio.FIRST_COMPLETED)
        finally:
            coming.cancel()
        if following.done():
            following.result()

    def _remember(self, cdr_id: str) -> None:
        self._charged[cdr_id] = 0
        while len(self._charged) > CALLS_MAX:
            del self._charged[next(iter(self._charged))]

    async def _send(self, topic: Topic, record: Json) -> None:
        value = json.dumps(record).encode()
        async with asyncio.timeout(self._patience_s):
            await self._producer.send_and_wait(topic.name, value, self._key, self._partition)

    async def _read_status(self) -> None:
        part = TopicPartition(ACCOUNT_STATUS.name, self._partition)
        starts = await self._consumer.beginning_offsets([part])
        ends = await self._consumer.end_offsets([part])
        self._consumer.assign([part])
        self._consumer.seek(part, starts[part])
        while await self._consumer.position(part) < ends[part]:
            await self._read(self._take_status)

    def _take_status(self, topic: str, records: Iterable[Json]) -> None:
        for record in records:
            self._status = record

    async def _follow(self) -> None:
        while True:
            await self._read(self._take)

    async def _read(self, take: Callable[[str, Iterable[Json]], None]) -> None:
        fetched = await self._consumer.getmany(timeout_ms=POLL_MS)
        for part, records in fetched.items():
            take(
                part.topic, [json.loads(r.value) for r in records if r.key == self._key and r.value]
            )

    def _take(self, topic: str, records: Iterable[Json]) -> None:
        at_s = monotonic()
        for record in records:
            self._seen.append(Seen(topic, record, at_s))
            cdr_id = record.get("cdr_id")
            is_charge = topic == LEDGER.name and record.get("kind") == "charge"
            if is_charge and cdr_id in self._charged:
                self._charged[str(cdr_id)] += 1
        self._came.set()
