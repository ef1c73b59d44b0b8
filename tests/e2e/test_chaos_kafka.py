"""A short chaos in each run of the tests; `make chaos` is the long one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.chaos.play import Size, perform
from tests.chaos.schedule import AT_PLACE, BROKER, KILL, Deed, schedule

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.kafka.broker import Broker

DEEDS = 5


@pytest.mark.timeout(600)
async def test_whatever_is_done_to_services_and_broker_the_money_is_right(
    private_broker: Broker, tmp_path: Path
) -> None:
    seed = time.time_ns() % 1_000_000
    deeds = (*schedule(seed, DEEDS), Deed(KILL, BROKER, 0.5), Deed(KILL, "charging", 0.5))
    print(f"\nseed {seed}:", *deeds, sep="\n   ")
    played = await perform(private_broker, tmp_path, deeds, Size(tenants=24, load_tenants=20), seed)

    assert not played.problems, played.problems[:10]
    reached = sum(deed.kind in (KILL, AT_PLACE) for deed in deeds) - len(played.done.not_reached)
    assert played.done.kills.total() == reached >= 2
    assert played.captures
    assert played.mails
