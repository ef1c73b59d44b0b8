"""Follower: takes what comes on every partition, proves it, and keeps what it must know.

What differs is proven a second time, from the checkpoint on, before it is told: a cut is by the time of manifests, and
the clock of a worker that takes over from another may be behind.
"""

import asyncio
import logging
from collections import Counter
from time import monotonic, thread_time

from aiokafka.errors import KafkaError

from rater.kafka.rights import NotAllowedError
from rater.reconcile.difference import Difference
from rater.reconcile.folds.published import Published
from rater.reconcile.follow.checkpoint import Checkpoints
from rater.reconcile.follow.partition import Partition, Window
from rater.reconcile.follow.tail import MOST, LostError, Tail
from rater.reconcile.reading.kafka_log import CannotReadError
from rater.shell.follower.metrics import FollowerMetrics
from rater.shell.follower.settings import FollowerSettings
from rater.shell.process.clock import now_ms
from rater.shell.process.health import Health
from rater.shell.process.signals import rest
from topics import catalog

STALE_S = 60.0
"""After so long without a look that succeeded it is not ready."""
SAVING_SHARE = 20
"""A partition is saved again after so many times the seconds that saving it took, at the earliest: a twentieth of a
processor goes into checkpoints, however many accounts there are."""
SHOWN_MAX = 20
"""Differences of a window that are logged."""
log = logging.getLogger(__name__)


class Follower:
    """Follows all partitions; `run` it."""

    def __init__(
        self,
        settings: FollowerSettings,
        tail: Tail,
        checkpoints: Checkpoints,
        partitions: int,
        shown: tuple[FollowerMetrics, Health],
    ) -> None:
        """Go on from the checkpoints; CheckpointError where one is not ours."""
        self._settings = settings
        self._tail = tail
        self._checkpoints = checkpoints
        self._metrics, self._health = shown
        self._parts = [checkpoints.load(number) for number in range(partitions)]
        self._moved: set[int] = set()
        """Partitions that have changed since their checkpoint."""
        self._doubted: dict[int, int] = {}
        """Partitions in which something differed, and up to when they were read then."""
        self._waits_since: dict[int, float] = {}
        self._published: Counter[str] = Counter()
        self._looked_at = monotonic()
        self._save_at = [self._looked_at + settings.checkpoint_every_s] * partitions
        """When each partition may be saved."""
        self._show()

    async def run(self) -> None:
        """Follow until cancelled; NotAllowedError where a right is missing: to wait does not help."""
        while True:
            begun = monotonic()
            try:
                await self._look()
                self._looked_at = begun
            except NotAllowedError:
                raise
            except (KafkaError, CannotReadError, OSError, TimeoutError) as error:
                log.warning("cannot read the tail: %(error)s", {"error": repr(error)})
            age_s = monotonic() - self._looked_at
            self._health.set_ready("tail", ready=age_s < STALE_S, detail=f"read {age_s:.0f} s ago")
            await self._save_due()
            await rest(begun + self._settings.every_s - monotonic())

    async def save(self) -> None:
        """Keep what is known of the partitions that have changed and are not in doubt."""
        for number in sorted(self._moved - set(self._doubted)):
            await self._save(number)

    async def _save_due(self) -> None:
        """Save the partitions whose time has come, longest due first; for so long at once as looks are apart."""
        begun = monotonic()
        for number in sorted(
            self._moved - set(self._doubted), key=lambda each: self._save_at[each]
        ):
            now = monotonic()
            if now < self._save_at[number] or now - begun > self._settings.every_s:
                break
            await self._save(number)

    async def _save(self, number: int) -> None:
        begun = monotonic()
        await asyncio.to_thread(self._checkpoints.save, self._parts[number])
        self._moved.discard(number)
        now = monotonic()
        rest_s = max(self._settings.checkpoint_every_s, SAVING_SHARE * (now - begun))
        self._save_at[number] = now + rest_s

    async def _look(self) -> None:
        await self._tail.look(len(self._parts))
        for number in range(len(self._parts)):
            begun = monotonic()
            while await self._take(number):
                # A long way behind, the others wait; but not for ever.
                if monotonic() - begun > self._settings.checkpoint_every_s:
                    break
        self._show()

    async def _take(self, number: int) -> bool:
        """Prove what comes next on a partition; return whether there is more than is taken at once."""
        part = self._parts[number]
        try:
            window = await self._tail.window(part)
        except LostError as lost:
            log.critical("begins anew, for it was too far behind: %(error)s", {"error": str(lost)})
            self._tail.forget(number)
            self._parts[number] = Partition(
                number, len(self._parts), counts=part.counts, told=part.told
            )
            return True
        if window is None:
            return False
        try:
            published = await self._tail.published()
        except BaseException:
            # The window is out of the tail, and nobody has proven it: it is read again.
            self._tail.forget(number)
            raise
        # Cancelled meanwhile, its thread goes on, and nobody judges what it finds: the checkpoint stays as it is.
        self._moved.discard(number)
        found, seconds = await asyncio.to_thread(_prove, part, window, published)
        cdrs = len(window.get(catalog.CDR_RAW.name, ()))
        others = sum(map(len, window.values())) - cdrs
        self._metrics.proven(Counter(cdrs=cdrs, others=others), seconds)
        self._moved.add(number)
        faults = [*published.shelf.faults, *published.settings.faults, *published.plans.faults]
        self._published = Counter(each.proof for each in faults)
        self._judge(part, found)
        return cdrs >= MOST

    def _judge(self, part: Partition, found: list[Difference]) -> None:
        """Tell what differs, if it does a second time."""
        number = part.number
        if not found:
            if part.proven_ms > self._doubted.get(number, part.proven_ms):
                log.warning("partition %(partition)d: clean when read again", {"partition": number})
                del self._doubted[number]
            return
        if number not in self._doubted:
            log.warning(
                "partition %(partition)d: %(count)d differences, read again: %(difference)s",
                {"partition": number, "count": len(found), "difference": str(found[0])},
            )
            self._doubted[number] = part.proven_ms
            self._tail.forget(number)
            self._parts[number] = self._checkpoints.load(number)
            return
        del self._doubted[number]
        for difference in found[:SHOWN_MAX]:
            log.critical("DIFFERENCE %(difference)s", {"difference": str(difference)})

    def _show(self) -> None:
        counts = Counter(self._published)
        for part in self._parts:
            if part.number not in self._doubted:
                counts.update(part.counts)
        self._metrics.found(counts)
        lag_s = max((self._lag_s(part) for part in self._parts), default=0.0)
        is_clean = not counts and not self._doubted
        self._metrics.looked(lag_s, now_ms() - int(lag_s * 1_000) if is_clean else None)

    def _lag_s(self, part: Partition) -> float:
        """Return for how long something has waited to be proven."""
        oldest_ms = self._tail.oldest_ms(part)
        return 0.0 if oldest_ms is None else max(0.0, (now_ms() - oldest_ms) / 1_000)


def _prove(part: Partition, window: Window, published: Published) -> tuple[list[Difference], float]:
    """Prove a window; return what differs, and the seconds of the processor."""
    begun = thread_time()
    return part.prove(window, published), thread_time() - begun
