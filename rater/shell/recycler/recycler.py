"""Recycler: looks again and again at what waits, and releases what could be charged, within bounds.

Rule 1: it goes by what is there, not by what has changed: whatever mends a call, the next look finds it, also after
        the service was away.
Rule 2: what would become of a call is tried out by the code of charging on what charging has committed. The order is
        decided anew by the worker: a look that was late or wrong releases nothing that may not be charged.
Rule 3: what charging refuses though it would have been charged here is asked for again an hour later at the earliest:
        each refusal is an entry of the ledger.
Rule 4: two recyclers, or one and an operator, ask twice and charge once.
"""

import asyncio
import logging
from collections.abc import Collection, Sequence
from time import monotonic
from typing import NamedTuple

from aiokafka.errors import KafkaError

from rater.core.account.mending import is_by_word
from rater.core.account.releasing import suspense_id_of
from rater.core.limits import HOUR_MS
from rater.kafka.rights import NotAllowedError
from rater.shell.admin.answers import Answer
from rater.shell.admin.publish import PublishError
from rater.shell.admin.who import Who
from rater.shell.process.clock import now_ms
from rater.shell.process.health import Health
from rater.shell.process.signals import rest
from rater.shell.recycler.bounds import Bound, Bounds, Lately, Wish
from rater.shell.recycler.metrics import RecyclerMetrics
from rater.shell.recycler.published import Published
from rater.shell.recycler.settings import RecyclerSettings
from rater.shell.recycling.desk import Desk, read_desk
from rater.shell.recycling.job import send
from rater.shell.recycling.selection import Selection, Waits
from topics.records.recycling import ReleaseCall

BY = "recycler"
"""Who asks, on the ledger."""
WHY = "what it waited for is there"
STALE_S = 120.0
"""After so long without a look that succeeded, or four of them, it is not ready."""
log = logging.getLogger(__name__)


class Found(NamedTuple):
    """What could be charged of a tenant, in the order of the calls."""

    wish: Wish
    calls: Sequence[Waits]


class Recycler:
    """One that looks; `run` it."""

    def __init__(
        self,
        settings: RecyclerSettings,
        partitions: int,
        published: Published,
        shown: tuple[RecyclerMetrics, Health],
    ) -> None:
        """Look at nothing yet."""
        self._settings = settings
        self._partitions = partitions
        self._published = published
        self._metrics, self._health = shown
        self._lately = Lately(Bounds(settings.balance_percent, settings.calls_a_minute))
        self._asks: dict[str, Bound] = {}
        self._refused: dict[str, int] = {}
        """By suspense id, until when a call is left alone."""
        self._tried: Desk | None = None
        """What was found useless last: as long as it is the same, it is not tried again."""
        self._looked_at = monotonic()

    async def run(self) -> None:
        """Look until cancelled; NotAllowedError where a right is missing: to wait does not help."""
        while True:
            begun = monotonic()
            try:
                await self._look()
                self._looked_at = monotonic()
                self._metrics.looked(now_ms())
            except NotAllowedError:
                raise
            except (KafkaError, PublishError, OSError, TimeoutError) as error:
                log.warning("cannot look at what waits: %(error)s", {"error": repr(error)})
            self._tell_age()
            await rest(begun + self._settings.every_s - monotonic())

    def _tell_age(self) -> None:
        age_s = monotonic() - self._looked_at
        is_fresh = age_s < max(STALE_S, 4 * self._settings.every_s)
        self._health.set_ready("looks", ready=is_fresh, detail=f"looked {age_s:.0f} s ago")

    async def _look(self) -> None:
        broker = self._settings.broker
        desk = await read_desk(broker, self._partitions, None, self._published.rules)
        if self._tried is not None and desk.is_as(self._tried):
            return
        at_ms = now_ms()
        who = Who(f"auto-{at_ms}", BY, WHY)
        self._refused = {name: until for name, until in self._refused.items() if until > at_ms}
        found = await asyncio.to_thread(chargeable, desk, who, at_ms, self._refused.keys())
        # Trials leave their marks on working copies alone: the desk is as it was read.
        asks: dict[str, Bound] = {}
        has_asked = False
        for each in found:
            bound = self._lately.passed(each.wish, at_ms)
            if bound is None:
                has_asked = True
                self._lately.note(each.wish, at_ms)
                await self._release(each.calls, who)
            else:
                asks[each.wish.tenant_id] = bound
                self._tell_asks(each.wish, bound)
        self._asks = asks
        self._metrics.ask(asks.values())
        # A tenant that has asked is tried again: its bounds are those of the last minute and hour.
        self._tried = None if has_asked or asks else desk

    async def _release(self, calls: Sequence[Waits], who: Who) -> None:
        def took(waits: Waits, answer: Answer | None) -> None:
            outcome = "no_answer" if answer is None else answer.verdict
            self._metrics.released(waits.row.reason, outcome)
            if outcome == "refused":
                self._refused[suspense_id_of(waits.row)] = now_ms() + HOUR_MS

        broker, settings = self._settings.broker, self._settings
        await send(broker, self._partitions, ReleaseCall, calls, who, settings.answer_s, took)
        log.info(
            "asked to release %(count)d calls of %(tenant_id)s, job %(job_id)s",
            {"count": len(calls), "tenant_id": calls[0].row.tenant_id, "job_id": who.job_id},
        )

    def _tell_asks(self, wish: Wish, bound: Bound) -> None:
        """Say once that an operator must decide."""
        if self._asks.get(wish.tenant_id) == bound:
            return
        log.warning(
            "%(count)d calls of %(tenant_id)s could be charged, %(micros)d micros %(currency)s of a balance of "
            "%(balance)d, beyond the bound of %(bound)s: release them with `rater suspense recycle --tenant "
            "%(tenant_id)s`",
            {
                "count": wish.calls,
                "tenant_id": wish.tenant_id,
                "micros": wish.micros,
                "currency": wish.currency,
                "balance": wish.balance_micros,
                "bound": bound,
            },
        )


def chargeable(
    desk: Desk, who: Who, at_ms: int, without: Collection[str] = frozenset()
) -> list[Found]:
    """Return what could be charged, tenant by tenant; `without`: suspense ids that are not asked for.

    What waits for an operator's word is left to operators.
    """
    calls: dict[str, list[Waits]] = {}
    micros: dict[str, int] = {}
    meant = (
        each
        for each in desk.of(Selection())
        if suspense_id_of(each.row) not in without and not is_by_word(each.row.reason)
    )
    for waits, trial in desk.try_out(ReleaseCall, meant, who, at_ms):
        if trial.outcome in {"charged", "free"}:
            tenant_id = waits.row.tenant_id
            calls.setdefault(tenant_id, []).append(waits)
            micros[tenant_id] = micros.get(tenant_id, 0) + trial.taken_micros
    return [Found(_wish(some, micros[tenant_id]), some) for tenant_id, some in calls.items()]


def _wish(calls: Sequence[Waits], micros: int) -> Wish:
    row, account = calls[0].row, calls[0].account
    assert account is not None, row
    return Wish(row.tenant_id, len(calls), micros, account.balance, account.currency)
