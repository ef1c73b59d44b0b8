"""The service: commands from Kafka, each a task of its own; results out at once; offsets when all before are done.

A crash anywhere hands the same command, with the same key, to the next gateway. It looks the payment up before it
charges, so there is no second charge; a result may come twice, which recharge tolerates.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from rater.kafka.reading import put_back
from rater.shell.gateway.metrics import GatewayMetrics, name_of
from rater.shell.gateway.outbox import Outbox
from rater.shell.gateway.providers.provider import LateOutcome
from rater.shell.gateway.routes import Route, Routes
from rater.shell.gateway.settings import GatewaySettings
from rater.shell.gateway.settling import log_settled, settle
from rater.shell.gateway.tasks import cancel, result_of
from rater.shell.gateway.turns import Turns
from rater.shell.gateway.withdrawals import Withdrawals
from rater.shell.process.failpoints import failpoint
from rater.shell.process.health import Health
from rater.shell.process.offset_tracker import OffsetTracker
from rater.wire.malformed import Malformed
from rater.wire.recharge.payments import decode_payment_order
from topics.catalog import GATEWAY_GROUP, PAYMENT_COMMANDS
from topics.records.payments import PaymentOrder

AT_WORK_MAX = 128
"""Commands read and not finished. Few, so that the next poll is never far (`max_poll_interval`)."""
POLL_MS = 200
FULL_WAIT_S = 0.02
COMMIT_EVERY_S = 0.1
LEAVE_TIMEOUT_S = 5.0
CATCH_UP_S = 1.0
_GONE = (CommitFailedError, IllegalStateError)
"""The group has moved on: what was to be committed is somebody else's now, who will look the payments up."""

log = logging.getLogger(__name__)


class _Owned(NamedTuple):
    """A partition that is ours."""

    offsets: OffsetTracker
    tasks: set[asyncio.Task[None]]


