"""Folding: what an e-mail is spared. Thresholds crossed at one occasion are one letter; beyond a rate, letters wait.

An occasion is one change of an account: of the thresholds that it crosses the lowest is told, in one letter.

A rate is so many letters an hour to one address of a tenant (and 16 times as many to all of its addresses). What is
beyond it is held back: the first that is becomes the carrier of a digest, which goes out when the rate allows; the
others are marked `folded` into it. The carrier stays open, so that after a restart it is read again, and the marks say
what had been folded into it. Kinds in FOLDABLE have the rate; all others say that money is in danger: they have an
allowance of their own, twice as large, and are held back only beyond that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from rater.shell.notifier.delivery import Job, Result
from rater.shell.notifier.digests import digest_of
from rater.shell.notifier.mail_rates import FOLDABLE, rate_key
from rater.shell.notifier.sent import PartitionMarks
from topics.records.deliveries import MARK_LAYOUT, SentMark
from topics.records.notifications import AnyNotification, BalanceLowNotification

URGENT_TIMES: Final = 2
TENANT_TIMES: Final = 16
OCCASION_S: Final = 1.0
"""How long a letter on a threshold waits for others of its occasion."""
TOLD_MAX: Final = 2_000
"""Occasions of which the letter is remembered for those that come late."""
HELD_MAX: Final = 1_000
"""Carriers of a partition that hold up no reading; beyond, they count as in flight."""

_Occasion = tuple[str, int, str, str]


class FoldingLease(Protocol):
    """What folding needs of its partition."""

    async def pause(self, seconds: float) -> bool:
        """Wait; False: the partition is closing, and waiting was cut short."""

    async def write_marks(self, tenant_id: str, *marks: SentMark) -> None:
        """Write marks of a tenant, and note them when they are committed."""

    def hold(self, offset: int) -> None:
        """Count a record no longer as in flight."""


@dataclass(slots=True)
class _Gathering:
    """The letters of one occasion while it is waited for more."""

    jobs: list[Job] = field(default_factory=list)
    lead: asyncio.Future[str | None] = field(default_factory=asyncio.Future)
    """The digest of the one that is sent; None: the partition closes."""


class Folding:
    """What is folded and held back of one partition."""

    def __init__(
        self, lease: FoldingLease, marks: PartitionMarks, per_hour: int, clock: Callable[[], int]
    ) -> None:
        """Take `per_hour` as the rate of an address; `clock` gives milliseconds."""
        self._lease = lease
        self._marks = marks
        self._per_hour = per_hour
        self._clock = clock
        self._gatherings: dict[_Occasion, _Gathering] = {}
        self._told: dict[_Occasion, str] = {}
        self._carriers: dict[str, Job] = {}
        self._held = 0

    async def settle(self, job: Job) -> Job | Result:
        """Return what is to be delivered now, the letter or a digest of many; or what became of it without."""
        if self._marks.state(job.digest) == "sending":
            # It went out, or nearly: again the same.
            return self._as_digest(job)
        lead = await self._lead(job)
        if lead != job.digest:
            return "unfinished" if lead is None else "folded"
        key = self._key(job)
        if not self._wait_ms(key, job):
            return self._as_digest(self._counted(key, job))
        if (carrier := self._carriers.get(key)) is None or self._marks.folded(job.digest):
            return await self._carried(key, job)
        self._marks.fold(carrier.digest, job.digest, job.kind)
        await self._lease.write_marks(job.notice.tenant_id, self._mark(job, carrier.digest))
        return "folded"

    async def _lead(self, job: Job) -> str | None:
        """Return the digest of the letter that tells an occasion: this one, or another that this is folded into."""
        notice = job.notice
        occasion = _occasion(job)
        if occasion is None:
            return job.digest
        if (lead := self._told.get(occasion)) not in (None, job.digest):
            # One that comes late: what was read together may be cut anywhere.
            await self._lease.write_marks(notice.tenant_id, self._mark(job, None))
            return lead
        gathering = self._gatherings.get(occasion)
        if gathering is not None:
            gathering.jobs.append(job)
            return await asyncio.shield(gathering.lead)
        gathering = self._gatherings[occasion] = _Gathering([job])
        try:
            lead = await self._gathered(occasion, gathering)
        except BaseException:
            # Whoever waits for it is cut short, too.
            gathering.lead.cancel()
            raise
        gathering.lead.set_result(lead)
        return lead

    async def _gathered(self, occasion: _Occasion, gathering: _Gathering) -> str | None:
        """Wait for the letters of an occasion; fold them into the lowest threshold's, and return its digest."""
        try:
            is_open = await self._lease.pause(OCCASION_S)
        finally:
            del self._gatherings[occasion]
        if not is_open:
            return None
        lead = min(gathering.jobs, key=lambda each: _depth(each.notice))
        if others := [each for each in gathering.jobs if each is not lead]:
            marks = (self._mark(each, None) for each in others)
            await self._lease.write_marks(lead.notice.tenant_id, *marks)
        self._told[occasion] = lead.digest
        if len(self._told) > TOLD_MAX:
            del self._told[next(iter(self._told))]
        return lead.digest

    async def _carried(self, key: str, job: Job) -> Job | Result:
        """Wait until the rate allows one more, and return the digest of what was held back meanwhile."""
        self._carriers.setdefault(key, job)
        self._held += 1
        if self._held <= HELD_MAX:
            self._lease.hold(job.source.offset)
        try:
            while wait_ms := self._wait_ms(key, job):
                if not await self._lease.pause(wait_ms / 1_000):
                    return "unfinished"
        finally:
            self._held -= 1
            if self._carriers.get(key) is job:
                del self._carriers[key]
        return self._as_digest(self._counted(key, job))

    def _as_digest(self, job: Job) -> Job:
        others = self._marks.folded(job.digest)
        if not others:
            return job
        assert isinstance(job.notice, AnyNotification)
        return replace(job, notice=digest_of(job.notice, others))

    def _wait_ms(self, key: str, job: Job) -> int:
        now, rates = self._clock(), self._marks.rates
        limit = self._per_hour * (1 if job.kind in FOLDABLE else URGENT_TIMES)
        return max(
            rates.wait_ms(key, limit, now),
            rates.wait_ms(_tenant_key(job), limit * TENANT_TIMES, now),
        )

    def _counted(self, key: str, job: Job) -> Job:
        now = self._clock()
        for each in (key, _tenant_key(job)):
            self._marks.rates.note(each, job.digest, now)
        return job

    def _key(self, job: Job) -> str:
        return rate_key(job.mailbox, job.kind)

    def _mark(self, job: Job, into: str | None) -> SentMark:
        name = job.notice.notification_id
        now = self._clock()
        return SentMark(MARK_LAYOUT, name, "email", job.digest, "folded", now, job.kind, None, into)


def _tenant_key(job: Job) -> str:
    return rate_key(f"tenant {job.notice.tenant_id}", job.kind)


def _occasion(job: Job) -> _Occasion | None:
    """Return what a letter has in common with others of which one is enough."""
    notice = job.notice
    if not isinstance(notice, BalanceLowNotification):
        return None
    return (notice.tenant_id, notice.at_ms, notice.cause_id, job.recipient)


def _depth(notice: object) -> tuple[bool, int]:
    """Return what puts the lowest threshold first, amounts before hours."""
    assert isinstance(notice, BalanceLowNotification)
    if notice.threshold_micros is not None:
        return False, notice.threshold_micros
    return True, notice.threshold_h or 0
