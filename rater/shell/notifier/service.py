"""The notifier's process: the consumer, its partitions as they come and go, and the way out."""

import asyncio
import contextlib
import logging
from collections.abc import Collection
from math import inf
from time import monotonic
from typing import Any, Final

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from rater.core.cdr import Source
from rater.kafka.broker_loss import COMMIT_TIMEOUT_S
from rater.kafka.reading import put_back
from rater.kafka.unread import Unread
from rater.shell.notifier.addresses import AddressPolicy
from rater.shell.notifier.attempt import Channel, Gate, Nobody
from rater.shell.notifier.circuits import Circuits
from rater.shell.notifier.delivery import Rules
from rater.shell.notifier.ending import FINISH_S, LEAVE_S, STOP_S, told
from rater.shell.notifier.mailer import Mailer
from rater.shell.notifier.metrics import NotifierMetrics
from rater.shell.notifier.partition import DRAIN_S, NOBODY, PartitionWork
from rater.shell.notifier.sent import SentTable
from rater.shell.notifier.settings import HOST_TURNS, TENANT_TURNS, NotifierSettings
from rater.shell.notifier.statements import READ, StatementDesk
from rater.shell.notifier.turns import Turns
from rater.shell.notifier.waiting_room import WaitingRoom
from rater.shell.notifier.webhooks import Webhooks
from rater.shell.notifier.writer import PartitionWriter
from rater.shell.process.force import end_by_force
from rater.shell.process.health import Health, HealthServer
from rater.shell.process.pulse import pulse
from rater.shell.process.signals import stopping_event
from rater.shell.process.start import StartError, equal_partitions
from rater.shell.process.watchdog import Limits, Watchdog
from topics.catalog import (
    NOTIFICATIONS,
    NOTIFICATIONS_DEAD,
    NOTIFIER_GROUP,
    NOTIFIER_SENT,
    RECHARGE_DEAD,
)

log = logging.getLogger(__name__)

PARTS: Final = ("assigned", "marks_read")
_POLL_MS: Final = 100
_TAKEN_MAX: Final = 10
"""Records taken at once; each may be 16 letters, and what begins together holds up the loop."""
_CATCH_UP_S: Final = 1.0
_REBALANCE_MS: Final = int((DRAIN_S + COMMIT_TIMEOUT_S + 15) * 1_000)
"""How long the group waits for a member that finishes what it is sending."""

_READING_MS: Final = 600_000
"""How long reading the marks may take after an assignment."""


async def run(settings: NotifierSettings) -> int:
    """Run a notifier until it is told to stop; return its exit code."""
    # Equal counts: a mark lies beside its notification, and that beside the ledger of its account.
    topics = (NOTIFICATIONS, NOTIFICATIONS_DEAD, RECHARGE_DEAD, NOTIFIER_SENT, *READ)
    partitions = await equal_partitions(settings.broker, topics)
    metrics = NotifierMetrics()
    health = Health(metrics.process, PARTS)
    with HealthServer(health, metrics.process, settings.metrics_host, settings.metrics_port):
        try:
            notifier = Notifier(settings, partitions, metrics, health)
        except OSError as error:  # Of the CA file.
            raise StartError(str(error)) from error
        async with pulse(settings.broker, health, metrics.process.forget_all_lags):
            return await notifier.run(stopping_event())