class Gateway:
    """One gateway: `run` it until the event it is given is set."""

    def __init__(
        self, settings: GatewaySettings, routes: Routes, metrics: GatewayMetrics, health: Health
    ) -> None:
        self._settings = settings
        self._routes = routes
        self._metrics = metrics
        self._health = health
        self._owned: dict[TopicPartition, _Owned] = {}
        self._turns = Turns()
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._consumer = settings.broker.consumer(
            group_id=GATEWAY_GROUP,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=int(settings.session_timeout_s * 1_000),
            heartbeat_interval_ms=int(settings.session_timeout_s * 300),
        )
        self._withdrawals = Withdrawals(settings.broker)
        self._outbox = Outbox(settings.broker, settings.partitions)

    async def run(self, stopping: asyncio.Event, unsettled: asyncio.Future[None]) -> None:
        """Work until the event is set, then finish what is at work; raise what makes work impossible.

        `unsettled` is done, with its error, when the charging settings are no longer followed.
        """
        await self._outbox.start()
        self._consumer.subscribe([PAYMENT_COMMANDS.name], listener=_Rebalances(self))
        await self._consumer.start()
        beside = [
            *(
                asyncio.create_task(self._guarded(self._listen(route)))
                for route in self._routes.all()
            ),
            asyncio.create_task(self._guarded(self._commit_for_ever())),
            asyncio.create_task(self._guarded(result_of(unsettled))),
        ]
        try:
            await self._read(stopping)
            log.info("stopping: finishing %(at_work)d commands", {"at_work": self._at_work()})
            await self._drain()
            self._raise_failure()
        finally:
            await cancel(beside)
            await self._leave()

    async def _leave(self) -> None:
        """Commit what is finished and leave the group; what is not finished is somebody else's."""
        for owned in self._owned.values():
            await cancel(owned.tasks)
        with contextlib.suppress(KafkaError, TimeoutError):
            async with asyncio.timeout(LEAVE_TIMEOUT_S):
                await self._commit()
        # Whatever it takes: without a broker these would wait for one.
        for part in (self._consumer, self._outbox):
            with contextlib.suppress(KafkaError, TimeoutError):
                async with asyncio.timeout(LEAVE_TIMEOUT_S):
                    await part.stop()

    async def _listen(self, route: Route) -> None:
        """Publish what a provider tells of its own accord."""

        async def publish(told: LateOutcome) -> None:
            await self._publish(told, route)

        await route.provider.tell_late_outcomes(publish)

    async def _publish(self, told: LateOutcome, route: Route) -> None:
        """Write a result that no command asks for just now, where its tenant's results lie."""
        failpoint("webhook_before_result")
        await self._outbox.tell(told, route.origin)
        failpoint("webhook_after_result")
        route.metrics.late_outcome(told.outcome)
        log.info(
            "command %(command_id)s: told late: %(outcome)s",
            {
                "command_id": told.command_id,
                "tenant_id": told.tenant_id,
                "outcome": name_of(told.outcome),
            },
        )

    async def _read(self, stopping: asyncio.Event) -> None:
        """Fetch and start commands, as long as there is room."""
        while not stopping.is_set():
            self._raise_failure()
            room = AT_WORK_MAX - self._at_work()
            if room <= 0:
                await asyncio.sleep(FULL_WAIT_S)
                continue
            fetched = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=room)
            await self._withdrawals.see(fetched)
            for partition, records in fetched.items():
                self._start(partition, records)
            await self._catch_up()

    def _raise_failure(self) -> None:
        if self._failure.done():
            self._failure.result()

    def _start(self, partition: TopicPartition, records: Sequence[Any]) -> None:
        """Begin with records; put them back where the partition is not, or no longer, ours."""
        owned = self._owned.get(partition)
        if owned is None:
            put_back(self._consumer, partition, records)
            return
        for record in records:
            owned.offsets.start(record.offset, record.timestamp)
            task = asyncio.create_task(self._guarded(self._handle(record, owned.offsets)))
            owned.tasks.add(task)
            task.add_done_callback(owned.tasks.discard)

    async def _catch_up(self) -> None:
        """Let the positions follow over the markers of transactions, so that what is read to its end has no lag.

        Called when all that was fetched has been started: nothing before the consumer's position is unread.
        """
        for partition, owned in list(self._owned.items()):
            try:
                async with asyncio.timeout(CATCH_UP_S):
                    if not owned.offsets.begun:
                        owned.offsets.begin(await self._consumer.committed(partition) or 0)
                    owned.offsets.read_up_to(await self._consumer.position(partition))
            except (TimeoutError, KafkaError):
                continue  # A rebalance, or a broker that is away: the next round knows.

    async def _handle(self, record: Any, offsets: OffsetTracker) -> None:
        """Do all that a record asks for; returns when it is acknowledged."""
        order = decode_payment_order(record.value)
        if isinstance(order, Malformed):
            await self._bury(record, order)
        else:
            async with self._turns.turn(order.tenant_id), self._slots:
                await self._obey(order, record.partition)
            self._withdrawals.end(order)
        offsets.finish(record.offset)

    async def _obey(self, order: PaymentOrder, partition: int) -> None:
        route, budget_s = self._routes.of(order), self._settings.budget_s

        def against(order: PaymentOrder) -> str | None:
            return route.refusal or self._withdrawals.against(order)

        outcome = await settle(route.provider, order, against, route.metrics, budget_s)
        told = LateOutcome(order.command_id, order.tenant_id, outcome)
        await self._outbox.tell(told, route.origin, partition)
        failpoint("after_result")
        route.metrics.command_done(name_of(outcome))
        log_settled(order, outcome)

    async def _bury(self, record: Any, why: Malformed) -> None:
        """Keep a record that cannot be read."""
        failpoint("before_dead_letter")
        reason = await self._outbox.bury(record, why)
        failpoint("after_dead_letter")
        self._metrics.command_done("dead")
        log.warning(
            "partition %(partition)d, offset %(offset)d: %(reason)s",
            {"partition": record.partition, "offset": record.offset, "reason": reason},
        )

    async def _guarded(self, work: Any) -> None:
        """Let an error end the gateway: its successor takes up the same commands."""
        try:
            await work
        except Exception as error:  # noqa: BLE001  # Whatever it is, nothing of it may be lost.
            if not self._failure.done():
                self._failure.set_exception(error)

    async def _commit_for_ever(self) -> None:
        while True:
            await asyncio.sleep(COMMIT_EVERY_S)
            await self._commit()
            self._report()

    async def _commit(self) -> None:
        due = {part: at for part, o in self._owned.items() if (at := o.offsets.due()) is not None}
        if not due:
            return
        failpoint("before_offset_commit")
        try:
            await self._consumer.commit(due)
        except _GONE as gone:
            log.info(
                "not committed, the group has moved on: %(error)s", {"error": type(gone).__name__}
            )
            return
        failpoint("after_offset_commit")
        for partition, position in due.items():
            if partition in self._owned:
                self._owned[partition].offsets.committed(position)

    def _report(self) -> None:
        self._health.tick()
        self._metrics.set_in_flight(self._at_work())
        if self._health.broker_silent_s():
            return
        tell = self._metrics.shared.set_lag
        for part, (offsets, _) in self._owned.items():
            end, position = self._consumer.highwater(part), offsets.position
            if end is not None and position is not None:
                tell(part.topic, part.partition, end - position, offsets.oldest_ms)

    def _at_work(self) -> int:
        return sum(len(owned.tasks) for owned in self._owned.values())

    async def _drain(self) -> None:
        tasks = [task for owned in self._owned.values() for task in owned.tasks]
        if tasks:
            await asyncio.wait(tasks, timeout=self._settings.drain_s)

    async def lose(self, partitions: Iterable[TopicPartition]) -> None:
        """Drop what is at work; what is finished is committed while the partitions are still ours."""
        with contextlib.suppress(KafkaError):
            await self._commit()
        for partition in partitions:
            self._withdrawals.lose(partition)
            if (owned := self._owned.pop(partition, None)) is not None:
                await cancel(owned.tasks)
                self._metrics.shared.forget_lag(partition.topic, partition.partition)
        self._health.set_ready("assigned", ready=False, detail="no partitions")

    def gain(self, partitions: Iterable[TopicPartition]) -> None:
        """Take over partitions."""
        self._metrics.shared.rebalanced()
        for partition in partitions:
            self._owned[partition] = _Owned(OffsetTracker(), set())
        numbers = sorted(partition.partition for partition in self._owned)
        log.info("serving partitions %(partitions)s", {"partitions": numbers})
        self._health.set_ready("assigned", ready=bool(numbers), detail="no partitions")


class _Rebalances(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        await self._gateway.lose(revoked)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._gateway.gain(assigned)
