"""Model: workers, partitions, brokers, disks, network and memory for so many CDRs a day, and what gives way first.

Each step is one line of arithmetic on what was measured; what is assumed is named here, and told with the result.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from loadtest.capacity.costs import (
    ACCOUNT_BYTES,
    ID_BYTES,
    IDS_A_PARTITION,
    RESTORED_PER_S,
    WORKER_BYTES,
    Costs,
)
from topics.catalog import BY_NAME

FOLLOWER_SHARE = 0.5
"""Of the CPU that a record takes of the broker that leads: so much it takes of each that follows."""
PARTITIONS_A_WORKER = 4
"""So that a worker that is gone is shared by several."""
PARTITIONS_MIN = 8
_DAY_S = 86_400
_HOUR_S = 3_600
_DAY_MS = _DAY_S * 1_000
MEMORY_BYTES = 8 << 30
"""A worker with more takes long to begin."""
RECOVERY_S = 60.0
BROKER_PARTITIONS = 4_000
"""More replicas than that on a broker make it slow to fail over."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What is to be charged."""

    cdrs_per_day: float
    busy_hour_pct: float = 8.5
    """Of a day's CDRs: those of its busiest hour; of an office's day 8.5 (`loadtest generate --shape diurnal`)."""
    burst: float = 1.5
    """The busiest seconds of that hour are so many times as busy as it is on average."""
    tenants: int = 1_000
    largest_pct: float = 1.0
    """Of all CDRs: those of the largest tenant."""
    window_days: int = 7
    """So long a CDR is remembered."""
    replicas: int = 3
    cores_a_broker: int = 8
    use_pct: float = 50.0
    """Of a core: no more is used in the busiest seconds."""

    def times(self, factor: float) -> Demand:
        """Return so many times as much, of so many times as many tenants, the largest with its share."""
        return replace(
            self,
            cdrs_per_day=self.cdrs_per_day * factor,
            tenants=math.ceil(self.tenants * factor),
        )


@dataclass(frozen=True, slots=True)
class Sizing:
    """What it takes."""

    peak_per_s: float
    worker_per_s: float
    """What one worker charges, with so much of a core as it may use."""
    workers: int
    partitions: int
    broker_cores: float
    """Of all brokers together, in the busiest seconds."""
    brokers: int
    disk_bytes: float
    """Of all brokers together, when the oldest records go; topics that keep the last value of a key left out."""
    network_bytes_per_s: float
    """Into all brokers and out of them, in the busiest seconds."""
    worker_memory_bytes: float
    recovery_s: float
    """Until a worker that begins, with its share of what there is, charges."""
    largest_use_pct: float
    """Of a core: what the largest tenant takes in the busiest seconds; it is one partition, and that one worker."""
    limits: tuple[str, ...]
    """What gives way, first what cannot be helped by more machines."""


def sizing(demand: Demand, costs: Costs) -> Sizing:
    """Return what a demand takes."""
    peak = demand.cdrs_per_day * demand.busy_hour_pct / 100 / _HOUR_S * demand.burst
    worker_per_s = 1e6 / costs.worker_us * demand.use_pct / 100
    workers = max(math.ceil(peak / worker_per_s), 1)
    remembered = demand.cdrs_per_day * demand.window_days
    partitions = _partitions(workers, remembered)
    copies = 1 + FOLLOWER_SHARE * (demand.replicas - 1)
    broker_cores = peak * costs.broker_us / 1e6 * copies
    needed = math.ceil(broker_cores / (demand.cores_a_broker * demand.use_pct / 100))
    ids = remembered / workers
    accounts = demand.tenants / workers
    found = Sizing(
        peak_per_s=peak,
        worker_per_s=worker_per_s,
        workers=workers,
        partitions=partitions,
        broker_cores=broker_cores,
        brokers=max(needed, demand.replicas),
        disk_bytes=_kept_bytes(demand, costs),
        # Written once and to each that follows, and read once by whoever it is for.
        network_bytes_per_s=peak * costs.written_bytes * (demand.replicas + 1),
        worker_memory_bytes=WORKER_BYTES + ids * ID_BYTES + accounts * ACCOUNT_BYTES,
        recovery_s=(ids + accounts) / RESTORED_PER_S,
        largest_use_pct=100 * peak * demand.largest_pct / 100 * costs.worker_us / 1e6,
        limits=(),
    )
    return replace(found, limits=tuple(_limits(found, demand)))


def _partitions(workers: int, remembered: float) -> int:
    """Return how many: a power of two, so that they can be doubled, and enough for what is remembered."""
    wanted = max(workers * PARTITIONS_A_WORKER, remembered / IDS_A_PARTITION, PARTITIONS_MIN)
    return 1 << math.ceil(math.log2(wanted))


def _kept_bytes(demand: Demand, costs: Costs) -> float:
    """Return what lies on all disks: of each topic so many days as it keeps."""
    a_day = demand.cdrs_per_day * demand.replicas
    days = {
        name: retention / _DAY_MS
        for name in costs.disk_bytes
        if (retention := BY_NAME[name].retention_ms) is not None and retention > 0
    }
    return sum(a_day * costs.disk_bytes[name] * kept for name, kept in days.items())


def _limits(found: Sizing, demand: Demand) -> list[str]:
    limits = []
    if found.largest_use_pct > demand.use_pct:
        limits.append(
            f"the largest tenant takes {found.largest_use_pct:.0f} % of a core, and one worker charges it:"
            f" divide it into sub-accounts, {math.ceil(found.largest_use_pct / demand.use_pct)} of them"
        )
    if found.worker_memory_bytes > MEMORY_BYTES:
        wanted = math.ceil(found.worker_memory_bytes / MEMORY_BYTES * found.workers)
        limits.append(
            f"a worker remembers {found.worker_memory_bytes / (1 << 30):.1f} GiB:"
            f" {wanted} workers, though the CPU of {found.workers} is enough"
        )
    if found.recovery_s > RECOVERY_S:
        wanted = math.ceil(found.recovery_s / RECOVERY_S * found.workers)
        limits.append(
            f"a worker that begins takes {found.recovery_s:.0f} s: {wanted} workers for {RECOVERY_S:.0f} s,"
            " or a shorter window"
        )
    if (
        replicas := found.partitions * demand.replicas * len(BY_NAME) / found.brokers
    ) > BROKER_PARTITIONS:
        limits.append(
            f"a broker has {replicas:,.0f} replicas of partitions: more brokers, or fewer partitions a worker"
        )
    return limits