class Notifier(ConsumerRebalanceListener):  # type: ignore[misc]
    """One member of the group `rater-notifier`."""

    def __init__(
        self,
        settings: NotifierSettings,
        partitions: int,
        metrics: NotifierMetrics,
        health: Health,
    ) -> None:
        """Connect to nothing yet; needs a running loop."""
        self._settings = settings
        self._partitions = partitions
        self._metrics = metrics
        self._health = health
        self._failure: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        self._leaving = False
        self._table = SentTable(settings.broker, self._is_over, metrics.marks_lost)
        self._works: dict[int, PartitionWork] = {}
        self._changing = asyncio.Lock()
        """Partitions are taken up, or given back, once at a time: a rebalance may come while we leave."""
        self._paused: set[TopicPartition] = set()
        self._ready = False
        """Not while a rebalance is under way."""
        self._caught_up_at = 0.0
        self._rules = Rules(
            settings.retry, settings.on_doubt, settings.session_timeout_s, settings.mails_per_hour
        )
        self._channels = _channels(settings, metrics)
        self._room = WaitingRoom()
        self._consumer: Any = settings.broker.consumer(
            group_id=NOTIFIER_GROUP,
            client_id=NOTIFIER_GROUP,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=int(settings.session_timeout_s * 1_000),
            heartbeat_interval_ms=int(settings.session_timeout_s * 1_000 / 4),
            rebalance_timeout_ms=_REBALANCE_MS,
            max_poll_interval_ms=_READING_MS,
            max_partition_fetch_bytes=NOTIFICATIONS.max_message_bytes * 2,
        )

    async def run(self, stopping: asyncio.Event) -> int:
        """Consume until the event is set, or a failure; return the exit code."""
        loop = asyncio.get_running_loop()
        watchdog = Watchdog(loop, lambda: 0, lambda: 0, Limits(progress_s=inf))
        watchdog.start()
        try:
            await self._consume(stopping)
        except Exception as error:  # noqa: BLE001
            self._fail(error)
        try:
            return await self._leave()
        finally:
            watchdog.stop()

    async def _consume(self, stopping: asyncio.Event) -> None:
        self._consumer.subscribe([NOTIFICATIONS.name], listener=self)
        await self._consumer.start()
        while not stopping.is_set() and not self._failure.done():
            self._health.tick()
            self._hold_back()
            if not self._ready:
                # aiokafka fetches as soon as it is assigned; what was sent must be known first.
                await asyncio.sleep(_POLL_MS / 1_000)
                continue
            fetched = await self._consumer.getmany(
                timeout_ms=_POLL_MS, max_records=min(_TAKEN_MAX, self._settings.in_flight)
            )
            for tp, records in fetched.items():
                self._take(tp, records)
            await self._catch_up()

    def _take(self, tp: TopicPartition, records: list[Any]) -> None:
        """Begin with records; put them back where the partition is not, or no longer, being served."""
        work = self._works.get(tp.partition)
        if work is None or work.closing:
            put_back(self._consumer, tp, records)
            return
        for record in records:
            source = Source(tp.topic, tp.partition, record.offset, record.timestamp)
            work.take(record.key, record.value, source, record if type(record) is Unread else None)

    async def _leave(self) -> int:
        """Finish, or cut short what another may be sending by now; leave the group. It takes `STOP_S` at most."""
        self._health.set_state("stopping")
        self._leaving = True
        end_by_force(STOP_S)
        try:
            async with asyncio.timeout(FINISH_S):
                await self._finish()
        except TimeoutError:
            # A rebalance that waits for a broker that is gone has the partitions, or their marks cannot be written.
            log.warning("not finished within %(seconds)d s: cut short", {"seconds": FINISH_S})
        failure = self._failure.result() if self._failure.done() else None
        # aiokafka's own cancelled fetch comes out of its stop() when the broker is gone.
        with contextlib.suppress(Exception, asyncio.CancelledError):
            async with asyncio.timeout(LEAVE_S):
                await asyncio.gather(*(channel.close() for channel, _ in self._channels.values()))
                await self._consumer.stop()
        return told(failure, self._settings.broker)

    async def _finish(self) -> None:
        async with self._changing:
            works, self._works = self._works, {}
            if self._failure.done():
                await asyncio.gather(*(work.abandon() for work in works.values()))
            else:
                log.info("stopping: finishing what is being sent")
                await asyncio.gather(*(work.drain() for work in works.values()))

    def _is_over(self) -> bool:
        """Whether nothing is to be begun any more."""
        return self._leaving or self._failure.done()

    def _fail(self, error: BaseException) -> None:
        if not self._failure.done():
            self._failure.set_result(error)

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Finish what is being sent and write its marks, before the group gives the partitions to others."""
        self._ready = False
        async with self._changing:
            if not self._leaving:
                self._health.set_state("recovering")
            works, self._works = self._works, {}
            await asyncio.gather(*(work.drain() for work in works.values()))
        for tp in revoked:
            self._metrics.process.forget_lag(tp.topic, tp.partition)

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Fence the previous owners, then read what they have sent, then begin; who leaves begins nothing."""
        async with self._changing:
            try:
                if not self._leaving:
                    await self._begin(sorted(tp.partition for tp in assigned))
            except Exception as error:  # noqa: BLE001  # aiokafka would log it and go on without.
                self._fail(error)

    async def _begin(self, partitions: list[int]) -> None:
        self._metrics.process.rebalanced()
        self._paused.clear()
        self._health.set_ready(
            "assigned", ready=bool(partitions), detail="no partitions: others have them all"
        )
        self._health.set_ready("marks_read", ready=False)
        async with contextlib.AsyncExitStack() as in_vain:
            writers = [PartitionWriter(self._settings.broker, p, self._fail) for p in partitions]
            for writer in writers:
                in_vain.push_async_callback(writer.close)
            await asyncio.gather(*(writer.start() for writer in writers))
            table = await self._table.read(partitions)
            if self._is_over():  # Perhaps not all was read.
                return
            in_vain.pop_all()
        self._works = {
            writer.partition: PartitionWork(
                writer,
                table[writer.partition],
                self._channels,
                self._room,
                rules=self._rules,
                metrics=self._metrics,
                statements=StatementDesk(self._settings.broker, self._partitions),
                on_failure=self._fail,
            )
            for writer in writers
        }
        self._ready = True
        self._health.set_ready("marks_read", ready=True)
        self._health.set_state("serving")
        known = sum(len(marks.states) for marks in table.values())
        log.info(
            "serving partitions %(partitions)s, %(known)d deliveries known",
            {"partitions": partitions, "known": known},
        )

    def _hold_back(self) -> None:
        """Read no further where enough is waiting, and go on where it no longer is."""
        for number, work in self._works.items():
            tp = TopicPartition(NOTIFICATIONS.name, number)
            full = work.busy >= self._settings.in_flight
            if full and tp not in self._paused:
                self._consumer.pause(tp)
                self._paused.add(tp)
            elif not full and tp in self._paused:
                self._consumer.resume(tp)
                self._paused.discard(tp)

    async def _catch_up(self) -> None:
        """Once a second, let the offsets follow over the markers of transactions, and say how far behind we are."""
        if monotonic() - self._caught_up_at < _CATCH_UP_S:
            return
        self._caught_up_at = monotonic()
        self._metrics.waiting.set(sum(w.offsets.at_work for w in self._works.values()))
        self._metrics.webhooks_waiting.set(self._room.waiting)
        for number, work in list(self._works.items()):
            tp = TopicPartition(NOTIFICATIONS.name, number)
            try:
                async with asyncio.timeout(_CATCH_UP_S):
                    work.read_up_to(await self._consumer.position(tp))
            except (TimeoutError, KafkaError):
                continue  # A rebalance, or nothing has been fetched yet.
            end = None if self._health.broker_silent_s() else self._consumer.highwater(tp)
            if end is not None and work.offsets.position is not None:
                behind = max(0, end - work.offsets.position)
                oldest_ms = work.offsets.oldest_ms
                self._metrics.process.set_lag(tp.topic, tp.partition, behind, oldest_ms)


def _channels(
    settings: NotifierSettings, metrics: NotifierMetrics
) -> dict[str, tuple[Channel, Gate]]:
    """Return the channels, each with what gives turns on it: none of them waits for another's."""
    policy = AddressPolicy(settings.webhook_deny, is_open=settings.webhook_allow_insecure)
    webhooks = Webhooks(settings.webhook_secrets, policy, Circuits(metrics.circuit_changed))
    return {
        "email": (Mailer(settings.smtp, settings.sender), Turns(settings.deliveries)),
        "webhook": (webhooks, Turns(settings.webhook_deliveries, TENANT_TURNS, HOST_TURNS)),
        NOBODY: (Nobody(), Turns(settings.deliveries)),
    }
