"""Runtime metrics: how late the loops of a process run, and for how long its garbage collector stops everything.

A collection begins wherever something is made, perhaps while a metric's lock is held: so its callback takes no lock,
and does not use the client's own histogram.
"""

import gc
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from time import perf_counter
from typing import Any, Final, Literal, get_args

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.metrics_core import HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

Loop = Literal["main", "consumer"]
LOOPS: Final[tuple[Loop, ...]] = get_args(Loop)
"""The loop of the process's own work; in workers that of the consumer's thread, too."""

_LATE_S: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_PAUSE_S: Final = (0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0)
_GENERATIONS: Final = 3


class LoopMetrics:
    """How late event loops are."""

    def __init__(self, registry: CollectorRegistry, loops: Iterable[Loop] = LOOPS) -> None:
        late = Histogram(
            "rater_event_loop_lag_seconds",
            "How much later than asked for a loop runs something, looked at once a second or more often.",
            ["loop"],
            buckets=_LATE_S,
            registry=registry,
        )
        self._late = {loop: late.labels(loop) for loop in loops}

    def late(self, loop: Loop, seconds: float) -> None:
        """Note how late a loop was; any thread may."""
        self._late[loop].observe(max(seconds, 0.0))


class CollectionMetrics(Collector):
    """The pauses of the cyclic garbage collector of this process, by generation, while it is watched."""

    _name = "rater_gc_pause_seconds"
    _documentation = "How long a collection of garbage stopped the process, by its generation; _count is their number."
    _type = "histogram"
    _labelnames = ("generation",)

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counts = [[0] * (len(_PAUSE_S) + 1) for _ in range(_GENERATIONS)]
        self._sums_s = [0.0] * _GENERATIONS
        self._began = 0.0
        registry.register(self)

    def watch(self) -> None:
        """Count from now on."""
        gc.callbacks.append(self._heard)

    def leave(self) -> None:
        """Count no more."""
        gc.callbacks.remove(self._heard)

    def _heard(self, phase: str, info: dict[str, Any]) -> None:
        if phase == "start":
            self._began = perf_counter()
            return
        took_s, generation = perf_counter() - self._began, info["generation"]
        self._counts[generation][bisect_left(_PAUSE_S, took_s)] += 1
        self._sums_s[generation] += took_s

    def describe(self) -> Iterator[HistogramMetricFamily]:
        """Say what is served."""
        yield HistogramMetricFamily(self._name, self._documentation, labels=self._labelnames)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Serve it."""
        (family,) = self.describe()
        names = [*map(floatToGoString, _PAUSE_S), "+Inf"]
        for generation in range(_GENERATIONS):
            below, buckets = 0, []
            for name, count in zip(names, self._counts[generation], strict=True):
                below += count
                buckets.append((name, below))
            family.add_metric([str(generation)], buckets, self._sums_s[generation])
        yield family
