"""Costs: what a CDR was measured to cost, by a run of `loadtest run`; and what was measured once, for all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from topics.catalog import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loadtest.runs.record import Run

ID_BYTES = 40
"""Of memory for each id that is remembered, at the most (tests/batch/charging/test_id_table.py)."""
IDS_A_PARTITION = 1 << 24
"""More are not remembered of one: its window becomes shorter (the alert RaterDedupeWindowShort)."""
ACCOUNT_BYTES = 700
"""Of memory for each account with one lot; it and the next two by the restart with 1,000,000 accounts and 10,000,000
ids (docs/explanation/figures.md)."""
WORKER_BYTES = 120 << 20
"""Of a worker that knows nobody."""
RESTORED_PER_S = 1_100_000
"""Accounts and ids that a worker takes up in a second when it begins."""


class CostsError(Exception):
    """A run does not say what is needed."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Of one CDR, everything on."""

    worker_us: float
    """Microseconds of CPU."""
    broker_us: float
    """Of a broker that keeps one replica."""
    disk_bytes: Mapping[str, float]
    """By topic: what is written, of one replica."""

    @property
    def written_bytes(self) -> float:
        """What is written in all topics."""
        return sum(self.disk_bytes.values())


def costs_of(run: Run) -> Costs:
    """Return what a run has measured; CostsError where it was without a broker of its own."""
    found = run.charging
    if not found.broker_cpu_us_per_cdr or not found.disk_bytes:
        raise CostsError("the run does not know its broker: take it again")
    by_topic = {
        name: size / found.cdrs for name, size in found.disk_bytes.items() if name in BY_NAME
    }
    return Costs(found.cpu_us_per_cdr, found.broker_cpu_us_per_cdr, by_topic)
