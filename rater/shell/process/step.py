"""What the steps of both workers share: the open transaction, how a broken invariant ends, and what is counted."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

from rater.batch.charging.decision import Records
from rater.shell.process.health import Health
from rater.shell.process.metrics import Metrics

logger = logging.getLogger(__name__)


class OpenStep(Protocol):
    """What a step needs of an open transaction (`rater.shell.stream.transactions.Step`)."""

    def send_nowait(self, topic: str, partition: int, records: Records) -> Any:
        """Start to write."""

    async def send(self, topic: str, partition: int, records: Records) -> Sequence[int]:
        """Write, and return the offsets."""

    async def commit(self, next_offset: int | None = None) -> None:
        """Make it all visible at once."""


def halt(
    transactions: Any, metrics: Metrics, health: Health, partition: int, broken: AssertionError
) -> None:
    """Halt a partition for a broken invariant: metric, log, not ready; its neighbours go on (D9)."""
    logger.critical("partition %d: a broken invariant", partition, exc_info=broken)
    metrics.invariant_violated("engine")
    health.halt(partition, str(broken)[:500])
    transactions.halt(partition, str(broken)[:500])


def outcomes_of(counts: Mapping[str, int]) -> dict[tuple[str, str], int]:
    """Return counts by outcome and reason, of counts by `outcome` or `outcome.reason`."""
    parts = {tuple(name.partition(".")[::2]): count for name, count in counts.items()}
    return cast("dict[tuple[str, str], int]", parts)
