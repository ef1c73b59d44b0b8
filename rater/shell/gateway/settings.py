"""What the gateway is told at its start."""

from dataclasses import dataclass

from rater.kafka.broker import Broker


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """What the gateway works by."""

    broker: Broker
    partitions: int
    concurrency: int
    budget_s: float
    drain_s: float
    session_timeout_s: float
