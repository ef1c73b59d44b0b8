"""One worker on a real Kafka against two references, in one run on one machine.

It measures

1. the core alone, without Kafka (`tests.bench_core`, in a process of its own);
2. a plain aiokafka pass-through: read, parse, encode, write, no transactions;
3. one worker end to end on CDRs that are there already, while it is steady;
4. a plain per-event Faust agent, on fewer records;

and then proves the money: the reconciler, and the generator's own account of what must come out.
"""

from dataclasses import replace

from loadtest.bench.modules import Results, results_of
from loadtest.bench.plans import words
from loadtest.bench.setting import charge, circumstances, money, preload, target, workers
from loadtest.broker import RunningBroker, running_broker
from loadtest.plan import Plan
from loadtest.progress import say
from loadtest.sampling import speed, steady
from topics.catalog import CDR_RAW

CORE_CDRS_MAX = 200_000
FAUST_CDRS_MAX = 15_000
_STEPS = {"passthrough": 3, "plain_faust": 5}


def measure_core(plan: Plan) -> Results:
    """Measure the core alone; a wrong sum is a CommandError."""
    cdrs = min(plan.cdrs, CORE_CDRS_MAX)
    return results_of("tests.bench_core", *words(replace(plan, cdrs=cdrs)))


async def measure(plan: Plan, *, worker_only: bool = False) -> Results:
    """Measure everything, or the worker alone; return the results."""
    results: Results = {} if worker_only else _core(plan)
    with running_broker("bench") as broker:
        say("2. Kafka")
        workload = await preload(broker, plan)
        passed = None if worker_only else await _reference(broker, "passthrough", plan.cdrs)
        say("4. one worker, everything on")
        with workers(broker, 1) as one:
            measured = speed(steady(await charge(broker, [*one], 1)))
        counted = f"counted: {measured.records:,} in {measured.took_s:.1f} s"
        say(f"   {measured.per_s:,.0f} CDRs/s, {measured.cpu_us:.1f} us of CPU each; {counted}")
        results |= {
            "worker_counted_cdrs": measured.records,
            "worker_counted_s": round(measured.took_s, 2),
            "worker_cdrs_per_s": round(measured.per_s),
            "worker_cpu_us_per_cdr": round(measured.cpu_us, 2),
            "broker_cpu_us_per_cdr": round(measured.broker_cpu_us, 2),
        }
        if passed is not None:
            records = min(plan.cdrs, FAUST_CDRS_MAX)
            plain = await _reference(broker, "plain_faust", records)
            results |= {
                "passthrough_per_s": round(passed["per_s"]),
                "plain_faust_per_s": round(plain["per_s"]),
                "worker_to_passthrough": round(measured.per_s / passed["per_s"], 3),
                "passthrough_cpu_us_per_cdr": round(passed["cpu_us"], 2),
            }
        say("6. the money")
        return {**results, **await money(broker, workload), **circumstances(plan)}


def _core(plan: Plan) -> Results:
    # Without corrections: the core alone has no ledger to read originals from.
    say("1. core alone")
    core = measure_core(replace(plan, corrections=0.0))
    mean, p20 = core["core_us_per_cdr"], core["core_p20_us_per_cdr"]
    compiled = core["compiled"]
    say(f"   {mean} us of CPU per CDR, 20th percentile of batches {p20}; compiled: {compiled}")
    return {"core_us_per_cdr": mean, "core_p20_us_per_cdr": p20, "compiled": compiled}


async def _reference(broker: RunningBroker, name: str, records: int) -> Results:
    """Run a reference to a topic of its own."""
    say(f"{_STEPS[name]}. reference: {name}")
    async with target(broker, f"reference.{name}") as topic:
        where = ("--broker", broker.bootstrap, "--source", CDR_RAW.name, "--target", topic)
        found = results_of(f"loadtest.references.{name}", *where, "--records", str(records))
    say(f"   {found['per_s']:,.0f} records/s, {found['cpu_us']:.1f} us of CPU each")
    return found
