"""What the gatekeeper is told at its start."""

from dataclasses import dataclass

from rater.core.authorisation.holds import HoldTerms
from rater.kafka.broker import Broker


@dataclass(frozen=True, slots=True, kw_only=True)
class GatekeeperSettings:
    """What the command line gives."""

    broker: Broker
    host: str
    port: int
    metrics_host: str
    metrics_port: int
    stale_after_s: float
    """What is known longer than that ago is not relied on."""
    longest_s: int
    """No call is allowed for longer."""
    holds: HoldTerms

    @property
    def stale_after_ms(self) -> int:
        """Return how long ago what is known may have been known last, as it is compared with the age of the view."""
        return int(self.stale_after_s * 1_000)
