"""The charging worker: its settings, and the app that they make."""

from dataclasses import dataclass

from rater.core.limits import UNIT_MICROS
from rater.shell.agent_worker import WorkerSettings, serve
from rater.shell.charging import Charging, ChargingSettings
from rater.shell.health import PARTS, Health
from rater.shell.metrics import Metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingWorkerSettings(WorkerSettings):
    """What the command line gives."""

    window_days: int
    recharge_minimum: int
    """Least amount, target and trigger of a recharge, in whole units of the currency."""


async def run(settings: ChargingWorkerSettings) -> int:
    """Run a charging worker; return its exit code."""

    def make(partitions: int, metrics: Metrics, health: Health) -> Charging:
        charging = ChargingSettings(
            broker=settings.broker,
            partitions=partitions,
            records_per_batch=settings.records_per_batch,
            session_timeout_s=settings.session_timeout_s,
            window_days=settings.window_days,
            recharge_minimum_micros=settings.recharge_minimum * UNIT_MICROS,
        )
        return Charging(charging, metrics, health)

    return await serve(settings, make, PARTS)
