"""Metrics: every counter, gauge and histogram of a worker, named in this one place.

Rule 1: labels are bounded; a tenant, a call or a number is never one.
Rule 2: base units (seconds, micros), prefix `rater_`.
Rule 3: the step reports once a batch; nothing here is called per record.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from platform import python_version
from typing import Final, Literal, get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)

from rater.shell.process.lag_metrics import LagMetrics
from rater.shell.process.reconciliation_metrics import ReconciliationMetrics
from rater.shell.process.revision import revision
from rater.shell.process.runtime_metrics import LOOPS, CollectionMetrics, Loop, LoopMetrics
from rater.shell.process.version_metrics import VersionMetrics

State = Literal["starting", "recovering", "serving", "stopping"]
Stage = Literal["decode", "decide", "commit"]
STATES: Final[tuple[State, ...]] = get_args(State)
STAGES: Final[tuple[Stage, ...]] = get_args(Stage)
Room = Literal["worker", "charging"]
ROOMS: Final[tuple[Room, ...]] = get_args(Room)
"""What only workers have, and only charging among them; the rest every service has."""

_RECORDS = (1, 10, 50, 100, 250, 500, 1_000, 2_000, 3_000, 5_000, 10_000)
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_LONG_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReport:
    """What one committed step did."""

    topic: str
    records: int
    """Records read, those that were skipped included."""
    outcomes: Mapping[tuple[str, str], int]
    """(outcome, reason) -> records; the reason is "" where the outcome says it all."""
    charged_micros: Mapping[str, int] = field(default_factory=dict)
    """Currency -> sum of the charges."""
    decode_s: float
    decide_s: float
    commit_s: float
    """The whole of the transaction: sends, acknowledgements, commit."""
    stamps_ms: Sequence[int] = ()
    """The time of each record, its own or the broker's; below 0: it has none."""
    committed_ms: int = 0
    """When the batch was committed."""


