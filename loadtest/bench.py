"""The benchmark: one worker on a real Kafka against two references, in one run on one machine.

`python -m loadtest.bench` is what `make bench` runs. It measures

1. the core alone, without Kafka (`tests.bench_core`, in a process of its own);
2. a plain aiokafka pass-through: read, parse, encode, write, no transactions;
3. one worker end to end on CDRs that are there already, from its first to its last committed batch;
4. a plain per-event Faust agent, on fewer records;

and then proves the money: the reconciler, and the generator's own account of what must come out.
The last line is one JSON object. Exit code 0: measured, and the money is right.
"""

import argparse
import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from loadtest import oracle, stage
from loadtest.broker import ROOT, RunningBroker, running_broker
from loadtest.drive import publish_cdrs
from loadtest.generate import Workload
from loadtest.plan import Plan
from loadtest.progress import say
from loadtest.rater_command import CommandError, now_ms, run
from loadtest.sampling import Group, Speed, sample, speed
from loadtest.service import Worker
from loadtest.watch import LateError, watching
from topics.catalog import CDR_RAW

CORE_CDRS_MAX = 200_000
FAUST_CDRS_MAX = 15_000
CHARGING_TIMEOUT_S = 600.0
_PROCESS_TIMEOUT_S = 600.0
_PASSED = "reference.passthrough"
_FAUST = "reference.faust"

_CHECKS = ("money_ok", "reconciled", "as_predicted")

Results = dict[str, Any]


def bench_core(plan: Plan) -> Results:
    """Measure the core alone; a wrong sum is a CommandError."""
    cdrs = min(plan.cdrs, CORE_CDRS_MAX)
    options = ("--cdrs", cdrs, "--tenants", plan.tenants, "--seed", plan.seed)
    return _json_of("tests.bench_core", *map(str, options))


async def bench(plan: Plan) -> Results:
    """Measure everything; return the results."""
    say("1. core alone")
    core = bench_core(plan)
    say(f"   {core['core_us_per_cdr']} us of CPU per CDR; compiled: {core['compiled']}")
    with running_broker("bench") as broker:
        results = {name: core[name] for name in ("core_us_per_cdr", "compiled")}
        workload = await _preload(broker, plan)
        say("3. reference: plain aiokafka pass-through")
        passed = await _reference(broker, "passthrough", _PASSED, plan.cdrs)
        say(f"   {_told(passed)}")
        say("4. one worker, everything on")
        measured = await _worker(broker)
        say(f"   {measured.per_s:,.0f} CDRs/s, {measured.cpu_us:.1f} us of CPU each")
        say("5. reference: plain Faust, one event at a time")
        plain = await _reference(broker, "plain_faust", _FAUST, min(plan.cdrs, FAUST_CDRS_MAX))
        say(f"   {_told(plain)}")
        say("6. the money")
        return {
            **results,
            "worker_cdrs_per_s": round(measured.per_s),
            "passthrough_per_s": round(passed["per_s"]),
            "plain_faust_per_s": round(plain["per_s"]),
            "worker_cpu_us_per_cdr": round(measured.cpu_us, 2),
            "worker_to_passthrough": round(measured.per_s / passed["per_s"], 3),
            "passthrough_cpu_us_per_cdr": round(passed["cpu_us"], 2),
            **await _money(broker, workload),
            **_circumstances(plan),
        }


async def _preload(broker: RunningBroker, plan: Plan) -> Workload:
    """Set everything up, let a worker open the accounts and leave, then publish the CDRs."""
    say(f"2. {plan.tenants:,} accounts, then {plan.cdrs:,} CDRs before the worker starts")
    stage.create_topics(broker.bootstrap)
    async with watching(broker.bootstrap) as watch:
        await stage.refuse_used(watch, broker.bootstrap)
        stage.load_deck(broker.bootstrap, plan)
        partitions = len(await watch.ends(CDR_RAW.name))
        workload = Workload(plan, stage.SAMPLE_DECK, partitions)
        with _worker_process(broker) as worker:
            await stage.open_accounts(broker.bootstrap, workload, watch, worker)
    await publish_cdrs(broker.bootstrap, workload)
    return workload


