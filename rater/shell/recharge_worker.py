"""The recharge worker: a process of its own, so that a stuck recharge never stops charging (D15)."""

from rater.shell.agent_app import AgentSettings
from rater.shell.agent_worker import WorkerSettings, serve
from rater.shell.health import Health
from rater.shell.metrics import ROOMS, Metrics
from rater.shell.recharging import PARTS, Recharging


async def run(settings: WorkerSettings) -> int:
    """Run a recharge worker; return its exit code."""

    def make(partitions: int, metrics: Metrics, health: Health) -> Recharging:
        recharge = AgentSettings(
            broker=settings.broker,
            partitions=partitions,
            records_per_batch=settings.records_per_batch,
            session_timeout_s=settings.session_timeout_s,
        )
        return Recharging(recharge, metrics, health)

    return await serve(settings, make, PARTS, ROOMS[:1])
