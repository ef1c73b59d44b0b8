"""The stage of months: accounts, their calls and the ledger, and a clock that can be set forward.

The clock is libfaketime's, in the processes that a test starts, the broker's too: what Kafka deletes after months is
deleted because months have passed by its own clock. The test's own clock stays.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loadtest import stage
from loadtest.generate import Workload
from loadtest.plan import Plan
from tests.e2e.broker import consume
from topics import catalog

if TYPE_CHECKING:
    import pytest

    from tests.e2e.broker import Record
    from tests.e2e.charging_fleet import Fleet

TENANTS = 50
CDRS = 200
DAY_MS = 86_400_000
CARRIED = "balance_carried_forward"
_LIBRARIES = (
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
)
"""Where Debian and others put it (`apt-get install faketime`)."""


def library() -> str | None:
    """Return the library that shows another time; None: it is not installed."""
    return next((place for place in _LIBRARIES if Path(place).exists()), None)


def now_ms() -> int:
    """Return the test's own clock."""
    return time.time_ns() // 1_000_000


class Clock:
    """The clock of what is started from now on."""

    def __init__(self, environment: pytest.MonkeyPatch) -> None:
        """Leave it as it is."""
        self._environment = environment
        self.ahead_days = 0

    def set_forward(self, days: int) -> None:
        """Let it be so many days later than it is."""
        place = library()
        assert place is not None
        self.ahead_days = days
        told = {
            "LD_PRELOAD": place,
            "FAKETIME": f"+{days}d",
            # How long something takes is not changed. A JVM's waits, which are by the monotonic clock, are
            # left alone: as libfaketime would mend them they end at once, and a broker does nothing else.
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        }
        for name, value in told.items():
            self._environment.setenv(name, value)

    def now_ms(self) -> int:
        """Return the time by this clock."""
        return now_ms() + self.ahead_days * DAY_MS


def workload(start_ms: int, seed: int) -> Workload:
    """Return calls of some tenants shortly before a time."""
    plan = Plan(start_ms=start_ms, tenants=TENANTS, cdrs=CDRS, seed=seed)
    return Workload(plan, stage.SAMPLE_DECK)


async def entries(bootstrap: str) -> list[tuple[Record, dict[str, Any]]]:
    """Return the ledger, with what each entry says."""
    return [(r, json.loads(r.value or b"")) for r in await consume(bootstrap, catalog.LEDGER.name)]


def months_begun(from_ms: int, until_ms: int) -> list[int]:
    """Return when the months of UTC began that began in a time."""
    first = datetime.fromtimestamp(from_ms / 1_000, UTC)
    number = first.year * 12 + first.month
    found: list[int] = []
    while True:
        begins = datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)
        at_ms = int(begins.timestamp()) * 1_000
        if at_ms > until_ms:
            return found
        found.append(at_ms)
        number += 1


async def carried(fleet: Fleet, since_ms: int = 0, times: int = 1) -> Counter[str]:
    """Wait until all accounts are carried forward so often; return how often each was, in what was written since."""
    for _ in range(300):
        counts = Counter(
            said["tenant_id"]
            for record, said in await entries(fleet.bootstrap)
            if said["kind"] == CARRIED and record.timestamp_ms >= since_ms
        )
        if len(counts) == TENANTS and min(counts.values()) >= times:
            return counts
        await asyncio.sleep(0.2)
    raise AssertionError(f"{len(counts)} of {TENANTS} carried forward\n{fleet.report()}")


async def nothing(_topic: str) -> None:
    """Wait for nobody between topics of commands."""
