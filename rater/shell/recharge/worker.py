"""The recharge worker: a process of its own, so that a stuck recharge never stops charging (D15)."""

from rater.shell.process.agent_app import AgentSettings
from rater.shell.process.agent_worker import serve
from rater.shell.process.health import Health
from rater.shell.process.metrics import ROOMS, Metrics
from rater.shell.process.settings.worker import WorkerSettings
from rater.shell.recharge.app import PARTS, Recharging
from topics.roles import RECHARGE


async def run(settings: WorkerSettings) -> int:
    """Run a recharge worker; return its exit code."""

    def make(partitions: int, metrics: Metrics, health: Health) -> Recharging:
        recharge = AgentSettings(
            broker=settings.broker,
            partitions=partitions,
            records_per_batch=settings.records_per_batch,
            partitions_at_once=settings.partitions_at_once,
            session_timeout_s=settings.session_timeout_s,
        )
        return Recharging(recharge, metrics, health)

    return await serve(settings, RECHARGE, make, PARTS, ROOMS[:1])
