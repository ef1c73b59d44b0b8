"""The play of pools is worth performing at every hour of a month, so a kill loop on its first day proves as much."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.pool_play import PoolPlay, simulated
from tests.e2e.test_pool_kills_kafka import SHORT, has_everything

FIRST = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize("hours", [0, 0.5, 9, 12, 23, 47, 48, 743.9])
def test_every_source_pays_in_two_months_however_new_the_month_is(hours: float) -> None:
    has_everything(simulated(PoolPlay.of(*SHORT, now=FIRST + timedelta(hours=hours))))
