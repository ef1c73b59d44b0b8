"""The charging worker: its settings, and the app that they make."""

from rater.shell.charging.app import Charging
from rater.shell.process.agent_app import AgentSettings
from rater.shell.process.agent_worker import serve
from rater.shell.process.health import PARTS, Health
from rater.shell.process.metrics import ROOMS, Metrics
from rater.shell.process.settings.worker import WorkerSettings
from topics.roles import CHARGING


async def run(settings: WorkerSettings) -> int:
    """Run a charging worker; return its exit code."""

    def make(partitions: int, metrics: Metrics, health: Health) -> Charging:
        charging = AgentSettings(
            broker=settings.broker,
            partitions=partitions,
            records_per_batch=settings.records_per_batch,
            partitions_at_once=settings.partitions_at_once,
            session_timeout_s=settings.session_timeout_s,
        )
        return Charging(charging, metrics, health)

    return await serve(settings, CHARGING, make, PARTS, ROOMS)
