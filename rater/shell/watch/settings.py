"""What the watch is told at its start."""

from typing import ClassVar

from rater.shell.process.settings.declaration import setting
from rater.shell.process.settings.service import ServiceSettings, metrics_port

_STALE_POLLS = 3
_STALE_S_MIN = 15.0


class WatchSettings(ServiceSettings):
    """Of `rater watch`."""

    table: ClassVar[str] = "watch"

    every_s: float = setting(
        5.0, "Seconds from one look at the groups to the next.", low=0.2, high=3_600.0
    )
    exporter_names: bool = setting(
        False,
        "Serve the metric names of kafka_exporter, too: dashboards know them.",
    )
    metrics_port: int = metrics_port(9469)

    @property
    def stale_after_s(self) -> float:
        """Return how old what was seen last may become before it is shown no more."""
        return max(_STALE_POLLS * self.every_s, _STALE_S_MIN)
