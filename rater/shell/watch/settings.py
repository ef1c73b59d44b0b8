"""What the watch is told at its start."""

from dataclasses import dataclass

from rater.kafka.broker import Broker

_STALE_POLLS = 3
_STALE_S_MIN = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """What the command line gives."""

    broker: Broker
    every_s: float
    """From the beginning of one look at the groups to that of the next."""
    exporter_names: bool
    """Whether the families of kafka_exporter are served, too."""
    metrics_host: str
    metrics_port: int

    @property
    def stale_after_s(self) -> float:
        """Return how old what was seen last may become before it is shown no more."""
        return max(_STALE_POLLS * self.every_s, _STALE_S_MIN)
