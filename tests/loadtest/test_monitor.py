"""The monitor: what a process uses, and how far charging is behind, while its context lasts."""

import asyncio
import os
import time
from typing import Any, cast

from loadtest.monitor import EVERY_S, Monitor, rss_bytes


class Watch:
    """Two partitions, of which one has not been committed."""

    async def ends(self, _topic: str) -> dict[int, int]:
        return {0: 100, 1: 50}

    async def committed(self, _topic: str) -> dict[int, int]:
        return {0: 103}


async def test_samples_are_taken_until_the_end() -> None:
    before = time.time()
    async with Monitor(cast("Any", Watch()), {"me": os.getpid(), "nobody": None}) as monitor:
        await asyncio.sleep(0)
        begin = time.process_time()
        while time.process_time() - begin < EVERY_S / 5:
            pass
        await asyncio.sleep(2.5 * EVERY_S)
    count = len(monitor.samples)
    await asyncio.sleep(1.2 * EVERY_S)

    assert len(monitor.samples) == count >= 2
    first = monitor.samples[0]
    assert (first.charged, first.lag) == (100, 50)
    assert set(first.cores) == set(first.rss_bytes) == {"me"}
    assert first.cores["me"] > 0.05
    assert first.rss_bytes["me"] > 10 << 20
    assert before <= first.at_s <= time.time()


def test_a_process_that_is_gone_holds_nothing() -> None:
    assert rss_bytes(2**22 + 5) == 0
