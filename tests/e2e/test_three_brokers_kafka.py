"""Three brokers, every partition three times, acknowledged by two: whichever goes, the money is exact.

kill -9 keeps the page cache: what happens to records when the power of a machine fails is not tested here.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.broker import chosen_broker, own_cluster
from tests.e2e.brokers_stage import TRANSACTIONS, Size, Stage, perform
from tests.e2e.circle_stage import judge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deploy.kafka.cluster import Cluster


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Give a test three brokers of its own, empty."""
    if chosen_broker() is not None:
        pytest.skip("RATER_BROKER is set, and that broker is not ours to kill")
    own = own_cluster()
    try:
        own.start()
        yield own
    finally:
        own.remove()


# Two minutes of CPU: CI has no room for it, `make brokers` has.
@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_the_broker_that_coordinates_transactions_is_killed_under_load_and_nothing_is_lost(
    cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def trouble(stage: Stage) -> None:
        await stage.kill((await stage.leaders(TRANSACTIONS))[0], 1.0)

    played = await perform(cluster, tmp_path, Size(tenants=30, cdrs=6_000, acts=30), trouble)

    judge(played, capsys)


@pytest.mark.slow
@pytest.mark.timeout(1_500)
async def test_brokers_are_killed_then_all_brokers_and_services_restarted_one_after_the_other(
    cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()

    async def trouble(stage: Stage) -> None:
        # Longer than a worker waits for an answer or a group for a member.
        await stage.kill((await stage.leaders(TRANSACTIONS))[0], 20.0)
        await stage.kill((await stage.leaders())[0], 2.0)
        await stage.roll_brokers()
        await stage.roll_services()

    size = Size(tenants=300, cdrs=60_000, acts=150)
    played = await perform(cluster, tmp_path, size, trouble)

    judge(played, capsys)
    print(f"{time.monotonic() - began:.0f} s")
