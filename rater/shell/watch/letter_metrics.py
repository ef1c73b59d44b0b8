"""Metrics of open dead letters, on the registry that every service has; the rules are those of `process.metrics`."""

from collections.abc import Mapping
from typing import Final, NamedTuple, get_args

from prometheus_client import Gauge

from rater.shell.dead_letters.open_letters import Sum
from rater.shell.process.metrics import Metrics
from rater.shell.watch.metrics import Family, Labels, Series
from rater.shell.watch.observer import TAKEN
from topics.records import DeadReason

_PLACES: Final = [(topic.name, reason) for topic in TAKEN for reason in get_args(DeadReason)]
"""What there may be letters of; each is shown, at 0 where there are none."""


class _Seen(NamedTuple):
    sums: Mapping[tuple[str, str], Sum]
    at_ms: int


class LetterMetrics:
    """What the watch shows of dead letters that nobody has ended."""

    def __init__(self, shared: Metrics) -> None:
        """Show nothing yet."""
        labels, registry = ("topic", "reason"), shared.registry
        count = Gauge(
            "rater_dead_letters_open",
            "Dead letters that are neither replayed nor dropped, by the topic of their records and the reason; of very "
            "many the first 100,000.",
            labels, registry=registry,
        )  # fmt: skip
        oldest = Gauge(
            "rater_dead_letters_oldest_age_seconds", "How long the oldest of them is there; 0: there is none.",
            labels, registry=registry,
        )  # fmt: skip
        self._families = (Family(count, _counts), Family(oldest, _ages))

    def show(self, sums: Mapping[tuple[str, str], Sum], at_ms: int) -> None:
        """Show the open letters as they were at an instant."""
        for family in self._families:
            family.show(_Seen(sums, at_ms))

    def forget(self) -> None:
        """Show nothing: what was seen last is old, or not all was seen."""
        for family in self._families:
            family.forget()


def _counts(seen: _Seen) -> Series:
    return _at_zero() | {name: float(each.letters) for name, each in seen.sums.items()}


def _ages(seen: _Seen) -> Series:
    ages = {name: max(0, seen.at_ms - each.oldest_ms) / 1_000 for name, each in seen.sums.items()}
    return _at_zero() | ages


def _at_zero() -> dict[Labels, float]:
    return dict.fromkeys(_PLACES, 0.0)
