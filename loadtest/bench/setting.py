"""The setting of a benchmark: CDRs that are there already, workers, and the proof of the money."""

import asyncio
import os
import platform
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from importlib.metadata import version
from pathlib import Path

from aiokafka.admin import NewTopic

from loadtest import clients, oracle, stage, user_oracle
from loadtest.bench.modules import Results
from loadtest.broker import RunningBroker
from loadtest.drive import publish_cdrs
from loadtest.generate import Workload
from loadtest.plan import Plan
from loadtest.progress import say
from loadtest.rater_command import CommandError, run
from loadtest.sampling import Group, Sample, sample
from loadtest.service import Program, Worker
from loadtest.watch import LateError, watching
from topics.catalog import APP, CDR_RAW

CHARGING_TIMEOUT_S = 600.0


async def preload(broker: RunningBroker, plan: Plan) -> Workload:
    """Set everything up, let a worker open the accounts and leave, then publish the CDRs."""
    say(
        f"   {plan.tenants:,} accounts, {plan.users:,} users each, then {plan.cdrs:,} CDRs before anybody charges"
    )
    stage.create_topics(broker.bootstrap)
    async with watching(broker.bootstrap) as watch:
        await stage.refuse_used(watch, broker.bootstrap)
        stage.load_deck(broker.bootstrap, plan)
        stage.load_plans(broker.bootstrap, plan)
        partitions = len(await watch.ends(CDR_RAW.name))
        workload = Workload(plan, stage.SAMPLE_DECK, partitions)
        with workers(broker, 1) as (worker,):
            await stage.open_accounts(broker.bootstrap, workload, watch, worker)
    await publish_cdrs(broker.bootstrap, workload)
    return workload


async def charge(
    broker: RunningBroker, programs: list[Program], members: int, group: str = APP
) -> list[Sample]:
    """Sample programs that have been started until they have charged what is there."""
    async with watching(broker.bootstrap, group) as watch:
        try:
            each = Group(programs, members, broker.pid)
            return await sample(watch, each, CDR_RAW.name, timeout_s=CHARGING_TIMEOUT_S)
        except LateError as late:
            raise CommandError(f"{late}\n{programs[0].last_lines()}") from late


@contextmanager
def workers(broker: RunningBroker, count: int) -> Iterator[list[Worker]]:
    """Run workers of one group for as long as the context lasts."""
    with tempfile.TemporaryDirectory(prefix="rater-bench-") as folder, ExitStack() as stack:
        logs = [Path(folder) / f"worker-{number}.log" for number in range(count)]
        yield [stack.enter_context(Worker(broker.bootstrap, log)) for log in logs]


@asynccontextmanager
async def target(broker: RunningBroker, name: str) -> AsyncIterator[str]:
    """Give a topic with as many partitions as there are of CDRs; it is deleted again."""
    admin = clients.admin(broker.bootstrap, None)
    try:
        await admin.start()
        async with watching(broker.bootstrap) as watch:
            partitions = len(await watch.ends(CDR_RAW.name))
        await admin.create_topics([NewTopic(name, partitions, 1)])
        yield name
    finally:
        await admin.delete_topics([name])
        await admin.close()


async def money(broker: RunningBroker, workload: Workload) -> Results:
    """Prove the money in two ways; say what is wrong."""
    options = ("--broker", broker.bootstrap)
    done = await asyncio.to_thread(
        run, "reconcile", *options, accepted=(0, 1), timeout_s=CHARGING_TIMEOUT_S
    )
    say(f"   reconciler: {'clean' if done.code == 0 else done.text}")
    found = await oracle.outcomes(broker.bootstrap)
    problems = oracle.compare_outcomes(found, workload.expected)
    folds = await oracle.fold_topic(broker.bootstrap)
    problems += oracle.compare_with_plan(folds, workload.expected)
    problems += await user_oracle.problems(broker.bootstrap, workload.expected)
    say(f"   generator: {'as predicted' if not problems else problems[:10]}")
    pooled = sum(fold.pooled for fold in folds.values())
    if workload.plan.plans != "none":
        say(f"   pools paid at least a second of {pooled:,} calls")
    return {"reconciled": done.code == 0, "as_predicted": not problems, "pooled": pooled}


def circumstances(plan: Plan) -> Results:
    """Return what the figures were taken with."""
    return {
        "cdrs": plan.cdrs,
        "tenants": plan.tenants,
        "seed": plan.seed,
        "plans": plan.plans,
        "users": plan.users,
        "post_paid": plan.post_paid,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "faust": version("faust-streaming"),
        "aiokafka": version("aiokafka"),
    }
