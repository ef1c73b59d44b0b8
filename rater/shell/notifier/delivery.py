"""One delivery: a notification to one recipient, tried until it is sent or given up; marked before and after.

Tries are counted in memory: a restart or a rebalance begins anew, which may mean more tries, never fewer. Nor is it
marked that an attempt that was marked has certainly failed (a 4xx to DATA): killed while it waits for the next try,
it is in doubt to its successor, and with `--on-doubt skip` a dead letter.
"""

import logging
from dataclasses import dataclass
from time import monotonic
from typing import Final, Literal, Protocol, TypeAlias

from rater.core.cdr import Source
from rater.shell.notifier.attempt import Attempt, Channel, Gate, Verdict
from rater.shell.notifier.digests import Digest, Told
from rater.shell.notifier.metrics import NotifierMetrics
from rater.shell.notifier.settings import OnDoubt, RetryPolicy
from rater.shell.notifier.writer import Output
from rater.shell.process.clock import now_ms
from rater.shell.process.failpoints import failpoint
from rater.wire.outputs import encode
from rater.wire.recharge.deliveries import encode_undelivered
from topics.catalog import NOTIFICATIONS_DEAD, NOTIFIER_SENT
from topics.records.deliveries import MARK_LAYOUT, MarkState, SentMark, UndeliveredReason

log = logging.getLogger(__name__)

Result: TypeAlias = Literal["sent", "undelivered", "folded", "unfinished"]

_FOR_EVER: Final[dict[Verdict, UndeliveredReason]] = {
    "refused": "refused",
    "unreadable": "unreadable",
    "no_recipient": "no_recipient",
}
_DOUBT: Final = "it may have been sent, and by --on-doubt skip it is not sent again"
_CROWDED: Final = "too many webhooks of this tenant are waiting: it was not tried"


class Lease(Protocol):
    """What a delivery needs of its partition."""

    @property
    def closing(self) -> bool:
        """Whether nothing more may begin."""

    async def pause(self, seconds: float) -> bool:
        """Wait; False: the partition is closing, and waiting was cut short."""

    async def write(self, *outputs: Output) -> None:
        """Write records; return when they are committed."""

    def state(self, digest: str) -> MarkState | None:
        """Return what a delivery has come to, by its marks."""

    def note(self, mark: SentMark) -> None:
        """Remember a mark that is committed."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be delivered to whom."""

    notice: Told
    value: bytes
    source: Source
    recipient: str
    digest: str
    host: str = ""
    """Of a webhook."""
    kind: str = ""
    """Of the notification, whatever is sent for it."""
    mailbox: str = ""
    """Of an e-mail: a digest of tenant and address."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How deliveries are tried, on this notifier."""

    retry: RetryPolicy
    on_doubt: OnDoubt
    lease_s: float
    mails_per_hour: int
    """A `sending` mark that took longer is written again: the partition may have gone to another notifier meanwhile."""


