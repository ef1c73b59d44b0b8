"""Monitor: what processes use of the machine, and how far charging is behind, twice a second."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from loadtest.rater_command import cpu_s
from topics.catalog import CDR_RAW

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loadtest.watch import Watch

EVERY_S = 0.5
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Sample(msgspec.Struct, frozen=True):
    """What was seen at a moment."""

    at_s: float
    """Seconds since 1970 UTC."""
    charged: int
    """CDRs that the group has committed; markers of transactions count for some."""
    lag: int
    """CDRs that it has not."""
    cores: dict[str, float]
    """By process: how many cores it has used since the sample before."""
    rss_bytes: dict[str, int]
    """By process: the memory that it holds."""


class Monitor:
    """Takes samples while its context lasts; what cannot be read any more ends it, and nobody is told."""

    def __init__(self, watch: Watch, pids: Mapping[str, int | None]) -> None:
        """Name the processes; None: that one is not known, and left out."""
        self.samples: list[Sample] = []
        self._watch = watch
        self._pids = {name: pid for name, pid in pids.items() if pid is not None}
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin."""
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        began_s = before_s = time.monotonic()
        epoch_s = time.time() - began_s
        used = self._used()
        while True:
            # By the clock of the beginning: a slow look does not shift those behind it.
            await asyncio.sleep(EVERY_S - (time.monotonic() - began_s) % EVERY_S)
            ends = await self._watch.ends(CDR_RAW.name)
            committed = await self._watch.committed(CDR_RAW.name)
            now_s, now = time.monotonic(), self._used()
            took_s = max(now_s - before_s, 1e-9)
            charged = sum(min(committed.get(part, 0), end) for part, end in ends.items())
            self.samples.append(
                Sample(
                    round(epoch_s + now_s, 3),
                    charged,
                    sum(ends.values()) - charged,
                    {name: round((now[name] - used[name]) / took_s, 3) for name in now},
                    {name: rss_bytes(pid) for name, pid in self._pids.items()},
                )
            )
            before_s, used = now_s, now

    def _used(self) -> dict[str, float]:
        return {name: cpu_s(pid) for name, pid in self._pids.items()}


def rss_bytes(pid: int) -> int:
    """Return the memory that a process holds; 0 where /proc is missing."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0
