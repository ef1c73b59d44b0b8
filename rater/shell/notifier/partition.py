"""One partition for the time of one assignment: what was taken from it, what is being delivered, and how far it is."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from rater.core.cdr import Source
from rater.kafka.unread import Unread
from rater.shell.notifier.attempt import Channel, Gate
from rater.shell.notifier.delivery import Delivery, Job, Result, Rules
from rater.shell.notifier.folding import Folding
from rater.shell.notifier.mail_rates import mailbox_digest
from rater.shell.notifier.message import recipient_digest
from rater.shell.notifier.metrics import NotifierMetrics
from rater.shell.notifier.sent import PartitionMarks
from rater.shell.notifier.statements import StatementDesk
from rater.shell.notifier.waiting_room import WaitingRoom
from rater.shell.notifier.webhooks import host_of
from rater.shell.notifier.writer import Output, PartitionWriter, WriterClosedError
from rater.shell.process.clock import now_ms
from rater.shell.process.offset_tracker import OffsetTracker
from rater.wire.malformed import Malformed
from rater.wire.outputs import encode, encode_dead, output_key
from rater.wire.recharge.notifications import decode_notification
from rater.wire.unread import last_offset_of, why_dead
from topics.catalog import NOTIFIER_SENT, RECHARGE_DEAD
from topics.records.deliveries import MARK_LAYOUT, MarkState, SentMark
from topics.records.notifications import AnyNotification, StatementReadyNotification

log = logging.getLogger(__name__)

DRAIN_S: Final = 45.0
"""How long what is being sent may take when the partition goes; then it is cut short, and in doubt."""
NOBODY: Final = "nobody"

Outcome = str | None
"""What became of a notification; None: unfinished."""


class PartitionWork:
    """Takes records of one partition, delivers what they ask for, and has the offset follow."""

    def __init__(  # noqa: PLR0913
        self,
        writer: PartitionWriter,
        marks: PartitionMarks,
        channels: Mapping[str, tuple[Channel, Gate]],
        room: WaitingRoom,
        *,
        rules: Rules,
        metrics: NotifierMetrics,
        statements: StatementDesk,
        on_failure: Callable[[BaseException], None],
    ) -> None:
        """Begin at once; `channels` are each with the gate that bounds it."""
        self.offsets = OffsetTracker()
        self._writer = writer
        self._marks = marks
        self._channels = channels
        self._room = room
        self._statements = statements
        self._busy: dict[int, int] = {}
        self._folding = Folding(self, marks, rules.mails_per_hour, now_ms)
        self._rules = rules
        self._metrics = metrics
        self._on_failure = on_failure
        self._closing = asyncio.Event()
        self._records: set[asyncio.Task[None]] = set()
        self._deliveries: dict[str, asyncio.Task[Result]] = {}

    @property
    def closing(self) -> bool:
        """Whether nothing more may begin."""
        return self._closing.is_set()

    @property
    def busy(self) -> int:
        """How many deliveries of records are under way, those apart that wait in the room of webhooks, or are held."""
        return sum(self._busy.values())

    async def pause(self, seconds: float) -> bool:
        """Wait; False: the partition is closing, and waiting was cut short."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        return not self.closing

    def hold(self, offset: int) -> None:
        """Count one delivery of a record no longer as in flight."""
        if offset in self._busy:
            self._busy[offset] -= 1

    async def write_marks(self, tenant_id: str, *marks: SentMark) -> None:
        """Write marks of a tenant, and note them when they are committed."""
        key = tenant_id.encode()
        await self.write(*(Output(NOTIFIER_SENT.name, key, encode(mark)) for mark in marks))
        for mark in marks:
            self.note(mark)

    async def write(self, *outputs: Output) -> None:
        """Write records; return when they are committed."""
        await self._writer.write(*outputs)

    def state(self, digest: str) -> MarkState | None:
        """Return what a delivery has come to, by its marks."""
        return self._marks.state(digest)

    def note(self, mark: SentMark) -> None:
        """Remember a mark that is committed."""
        self._marks.note(mark)

    def take(
        self, key: bytes | None, value: bytes | None, source: Source, unread: Unread | None = None
    ) -> None:
        """Begin with a record, or with what stands for many; while the partition closes it is its next owner's."""
        if self.closing:
            return
        self.offsets.start(source.offset, source.at_ms)
        self._busy[source.offset] = 1
        task = asyncio.create_task(self._handle(key, value, source, unread))
        self._records.add(task)
        task.add_done_callback(self._records.discard)

    def read_up_to(self, offset: int) -> None:
        """Have the offset follow over what is no record, so that a topic that is read to its end has no lag."""
        if not self.closing:
            self.offsets.read_up_to(offset)
            if not self.offsets.at_work:
                self._writer.commit_offset(offset)

    async def drain(self) -> None:
        """Let nothing more begin, finish what is being sent, write its marks and the offset, and close the writer."""
        self._closing.set()
        if self._records:
            _, late = await asyncio.wait(self._records, timeout=DRAIN_S)
            await self._cut(late)
        await self._writer.close()

    async def abandon(self) -> None:
        """Cut short what is being sent: the partition is another's."""
        self._closing.set()
        await self._cut(self._records)
        await self._writer.close()

    async def _cut(self, records: set[asyncio.Task[None]]) -> None:
        tasks = [*records, *self._deliveries.values()] if records else []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._statements.close()

    async def _handle(
        self, key: bytes | None, value: bytes | None, source: Source, unread: Unread | None
    ) -> None:
        try:
            notice = decode_notification(value)
            if isinstance(notice, Malformed):
                kind, outcome = "unreadable", await self._bury(key, value, source, notice, unread)
            else:
                kind, outcome = notice.kind, await self._deliver(notice, value or b"", source)
        except WriterClosedError:
            return
        except Exception as error:  # noqa: BLE001  # A mistake of ours must end the process, not one task.
            self._on_failure(error)
            return
        finally:
            self._busy.pop(source.offset, None)
        if outcome is not None:
            self._metrics.notifications.labels(kind, outcome).inc()
            self.offsets.finish(source.offset)
            self._writer.commit_offset(self.offsets.position or 0)

    async def _bury(
        self,
        key: bytes | None,
        value: bytes | None,
        source: Source,
        said: Malformed,
        unread: Unread | None,
    ) -> Outcome:
        """Write the dead letter of bytes that cannot be read, and the mark that says so, in one transaction."""
        place = f"{source.topic}/{source.partition}/{source.offset}"
        digest = recipient_digest(place, NOBODY)
        if self.state(digest) is None:
            mark = SentMark(MARK_LAYOUT, place, "email", digest, "undelivered", now_ms())
            why = why_dead(unread, said)
            dead = encode_dead(key, value, source, why, last_offset_of(unread))
            letter = Output(RECHARGE_DEAD.name, output_key(key), dead)
            await self.write(letter, Output(NOTIFIER_SENT.name, None, encode(mark)))
            self.note(mark)
            log.warning(
                "unreadable: %(topic)s/%(partition)d/%(offset)d: %(reason)s in %(field)s",
                {
                    "topic": source.topic,
                    "partition": source.partition,
                    "offset": source.offset,
                    "reason": why.reason,
                    "field": why.field or "the whole",
                },
            )
        return "dead"

    async def _deliver(self, notice: AnyNotification, value: bytes, source: Source) -> Outcome:
        """Deliver to everyone at once; return what became of it. A webhook that is long in coming holds nobody up."""
        if isinstance(notice, StatementReadyNotification) and not self._is_told(notice):
            notice = await self._statements.complete(notice)
            value = encode(notice)
        jobs = [_job(notice, value, source, address) for address in dict.fromkeys(notice.emails)]
        known = [state for job in jobs if (state := self._done(job)) is not None]
        self._metrics.deliveries.labels("email", "known").inc(len(known))
        soon = [self._started("email", job) for job in jobs if self._done(job) is None]
        late: list[asyncio.Future[Result]] = []
        if notice.webhook is not None:
            running, is_admitted = self._webhook(notice, value, source, notice.webhook)
            (late if is_admitted else soon).append(running)
        elif not jobs:
            soon = [self._started(NOBODY, _job(notice, value, source, NOBODY))]
        # One that fails must not leave the others unwatched.
        waiting = asyncio.gather(*map(asyncio.shield, late), return_exceptions=True)
        self._busy[source.offset] = len(soon)
        found = await asyncio.gather(*map(asyncio.shield, soon), return_exceptions=True)
        self._busy.pop(source.offset, None)
        return _outcome([*known, *found, *await waiting])

    def _is_told(self, notice: AnyNotification) -> bool:
        """Say whether all is known of a notification: what is read again need not be made again."""
        to = [*notice.emails, *([] if notice.webhook is None else [notice.webhook])]
        states = {self.state(recipient_digest(notice.notification_id, each)) for each in to}
        return bool(to) and states <= {"sent", "undelivered", "folded"}

    def _done(self, job: Job) -> Result | None:
        """Return what became of an e-mail that is known; what is read again costs little."""
        state = self.state(job.digest)
        return None if state == "sending" else state

    def _webhook(
        self, notice: AnyNotification, value: bytes, source: Source, url: str
    ) -> tuple[asyncio.Task[Result], bool]:
        """Begin with a webhook, and say whether it may wait; what is done, or begun already, needs no room."""
        job = _job(notice, value, source, url, host_of(url))
        if job.digest in self._deliveries or self.state(job.digest) in ("sent", "undelivered"):
            return self._started("webhook", job), True
        is_admitted = self._room.enter(notice.tenant_id)
        running = self._started("webhook", job, admitted=is_admitted)
        if is_admitted:
            running.add_done_callback(lambda _: self._room.leave(notice.tenant_id))
        return running, is_admitted

    def _started(self, channel: str, job: Job, *, admitted: bool = True) -> asyncio.Task[Result]:
        """Begin a delivery, unless a record with the same notification is at it: then wait for what comes of that."""
        running = self._deliveries.get(job.digest)
        if running is None:
            chosen, gate = self._channels[channel]
            run = self._mail if channel == "email" else self._run
            running = asyncio.create_task(run(job, chosen, gate, admitted=admitted))
            self._deliveries[job.digest] = running
            running.add_done_callback(lambda _: self._deliveries.pop(job.digest, None))
        return running

    async def _mail(self, job: Job, chosen: Channel, gate: Gate, *, admitted: bool) -> Result:
        """Send an e-mail, unless another tells of it, and not before the rate allows it."""
        if self.state(job.digest) in (None, "sending"):
            settled = await self._folding.settle(job)
            if not isinstance(settled, Job):
                if settled == "folded":
                    self._metrics.deliveries.labels("email", settled).inc()
                return settled
            job = settled
        return await self._run(job, chosen, gate, admitted=admitted)

    async def _run(self, job: Job, chosen: Channel, gate: Gate, *, admitted: bool) -> Result:
        delivery = Delivery(job, chosen, self, self._rules, self._metrics)
        return await delivery.run(gate, admitted=admitted)


def _job(
    notice: AnyNotification, value: bytes, source: Source, recipient: str, host: str = ""
) -> Job:
    digest = recipient_digest(notice.notification_id, recipient)
    if host:
        return Job(notice, value, source, recipient, digest, host, notice.kind)
    mailbox = mailbox_digest(notice.tenant_id, recipient)
    return Job(notice, value, source, recipient, digest, "", notice.kind, mailbox)


def _outcome(found: Iterable[Result | BaseException]) -> Outcome:
    results: set[Result] = set()
    for result in found:
        if isinstance(result, BaseException):
            raise result
        results.add("sent" if result == "folded" else result)
    if "unfinished" in results:
        return None
    return results.pop() if len(results) == 1 else "partly"
