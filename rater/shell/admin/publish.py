"""Publishing hand-made records: every line checked first, then all of them in one transaction.

Rule 1: a file is sent whole or not at all: nothing before every line is right, and then one Kafka
transaction.
Rule 2: a line is sent as it was written, byte for byte; only the blanks around it go.
"""

import asyncio
import base64
import binascii
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

from aiokafka.errors import KafkaError, ProducerFenced

from rater.kafka.broker import Broker
from rater.kafka.rights import not_allowed
from rater.shell.admin.readers import unreadable
from rater.shell.admin.strays import PASSED_OVER, StrayCheck
from rater.shell.admin.validation import Problem, RecordCheck, decode
from rater.shell.stream.sending import told_why
from topics.catalog import BY_NAME, CDR_RAW, DEAD, RECHARGE_DEAD, Topic
from topics.partitioner import partition_of
from topics.roles import named, produce_ids

START_TIMEOUT_S = 30.0
STALL_S = 20.0
"""How long the broker may take for the next thousand records, or for the commit."""
FAREWELL_S = 5.0
_OVERHEAD_BYTES = 256
"""Room for the key and the batch's own fields within the topic's largest record."""
_TRANSACTION_MS = 60_000
_TRANSACTION_MS_MAX = 900_000
"""The broker's default limit. An open transaction holds back the topic's readers: no longer than
needed."""
_STRIDE = 1_000
_UNKNOWN = "it is not known whether the records were sent: send them again, each counts once"


class PublishError(Exception):
    """The records were not sent, or nobody knows; the message says which."""


class RefusedTopicError(Exception):
    """Nobody sends to this topic by hand; the message says why and what to do."""


class Ready(NamedTuple):
    """A record ready to be sent."""

    key: bytes | None
    value: bytes
    partition: int | None
    """Where the record goes when it has no key."""


class Place(NamedTuple):
    """Where a record was written."""

    partition: int
    offset: int


class LineProblem(NamedTuple):
    """What is wrong with a line: it is not sent."""

    line: int
    problem: Problem

    def __str__(self) -> str:
        """Say line, field, reason and value in one line."""
        return f"line {self.line}: {self.problem}"


class LineWarning(NamedTuple):
    """What is odd about a line that is sent all the same."""

    line: int
    problem: Problem

    def __str__(self) -> str:
        """Say line, field and what is odd in one line."""
        # Without the value: it is said of the first line for all of them.
        return f"warning: line {self.line}: {self.problem._replace(value=None)}; {PASSED_OVER}"


Checked = Ready | LineProblem | LineWarning


def sendable(name: str, *, by_force: bool = False) -> Topic:
    """Return the topic of this name, if people send to it; RefusedTopicError says what they do instead.

    By force also those that only services write: what a forged record there does, nothing undoes.
    """
    topic = BY_NAME.get(name)
    names = ", ".join(t.name for t in BY_NAME.values() if t.by_hand)
    if topic is None:
        raise RefusedTopicError(f"unknown topic {name!r}; there are {names}")
    if topic.made_by:
        raise RefusedTopicError(f"{name} takes whole versions only: use `{topic.made_by}`")
    if topic.internal:
        raise RefusedTopicError(
            f"{name} is internal, {named(topic.writers)} writes it; there are {names}"
        )
    if not topic.by_hand and not by_force:
        raise RefusedTopicError(
            f"{name} is written by {named(topic.writers)} alone, a record made by hand there may move money "
            f"that nobody has; there are {names} (--force sends all the same)"
        )
    return topic


class LineCheck:
    """Checks the lines for one topic; its schemas are compiled once.

    Rule 3: what a worker would make a dead letter of is a problem: it is read by the worker's own reader, too.
    Rule 4: a field that is not declared is a problem, since it is passed over in silence, and may be a known one
            misspelt. Of CDRs it is warned of, each field once: a platform's records may carry what is its own.
    """

    def __init__(self, topic: Topic, *, takes_strays: bool = False) -> None:
        """Compile the topic's schemas; `takes_strays`: of fields that are not declared it is only warned."""
        self._topic = topic
        self._check = RecordCheck(topic)
        self._strays = StrayCheck(topic, self._check)
        self._takes_strays = takes_strays or topic is CDR_RAW
        self._bytes_max = topic.max_message_bytes - _OVERHEAD_BYTES

    def lines(self, lines: Iterable[bytes]) -> Iterator[Checked]:
        """Check lines in order, counted from 1; blank ones are skipped. A warning comes before its line."""
        for number, line in enumerate(lines, 1):
            value = line.strip()
            if value:
                yield from self._line(number, value)

    def _line(self, number: int, value: bytes) -> Iterator[Checked]:
        record, problems = self._read(value)
        if not problems and isinstance(record, dict):
            if self._takes_strays:
                for stray in self._strays.new_strays(record):
                    yield LineWarning(number, stray)
            ready = _ready(self._topic, record, value)
            if isinstance(ready, Ready):
                yield ready
                return
            problems = [ready]
        for problem in problems:
            yield LineProblem(number, problem)

    def _read(self, value: bytes) -> tuple[object, list[Problem]]:
        """Return a record, and all that keeps it from being sent."""
        if len(value) > self._bytes_max:
            return None, [
                Problem("", None, f"{len(value)} bytes, the topic takes {self._bytes_max}")
            ]
        record = decode(value)
        if isinstance(record, Problem):
            return None, [record]
        problems = {each.field: each for each in self._check.problems(record)}
        if not self._takes_strays:
            for stray in self._strays.strays(record):
                problems.setdefault(stray.field, stray)
        if not problems and (why := unreadable(self._topic.name, value)) is not None:
            return record, [Problem(why.field or "", None, why.detail)]
        return record, list(problems.values())


