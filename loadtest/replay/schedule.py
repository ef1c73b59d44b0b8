"""Schedule: when each record is due, in seconds after the start, whatever became of those before it."""

from __future__ import annotations

from dataclasses import dataclass

from loadtest.replay import instants
from loadtest.replay.reading import Extent


@dataclass(frozen=True, slots=True)
class Schedule:
    """So many a second, or so many times as fast as the calls ended; neither: all at once."""

    rate_per_s: float | None = None
    speed: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether records are due at times of their own."""
        return self.rate_per_s is not None or self.speed is not None

    def due_s(self, index: int, since_first_ms: int) -> float:
        """Return when a record is due: by its place among those sent, 0 first, or by when its call ended."""
        if self.speed is not None:
            return since_first_ms / 1_000 / self.speed
        return index / self.rate_per_s if self.rate_per_s is not None else 0.0


@dataclass(frozen=True, slots=True)
class Shift:
    """By how much times are moved, at the start."""

    start_ms: int = 0
    keeps_weekdays: bool = False
    """By whole weeks, up to seven days less."""

    def after(self, elapsed_ms: int) -> int:
        """Return by how much, in a lap that begins so long after the start: then each call is as old as it was."""
        shift = self.start_ms + elapsed_ms
        return shift // instants.WEEK_MS * instants.WEEK_MS if self.keeps_weekdays else shift


def shift_ms(schedule: Schedule, extent: Extent, now_ms: int) -> int:
    """Return by how much times are moved so that no call ends later than it is sent, and the last not long before.

    As fast as they ended or faster, the last call ends when it is due; slower, the first does. Without a rhythm of
    their own all have ended when the first is sent.
    """
    if schedule.speed is None:
        return now_ms - extent.latest_ms
    if schedule.speed >= 1:
        lasts_ms = (extent.latest_ms - extent.first_ms) / schedule.speed
        return now_ms + int(lasts_ms) - extent.latest_ms
    return now_ms - extent.first_ms