class Metrics:
    """The metrics of one worker, on a registry of their own.

    Two apps (or two tests) in one process take two `Metrics`; they share nothing.
    """

    def __init__(
        self, registry: CollectorRegistry | None = None, rooms: Collection[Room] = ROOMS
    ) -> None:
        """`rooms` of the house that this service is of: it shows the metrics of these alone."""
        # Each counter would have a second series, with the time of its first sight.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry() if registry is None else registry
        self._rooms = rooms
        self._shown: CollectorRegistry | None = self.registry
        ProcessCollector(registry=self.registry)
        build = Info("rater_build", "Version of the rater and of what it stands on.",
                     registry=self.registry)  # fmt: skip
        build.info(_build())
        self.on_batch: list[Callable[[BatchReport], object]] = []
        """Called with every batch that is counted."""
        self._describe_service()
        self._enter("worker")
        self._describe_batches()
        self._describe_worker()
        self._enter("charging")
        self._describe_charging()
        self._describe_memory()

    def _enter(self, room: Room) -> None:
        """Show what is described from here on, or have it counted for nobody."""
        self._shown = self.registry if room in self._rooms else None

    def _describe_batches(self) -> None:
        self._records = self._counter(
            "records", "Records of committed batches, by what became of them.",
            "topic", "outcome", "reason",
        )  # fmt: skip
        self._batch_records = self._histogram("batch_records", "Records in a batch.", _RECORDS)
        stages = self._histogram(
            "batch_duration_seconds", "Time of a batch by stage.", _SECONDS, "stage"
        )
        self._stages = {stage: stages.labels(stage) for stage in STAGES}
        self._transaction = self._histogram(
            "transaction_duration_seconds", "First send to end of a transaction.", _SECONDS
        )
        self._transaction_failures = self._counter(
            "transaction_failures", "Transactions that were not committed.", "kind"
        )

    def _describe_service(self) -> None:
        self._lag = LagMetrics(self.registry)
        loops: tuple[Loop, ...] = LOOPS if "worker" in self._rooms else LOOPS[:1]
        self._loops = LoopMetrics(self.registry, loops)
        self.collections = CollectionMetrics(self.registry)
        self._rebalances = self._counter("rebalances", "Assignments received from the group.")
        state = self._gauge("state", "1 for the state the worker is in, 0 for the others.", "state")
        self._states = {name: state.labels(name) for name in STATES}
        self.set_state("starting")

    def _describe_worker(self) -> None:
        self._recovery = self._histogram(
            "recovery_duration_seconds", "From assignment to serving.", _LONG_SECONDS
        )
        self._standstill = self._histogram(
            "rebalance_standstill_seconds",
            "How long nothing was read for a rebalance: from its first word (of a first assignment: from that) "
            "until records are read again.",
            _LONG_SECONDS,
        )
        self._halted = self._gauge(
            "halted_partitions", "Partitions that stand still for a broken invariant; must be 0."
        )
        self._violations = self._counter(
            "invariant_violations", "Broken invariants; must be 0.", "invariant"
        )
        self.reconciliation = ReconciliationMetrics(self._shown)

    def _describe_charging(self) -> None:
        self._charged = self._counter(
            "charged_micros", "Charges committed, in millionths of the currency.", "currency"
        )

    def _describe_memory(self) -> None:
        self._remembered = self._gauge("remembered_ids", "Ids in the charge index.")
        self._window = self._gauge(
            "dedupe_window_seconds", "Stream time within which a duplicate is known exactly."
        )
        self._evictions = self._counter(
            "dedupe_window_evictions", "Days that a full charge index dropped to make room."
        )
        self.versions = VersionMetrics(self._shown)
        self._unknown_plans = self._counter(
            "plans_unknown", "Plans that accounts or users were given and that no catalog has."
        )
        self._unlicensed_plans = self._counter(
            "plans_unlicensed",
            "Plans that users were given and that their account has no licence of.",
        )
        self._forgotten = self._counter(
            "entitlements_forgotten", "Entitlements let go that no call can ask for any more."
        )

    def expect(self, topic: str, outcomes: Iterable[tuple[str, str]]) -> None:
        """Show at 0 what may become of the records of a topic, by (outcome, reason): absence is then no 0."""
        self.reconciliation.expect(topic)
        for outcome, reason in outcomes:
            self._records.labels(topic, outcome, reason)

    def batch_done(self, report: BatchReport) -> None:
        """Count one committed step; call it after the commit, never before."""
        for (outcome, reason), count in report.outcomes.items():
            self._records.labels(report.topic, outcome, reason).inc(count)
        for currency, micros in report.charged_micros.items():
            self._charged.labels(currency).inc(micros)
        self._batch_records.observe(report.records)
        self._stages["decode"].observe(report.decode_s)
        self._stages["decide"].observe(report.decide_s)
        self._stages["commit"].observe(report.commit_s)
        for hear in self.on_batch:
            hear(report)

    def transaction_done(self, seconds: float) -> None:
        """Note how long a committed transaction was open."""
        self._transaction.observe(seconds)

    def transaction_failed(self, kind: str) -> None:
        """Count a transaction that was not committed; `kind` is the class of the error."""
        self._transaction_failures.labels(kind).inc()

    def set_lag(
        self, topic: str, partition: int, records: int, oldest_ms: int | None = None
    ) -> None:
        """Say how far behind its end an owned partition is, and the time of its oldest record that is not committed."""
        self._lag.set(topic, partition, records, oldest_ms)

    def forget_all_lags(self) -> None:
        """Say that nobody knows how far behind we are: the broker is silent. No series is not a 0."""
        self._lag.forget_all()

    def forget_lag(self, topic: str, partition: int) -> None:
        """Drop the lag of a partition that this worker has lost: its new owner reports it."""
        self._lag.forget(topic, partition)

    def loop_late(self, loop: Loop, seconds: float) -> None:
        """Note how late a loop of this process runs what is due; any thread may."""
        self._loops.late(loop, seconds)

    def set_state(self, state: State) -> None:
        """Say which state the worker is in."""
        for name, gauge in self._states.items():
            gauge.set(1 if name == state else 0)

    def recovered(self, seconds: float) -> None:
        """Note how long it took from assignment to serving."""
        self._recovery.observe(seconds)

    def stood_still(self, seconds: float) -> None:
        """Note for how long a rebalance has stopped the reading."""
        self._standstill.observe(seconds)

    def rebalanced(self) -> None:
        """Count an assignment."""
        self._rebalances.inc()

    def set_halted(self, partitions: int) -> None:
        """Say how many owned partitions stand still for a broken invariant."""
        self._halted.set(partitions)

    def invariant_violated(self, invariant: str) -> None:
        """Count a broken invariant."""
        self._violations.labels(invariant).inc()

    def set_index(self, remembered: int, window_s: int) -> None:
        """Say how many ids all charge indexes hold, and the shortest window among them."""
        self._remembered.set(remembered)
        self._window.set(window_s)

    def window_evicted(self) -> None:
        """Count a charge index that was full and dropped its oldest day."""
        self._evictions.inc()

    def plan_unknown(self) -> None:
        """Count a plan that an account or a user was given though no catalog has it."""
        self._unknown_plans.inc()

    def plan_unlicensed(self) -> None:
        """Count a plan that a user was given where the account has no licence of it."""
        self._unlicensed_plans.inc()

    def entitlements_forgotten(self, number: int) -> None:
        """Count entitlements of an account that were let go."""
        self._forgotten.inc(number)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"rater_{name}", about, labels, registry=self._shown)

    def _gauge(self, name: str, about: str, *labels: str) -> Gauge:
        return Gauge(f"rater_{name}", about, labels, registry=self._shown)

    def _histogram(
        self, name: str, about: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(f"rater_{name}", about, labels, buckets=buckets, registry=self._shown)


@cache
def _build() -> dict[str, str]:
    return {
        "version": _version("rater"),
        "revision": revision(),
        "faust": _version("faust-streaming"),
        "aiokafka": _version("aiokafka"),
        "python": python_version(),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # a source tree that was never installed
        return "unknown"