class Delivery:
    """One delivery over one channel, for as long as the lease lasts."""

    def __init__(
        self, job: Job, channel: Channel, lease: Lease, rules: Rules, metrics: NotifierMetrics
    ) -> None:
        """Nothing happens before `run`."""
        self._job = job
        self._channel = channel
        self._lease = lease
        self._rules = rules
        self._metrics = metrics

    async def run(self, gate: Gate, *, admitted: bool = True) -> Result:
        """Deliver when the gate gives a turn. Unfinished: the partition's next owner goes on.

        What was not `admitted` is not tried: too much of the same tenant is waiting.
        """
        match self._lease.state(self._job.digest):
            case "sent" | "undelivered" | "folded" as state:
                self._count("known")
                return state
            case "sending" if self._skips:
                return await self._give_up("in_doubt", _DOUBT, 0)
        if not admitted:
            return await self._give_up("crowded_out", _CROWDED, 0)
        return await self._tried(gate)

    async def _tried(self, gate: Gate) -> Result:
        tries = self._rules.retry.tries
        for number in range(1, tries + 1):
            async with gate.turn(self._job.notice.tenant_id, self._job.host):
                if self._lease.closing:
                    return "unfinished"
                attempt = await self._try()
                if attempt.verdict == "sent":
                    return await self._accepted()
            if (result := await self._settled(attempt, number)) is not None:
                return result
            if number < tries and not await self._wait(number, attempt):
                return "unfinished"
        return await self._give_up("retries_spent", attempt.detail, tries)

    async def _settled(self, attempt: Attempt, number: int) -> Result | None:
        """Give up where another try would not help; None where it may."""
        if (reason := _FOR_EVER.get(attempt.verdict)) is not None:
            tried = number if reason == "refused" else 0
            return await self._give_up(reason, attempt.detail, tried)
        self._count(attempt.verdict)
        if attempt.verdict == "in_doubt" and self._skips:
            return await self._give_up("in_doubt", f"{_DOUBT}; {attempt.detail}", number)
        return None

    @property
    def _skips(self) -> bool:
        return self._channel.name == "email" and self._rules.on_doubt == "skip"

    async def _try(self) -> Attempt:
        began = monotonic()
        job = self._job
        attempt = await self._channel.attempt(
            job.notice, job.value, job.recipient, self._before_sending
        )
        self._metrics.delivery_seconds.labels(self._channel.name).observe(monotonic() - began)
        return attempt

    async def _before_sending(self) -> None:
        """Mark that it is about to be sent, so late that the mark proves that the partition is still ours."""
        failpoint(self._channel.places.before_mark)
        while True:
            asked = monotonic()
            await self._mark("sending")
            if monotonic() - asked < self._rules.lease_s:
                break
        failpoint(self._channel.places.after_mark)

    async def _accepted(self) -> Result:
        failpoint(self._channel.places.after_accepted)
        await self._mark("sent")
        failpoint(self._channel.places.after_sent_mark)
        self._count("sent")
        return "sent"

    async def _give_up(self, reason: UndeliveredReason, detail: str, attempts: int) -> Result:
        """Write the dead letter and the mark in one transaction: there is one letter, whatever happens."""
        failpoint("before_undelivered")
        job, mark = self._job, self._new_mark("undelivered")
        if isinstance(job.notice, Digest):
            stood_for = ", ".join(f"{number} {kind}" for kind, number in job.notice.held)
            detail = f"a digest of {stood_for}: {detail}"
        letter = encode_undelivered(
            job.notice, job.value, job.source, mark, (reason, detail, attempts)
        )
        key = job.notice.tenant_id.encode()
        await self._lease.write(Output(NOTIFICATIONS_DEAD.name, key, letter), self._output(mark))
        self._lease.note(mark)
        failpoint("after_undelivered")
        self._count("undelivered")
        log.warning(
            "undelivered: %(kind)s of %(tenant_id)s over %(channel)s: %(reason)s after %(tries)d tries",
            {
                "kind": job.notice.kind,
                "tenant_id": job.notice.tenant_id,
                "channel": mark.channel,
                "reason": reason,
                "tries": attempts,
            },
        )
        return "undelivered"

    async def _wait(self, number: int, attempt: Attempt) -> bool:
        wait_s = self._rules.retry.first_wait_s * 2 ** (number - 1) * self._spread()
        log.info(
            "deferred: %(kind)s of %(tenant_id)s over %(channel)s: %(code)s,"
            " try %(number)d of %(tries)d, again in %(wait_s).1f s",
            {
                "kind": self._job.notice.kind,
                "tenant_id": self._job.notice.tenant_id,
                "channel": self._channel.name,
                "code": attempt.code,
                "number": number,
                "tries": self._rules.retry.tries,
                "wait_s": wait_s,
            },
        )
        return await self._lease.pause(wait_s)

    def _spread(self) -> float:
        """Return 0.75 to 1.25, from the digest: a crowd that failed together does not come back together."""
        return 0.75 + int(self._job.digest[:4], 16) / 0x1FFFE

    async def _mark(self, state: MarkState) -> None:
        mark = self._new_mark(state)
        await self._lease.write(self._output(mark))
        self._lease.note(mark)

    def _new_mark(self, state: MarkState) -> SentMark:
        job = self._job
        place = (job.notice.notification_id, self._channel.name, job.digest)
        head = (MARK_LAYOUT, *place, state, now_ms())
        if state != "sent" or not job.mailbox:
            return SentMark(*head)
        return SentMark(*head, job.kind, job.mailbox)

    def _output(self, mark: SentMark) -> Output:
        return Output(NOTIFIER_SENT.name, self._job.notice.tenant_id.encode(), encode(mark))

    def _count(self, outcome: str) -> None:
        self._metrics.deliveries.labels(self._channel.name, outcome).inc()
