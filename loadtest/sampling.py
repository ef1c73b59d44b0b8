"""Sampling: how fast a worker charges, and at what CPU cost, read off from outside."""

import asyncio
import time
from dataclasses import dataclass
from typing import NamedTuple

from loadtest.progress import Progress
from loadtest.service import Worker
from loadtest.watch import POLL_S, LateError, Watch


class Sample(NamedTuple):
    """How much was committed at a moment, and the CPU the worker had used."""

    at_s: float
    committed: int
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Speed:
    """What a worker did between its first and its last committed batch."""

    per_s: float
    cpu_us: float
    """CPU microseconds per record, all threads of the worker."""
    records: int
    """Records between the two: the first batches, committed by the first sample, are left out."""
    took_s: float


async def sample(
    watch: Watch, worker: Worker, topic: str, *, begun: int = 0, timeout_s: float
) -> list[Sample]:
    """Sample until the group has committed all that the topic holds now; too late: LateError.

    `begun` is the sum of the committed offsets at the start.
    """
    ends = await watch.ends(topic)
    total = sum(ends.values())
    deadline = time.monotonic() + timeout_s
    samples: list[Sample] = []
    with Progress(f"charging {topic}", total) as progress:
        while not samples or samples[-1].committed < total:
            worker.check()
            committed = sum((await watch.committed(topic)).values())
            if committed > begun:
                samples.append(Sample(time.monotonic(), committed, worker.cpu_s()))
            progress.to(committed)
            if time.monotonic() > deadline:
                raise LateError(f"{topic}: {committed:,} of {total:,} in {timeout_s:.0f} s")
            await asyncio.sleep(POLL_S)
    return samples


def speed(samples: list[Sample]) -> Speed:
    """Return the speed between the first and the last sample; at least two: ValueError."""
    first, last = samples[0], samples[-1]
    records, took_s = last.committed - first.committed, last.at_s - first.at_s
    if records <= 0:
        raise ValueError(f"{len(samples)} samples: too few records to measure, give more --cdrs")
    return Speed(records / took_s, (last.cpu_s - first.cpu_s) / records * 1e6, records, took_s)
