"""Views for the tests of what is made of one."""

from rater.shell.watch.lag import Lag, Offsets
from rater.shell.watch.observer import GroupLag, Look

BEHIND = Lag(6, 7.0)


def group_lag(
    partition: int = 0,
    committed: int | None = 4,
    lag: Lag = BEHIND,
    start: int = 0,
    topic: str = "cdr.raw.v1",
) -> GroupLag:
    """Return how far charging is in a partition that ends at 12, and may be read up to 10."""
    return GroupLag("rater-charging", topic, partition, Offsets(committed, start, 10, 12), lag)


def look_of(*lags: GroupLag, members: int = 2) -> Look:
    """Return a look of charging alone."""
    return Look(lags=list(lags), members={"rater-charging": members})
