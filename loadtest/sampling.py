"""Sampling: how fast a group charges, and at what CPU cost, read off from outside."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from loadtest.progress import Progress
from loadtest.rater_command import cpu_s
from loadtest.service import Program
from loadtest.watch import POLL_S, LateError, Watch

COUNTED = (0.4, 0.9)
"""Between these parts of all records a run is steady; before, about half a minute of a JVM's life goes by."""


class Sample(NamedTuple):
    """How much was committed at a moment, and the CPU that the workers and the broker had used."""

    at_s: float
    committed: int
    cpu_s: float
    broker_cpu_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Speed:
    """What a group did between two samples."""

    per_s: float
    cpu_us: float
    """CPU microseconds per record, all threads of all workers."""
    broker_cpu_us: float
    """The broker's, whatever it was used for; 0.0 where it is not known."""
    records: int
    """Records between the two: what was committed by the first sample is left out."""
    took_s: float


@dataclass(frozen=True, slots=True)
class Group:
    """The processes that share a topic; `members` of their consumer group."""

    programs: Sequence[Program]
    members: int
    broker_pid: int | None = None

    def check(self) -> None:
        """Raise CommandError when one of them has ended."""
        for program in self.programs:
            program.check()

    def sample(self, committed: int) -> Sample:
        """Take a sample now."""
        used_s = sum(program.cpu_s() for program in self.programs)
        broker_s = cpu_s(self.broker_pid) if self.broker_pid else 0.0
        return Sample(time.monotonic(), committed, used_s, broker_s)


async def sample(
    watch: Watch, group: Group, topic: str, *, begun: int = 0, timeout_s: float
) -> list[Sample]:
    """Sample until the group has committed all that the topic holds now; too late: LateError.

    `begun` is the sum of the committed offsets at the start. What is committed before all members
    are there is left out.
    """
    ends = await watch.ends(topic)
    total = sum(ends.values())
    deadline = time.monotonic() + timeout_s
    samples: list[Sample] = []
    complete = group.members == 1
    with Progress(f"charging {topic}", total) as progress:
        while not samples or samples[-1].committed < total:
            group.check()
            complete = complete or await watch.members() == group.members
            committed = sum((await watch.committed(topic)).values())
            if committed == total and not complete:
                raise LateError(f"{topic}: all charged before {group.members} members were there")
            if committed > begun and complete:
                samples.append(group.sample(committed))
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
    each_us = 1e6 / records
    return Speed(
        per_s=records / took_s,
        cpu_us=(last.cpu_s - first.cpu_s) * each_us,
        broker_cpu_us=(last.broker_cpu_s - first.broker_cpu_s) * each_us,
        records=records,
        took_s=took_s,
    )


def steady(samples: list[Sample]) -> list[Sample]:
    """Return the samples of the middle of a run; all of them where the run is too short for a middle.

    From the first commit on would be too fast: of all partitions at work at that moment, most of the work is done.
    """
    middle = between(samples, *COUNTED)
    return middle if len({each.committed for each in middle}) > 1 else samples


def between(samples: list[Sample], first: float, last: float) -> list[Sample]:
    """Return the samples by which those parts of all records were committed.

    It leaves out at the beginning a runtime that still compiles its code, in the end workers
    that have nothing left to do while others have.
    """
    total = samples[-1].committed
    return [each for each in samples if first * total <= each.committed <= last * total]