def _ready(topic: Topic, record: dict[str, Any], value: bytes) -> Ready | Problem:
    """Give a valid record the key that the catalog says, or a dead letter's own."""
    if topic not in (DEAD, RECHARGE_DEAD):
        return Ready(topic.key.of(record), value, None)
    text = record.get("key_b64")
    if text is None:
        return Ready(None, value, record["source_partition"])
    try:
        return Ready(base64.b64decode(text, validate=True), value, None)
    except (binascii.Error, ValueError):
        return Problem("key_b64", text, "must be base64")


async def publish(
    broker: Broker,
    topic: Topic,
    records: Sequence[Ready],
    partitions: int,
    sent: Callable[[], object],
) -> list[Place]:
    """Send the records in one transaction; return where they are when it is committed.

    `partitions` is how many the topic has on the broker; `sent` is called after each record, for a
    progress bar. Any failure is a PublishError that says whether something may have been sent.
    """
    transactional_id = f"{produce_ids(topic.writers)}{uuid.uuid4()}"
    places: list[Place] = []
    async with (
        producing(broker, transactional_id, topic.max_message_bytes, len(records)) as producer,
        all_or_none(producer, broker),
    ):
        places += await _send(producer, topic, records, partitions, sent)
    return places


@asynccontextmanager
async def all_or_none(producer: Any, broker: Broker) -> AsyncIterator[None]:
    """Send within this: all of it is committed, or a PublishError says that nothing is, or that nobody knows."""
    await producer.begin_transaction()
    try:
        yield
    except (KafkaError, TimeoutError) as error:
        await _briefly(producer.abort_transaction())
        raise PublishError(f"{_reason(error, broker)}; nothing was sent") from error
    except asyncio.CancelledError:
        # Ctrl-C: an open transaction would hold back the topic's readers until it times out.
        await _briefly(producer.abort_transaction())
        raise
    try:
        async with asyncio.timeout(STALL_S):
            await producer.commit_transaction()
    except (KafkaError, TimeoutError) as error:
        raise PublishError(f"{_reason(error, broker)}; {_UNKNOWN}") from error


async def _send(
    producer: Any,
    topic: Topic,
    records: Sequence[Ready],
    partitions: int,
    sent: Callable[[], object],
) -> list[Place]:
    """Send the records and wait until the broker has them all; TimeoutError when it stalls."""
    clock = asyncio.get_running_loop().time
    futures: list[asyncio.Future[Any]] = []
    # The client itself would try again for ever.
    async with asyncio.timeout(STALL_S) as limit:
        with told_why(producer, futures):
            for number, record in enumerate(records):
                if number % _STRIDE == 0:
                    limit.reschedule(clock() + STALL_S)
                place = partition_for(topic, record, partitions)
                future = await producer.send(topic.name, record.value, record.key, partition=place)
                futures.append(future)
                sent()
            limit.reschedule(clock() + STALL_S)
            # A record that failed must abort the transaction, not only its own future.
            written = await asyncio.gather(*futures)
    return [Place(record.partition, record.offset) for record in written]


async def _briefly(farewell: Awaitable[object]) -> None:
    """Wait a little for what is only a courtesy to a broker that may be gone."""
    with suppress(Exception):
        async with asyncio.timeout(FAREWELL_S):
            await farewell


def _reason(error: Exception, broker: Broker) -> str:
    if isinstance(error, TimeoutError):
        return f"the broker did not answer for {STALL_S:.0f} s"
    if isinstance(error, ProducerFenced):
        return "another command of its kind has begun meanwhile"
    return str(not_allowed(error, broker.security.principal()) or f"Kafka: {error}")


def partition_for(topic: Topic, record: Ready, partitions: int) -> int:
    """Return where a record goes: to its tenant's others, or where it says."""
    if record.key is None:
        return (record.partition or 0) % partitions
    return partition_of(topic.key.tenant_of(record.key) or record.key, partitions)


@asynccontextmanager
async def producing(
    broker: Broker, transactional_id: str, bytes_max: int, count: int
) -> AsyncIterator[Any]:
    """Start a transactional producer (acks=all, idempotent) of `count` records at once, and stop it in the end.

    From its start on, an earlier one of the same transactional id is shut out, and what it has not committed is gone.
    """
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    producer = broker.producer(
        transactional_id=transactional_id,
        transaction_timeout_ms=min(_TRANSACTION_MS + count, _TRANSACTION_MS_MAX),
        max_request_size=bytes_max,
        linger_ms=5,
    )
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            await producer.start()
        yield producer
    finally:
        await _briefly(producer.stop())
