"""The step: read, decide, commit, apply. One batch of one partition is one Kafka transaction (D1).

1. Under the partition's lock, the batch is read and decided in plain Python by the service's `Decider`, piece by piece:
   nothing changes yet. What a piece says is written at once; only with the commit is it true. With the first piece the
   coordinators are told what the transaction will hold (A55).
   Where a correction refers to an entry of an earlier batch, it is fetched from the ledger first; such a piece is the
   last of its transaction, and the rest of the batch takes another. So it is of a piece with more corrections than are
   fetched at once: it ends with the last of these.
2. When all is decided, it must add up: an outcome for each record, and the money (A87). Then the new state is written
   for the changelogs.
3. The batch manifest names the offsets of the records whose places are remembered (D8). They are foreseen, since
   nobody else writes there (A57).
4. Everything and the source offset are committed at once, if all lies where it was foreseen; if not, the step is taken
   back and taken again. Killed anywhere before: nothing of it has happened.
5. Only now memory changes.

Charging and recharge are decided by different rules and take this same step. A broken invariant halts the partition,
loudly; its neighbours go on (D9). A transaction that fails ends the worker.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import perf_counter
from typing import Any, Generic, Protocol, TypeVar, cast

from rater.batch.outputs import Output, Records
from rater.shell.process.broken_invariant import BrokenInvariantError
from rater.shell.process.clock import now_ms
from rater.shell.process.failpoints import failpoint
from rater.shell.process.health import Health
from rater.shell.process.metrics import BatchReport, Metrics
from rater.shell.stream.batches import RecordBatch, SourceRecord
from rater.shell.stream.leases import MisplacedError
from rater.shell.stream.pieces import pieces

log = logging.getLogger(__name__)


class Decision(Protocol):
    """What a batch of one partition writes and counts (`batch.charging.decision`, `batch.recharge.decision`)."""

    source_topic: str
    partition: int
    records: int

    @property
    def MANIFEST(self) -> str:  # noqa: N802
        """The topic of the batch manifest."""

    @property
    def EXPECTED(self) -> tuple[str, ...]:  # noqa: N802
        """The topics that nearly every batch writes to."""

    @property
    def PLACED(self) -> tuple[str, ...]:  # noqa: N802
        """The topics of whose records the manifest names the offsets."""

    @property
    def outcomes(self) -> Mapping[str, int]:
        """Counts by `outcome` or `outcome.reason`."""

    @property
    def charged(self) -> Mapping[str, int]:
        """The sum of the charges by currency."""

    def outputs(self) -> Sequence[Output]:
        """Take the records of every topic."""

    def changelogs(self) -> Sequence[Output]:
        """Return the state that changes, for each changelog."""

    def place(self, offsets: Mapping[str, Sequence[int]]) -> None:
        """Learn the offsets of the records that are placed."""

    def manifest(self, first_offset: int, next_offset: int) -> bytes:
        """Return the value of the batch manifest."""


D = TypeVar("D", bound=Decision)
D_co = TypeVar("D_co", bound=Decision, covariant=True)


class Deciding(Protocol[D_co]):
    """A batch while it is being decided; nothing of it touches the state."""

    @property
    def decision(self) -> D_co:
        """What was decided so far."""

    def read(self, records: Sequence[Any]) -> int:
        """Read the next records of the batch; return how many were read, all of them or the first ones."""

    def decide(self) -> None:
        """Decide what was read."""


class Decider(Protocol[D]):
    """The rules of a service, and its state."""

    PREFIX: str
    """Of its failpoints."""

    def begin(self, batch: RecordBatch) -> Deciding[D]:
        """Begin a batch: all of it is decided by what is known now."""

    async def fetch(self, deciding: Any) -> int:
        """Fetch what a batch needs of the log for what it has read; return how many records."""

    def prove(self, decision: D) -> None:
        """Hold a batch that is decided as a whole against itself; what does not add up is a BrokenInvariantError."""

    def stamps(self, records: Sequence[SourceRecord]) -> list[int]:
        """Return the time of each record; below 0: its age is not to be told."""

    def apply(self, decision: D) -> None:
        """Take what was committed into memory."""

    def report(self, decision: D) -> None:
        """Count and log what this service alone has to say of a committed batch."""


class OpenStep(Protocol):
    """What a step needs of an open transaction (`rater.shell.stream.transactions.Step`)."""

    def enlist(self, next_offset: int, topics: Iterable[str]) -> None:
        """Tell the coordinator at once what the transaction will hold."""

    def write(self, topic: str, partition: int, records: Records) -> None:
        """Write behind what was written there before; what is full is sent at once."""

    async def offsets(self, topic: str, partition: int) -> Sequence[int]:
        """Return the offset of each record that was written there."""

    async def commit(self, next_offset: int | None = None) -> None:
        """Make it all visible at once; MisplacedError where `offsets` were not true, and nothing has happened."""


class Stepper(Generic[D]):
    """Takes the batches of all partitions of one worker."""

    def __init__(
        self,
        transactions: Callable[[], Any],
        decider: Decider[D],
        metrics: Metrics,
        health: Health,
    ) -> None:
        """`transactions` is asked again for every batch: it is made with the assignment."""
        self._transactions = transactions
        self._decider = decider
        self._metrics = metrics
        self._health = health

    async def take(self, batch: RecordBatch) -> None:
        """Take one batch through its step; or through several, where what must be fetched for it takes its time."""
        rest: RecordBatch | None = batch
        while rest is not None:
            try:
                rest = await self._take(rest)
            except MisplacedError as misplaced:
                # Nothing of it has happened; the second time it waits for the places.
                log.warning("a step is taken again: %(reason)s", {"reason": str(misplaced)})

    async def _take(self, batch: RecordBatch) -> RecordBatch | None:
        """Take a batch, or its beginning; return what is left of it."""
        async with self._transactions().step(batch.tp) as step:
            # Only now: until its turn comes, the batch has waited for others.
            began = perf_counter()
            deciding = self._decider.begin(batch)
            try:
                read_s, stamps = await self._decide(step, deciding, batch)
                self._prove(deciding.decision, len(stamps))
            except AssertionError as broken:
                # What was written is taken back with the transaction.
                self._halt(batch.tp.partition, broken)
                return None
            decided = perf_counter()
            batch, rest = batch.cut(len(stamps))
            await self._commit(step, deciding.decision, batch)
            done = perf_counter()
        times = read_s, decided - began - read_s, done - decided
        self._report(deciding.decision, stamps, times)
        return rest

    async def take_due(self, partition: int, decide: Callable[[], D]) -> None:
        """Take what no record caused through a step without source offset and manifest."""
        async with self._transactions().step(partition) as step:
            decision = decide()
            outputs = [*decision.outputs(), *decision.changelogs()]
            if not any(records for _, records in outputs):
                return
            _write(step, partition, outputs)
            await step.commit()
            self._decider.apply(decision)
            self._decider.report(decision)

    async def _decide(
        self, step: OpenStep, deciding: Deciding[D], batch: RecordBatch
    ) -> tuple[float, list[int]]:
        """Read, decide and write a batch, piece by piece; return the seconds of reading, and the times of the records.

        A record has its time noted here, and not when all is done, while it is in the processor's cache.
        A piece that had to wait for the log is the last one: no transaction is open for longer than one such wait. So
        is one that was not read whole.
        """
        read_s = 0.0
        stamps: list[int] = []
        decision, partition = deciding.decision, batch.tp.partition
        self._failpoint("before_sends")
        for piece in pieces(batch.records):
            began = perf_counter()
            taken = deciding.read(piece)
            read_s += perf_counter() - began
            fetched = await self._decider.fetch(deciding)
            deciding.decide()
            outputs = decision.outputs()
            if not stamps:
                # Only now it is known what nearly all of the batch writes to; one request tells of all.
                topics = [topic for topic, records in outputs if records]
                step.enlist(batch.next_offset, {*decision.EXPECTED, *topics})
            _write(step, partition, outputs)
            stamps += self._decider.stamps(piece[:taken])
            self._failpoint("after_piece")
            if fetched or taken < len(piece):
                break
            await asyncio.sleep(0)
        return read_s, stamps

    async def _commit(self, step: OpenStep, decision: D, batch: RecordBatch) -> None:
        partition = decision.partition
        _write(step, partition, decision.changelogs())
        self._failpoint("before_places")
        offsets = await asyncio.gather(
            *(step.offsets(topic, partition) for topic in decision.PLACED)
        )
        decision.place(dict(zip(decision.PLACED, offsets, strict=True)))
        self._failpoint("before_manifest")
        manifest = decision.manifest(batch.first_offset, batch.next_offset)
        step.write(decision.MANIFEST, partition, [(decision.source_topic.encode(), manifest)])
        self._failpoint("before_commit")
        await step.commit(batch.next_offset)
        self._failpoint("before_apply")
        self._decider.apply(decision)
        self._failpoint("after_apply")

    def _prove(self, decision: D, read: int) -> None:
        """Let nothing be committed that does not add up: each record read has its outcome (I2), and the money (I1)."""
        partition, topic = decision.partition, decision.source_topic
        heard = sum(decision.outcomes.values())
        self._metrics.reconciliation.heard(partition, topic, abs(read - heard))
        if read != heard or read != decision.records:
            found = f"{topic}: {read} records read, {decision.records} taken, {heard} outcomes"
            raise BrokenInvariantError("completeness", found)
        self._decider.prove(decision)

    def _failpoint(self, name: str) -> None:
        failpoint(f"{self._decider.PREFIX}{name}")

    def _halt(self, partition: int, broken: AssertionError) -> None:
        """Halt a partition for a broken invariant: metric, log, not ready; its neighbours go on (D9)."""
        log.critical(
            "partition %(partition)d: a broken invariant", {"partition": partition}, exc_info=broken
        )
        invariant = broken.invariant if isinstance(broken, BrokenInvariantError) else "engine"
        self._metrics.invariant_violated(invariant)
        self._health.halt(partition, str(broken)[:500])
        self._transactions().halt(partition, str(broken)[:500])

    def _report(
        self, decision: D, stamps: Sequence[int], times: tuple[float, float, float]
    ) -> None:
        read_s, decide_s, commit_s = times
        self._decider.report(decision)
        self._metrics.batch_done(
            BatchReport(
                topic=decision.source_topic,
                records=decision.records,
                outcomes=_outcomes(decision.outcomes),
                charged_micros=decision.charged,
                decode_s=read_s,
                decide_s=decide_s,
                commit_s=commit_s,
                stamps_ms=stamps,
                committed_ms=now_ms(),
            )
        )
        self._metrics.transaction_done(commit_s)


def _write(step: OpenStep, partition: int, outputs: Sequence[Output]) -> None:
    for topic, records in outputs:
        if records:
            step.write(topic, partition, records)


def _outcomes(counts: Mapping[str, int]) -> dict[tuple[str, str], int]:
    """Return counts by outcome and reason."""
    parts = {tuple(name.partition(".")[::2]): count for name, count in counts.items()}
    return cast("dict[tuple[str, str], int]", parts)