async def _worker(broker: RunningBroker) -> Speed:
    """Let one worker charge what is there; return its speed in steady state."""
    async with watching(broker.bootstrap) as watch:
        with _worker_process(broker) as worker:
            try:
                group = Group([worker], 1, broker.pid)
                samples = await sample(watch, group, CDR_RAW.name, timeout_s=CHARGING_TIMEOUT_S)
            except LateError as late:
                raise CommandError(f"{late}\n{worker.last_lines()}") from late
    return speed(samples)


@contextmanager
def _worker_process(broker: RunningBroker) -> Iterator[Worker]:
    """Run a worker for as long as the context lasts."""
    with (
        tempfile.TemporaryDirectory(prefix="rater-bench-") as folder,
        Worker(broker.bootstrap, Path(folder) / "worker.log") as worker,
    ):
        yield worker


async def _reference(broker: RunningBroker, name: str, target: str, records: int) -> Results:
    """Run a reference to a topic of its own, which is deleted again."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    try:
        async with watching(broker.bootstrap) as watch:
            partitions = len(await watch.ends(CDR_RAW.name))
        await admin.create_topics([NewTopic(target, partitions, 1)])
        where = ("--broker", broker.bootstrap, "--source", CDR_RAW.name, "--target", target)
        return _json_of(f"loadtest.references.{name}", *where, "--records", str(records))
    finally:
        await admin.delete_topics([target])
        await admin.close()


async def _money(broker: RunningBroker, workload: Workload) -> Results:
    """Prove the money in two ways; say what is wrong."""
    done = run("reconcile", "--broker", broker.bootstrap, accepted=(0, 1), timeout_s=600.0)
    say(f"   reconciler: {'clean' if done.code == 0 else done.text}")
    found = await oracle.outcomes(broker.bootstrap)
    problems = oracle.compare_outcomes(found, workload.expected)
    folds = await oracle.fold_topic(broker.bootstrap)
    problems += oracle.compare_with_plan(folds, workload.expected)
    say(f"   generator: {'as predicted' if not problems else problems[:10]}")
    return {"reconciled": done.code == 0, "as_predicted": not problems}


def _circumstances(plan: Plan) -> Results:
    return {
        "cdrs": plan.cdrs,
        "tenants": plan.tenants,
        "seed": plan.seed,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "faust": version("faust-streaming"),
        "aiokafka": version("aiokafka"),
    }


def _told(result: Results) -> str:
    return f"{result['per_s']:,.0f} records/s, {result['cpu_us']:.1f} us of CPU each"


def _json_of(module: str, *arguments: str) -> Results:
    """Run a module in a process of its own; return the JSON of its last line."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_PROCESS_TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        said = "\n".join([*done.stdout.splitlines()[-5:], *done.stderr.splitlines()[-20:]])
        raise CommandError(f"{module}: exit code {done.returncode}\n{said}")
    results: Results = json.loads(stage.last_line(done.stdout))
    return results


def _table(results: Results) -> None:
    say()
    for name, value in results.items():
        shown = f"{value:,}" if type(value) in {int, float} else str(value)
        say(f"{name:<28} {shown:>14}")
    say()


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.bench", description=__doc__)
    parser.add_argument("--cdrs", type=int, default=600_000)
    parser.add_argument("--tenants", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--core-only", action="store_true", help="without Kafka")
    asked = parser.parse_args(arguments)
    plan = Plan(start_ms=now_ms(), seed=asked.seed, tenants=asked.tenants, cdrs=asked.cdrs)
    try:
        results = bench_core(plan) if asked.core_only else asyncio.run(bench(plan))
    except (CommandError, LateError) as error:
        say(f"failed: {error}")
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        say("stopped; nothing is left running")
        return 130
    _table(results)
    say(json.dumps(results))
    return 0 if all(results.get(check, True) for check in _CHECKS) else 1


if __name__ == "__main__":
    sys.exit(main())
