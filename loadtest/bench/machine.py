"""The whole machine: N workers of one group, then Kafka Streams with N threads on the same CDRs.

Both charge what is there already, with the broker beside them. Counted is from the moment when a
part of the CDRs is charged and all members are there until most are: at the beginning the JVM
still compiles its code, in the end some partitions are done before others.
Kafka Streams does less (`loadtest/references/kafka_streams` says what).
"""

import tempfile
from pathlib import Path

from loadtest import stage
from loadtest.bench.modules import Results
from loadtest.bench.setting import charge, circumstances, money, preload, target, workers
from loadtest.broker import RunningBroker, running_broker
from loadtest.generate import Workload
from loadtest.plan import Plan
from loadtest.progress import say
from loadtest.references import streams
from loadtest.sampling import Sample, Speed, speed, steady


async def measure(plan: Plan, count: int) -> Results:
    """Measure both; return the results."""
    with running_broker("bench") as broker:
        say("1. Kafka")
        workload = await preload(broker, plan)
        say(f"2. {count} workers, everything on")
        with workers(broker, count) as several:
            ours = _counted(await charge(broker, [*several], count))
        say(f"3. reference: Kafka Streams, {count} threads; it does less")
        theirs, right = await _streams(broker, workload, count)
        say("4. the money")
        return {
            "workers": count,
            **_named("workers", ours),
            **_named("streams", theirs),
            "workers_to_streams": round(ours.per_s / theirs.per_s, 3),
            "cpu_workers_to_streams": round(ours.cpu_us / theirs.cpu_us, 3),
            "streams_as_predicted": right,
            **await money(broker, workload),
            **circumstances(plan),
        }


async def _streams(broker: RunningBroker, workload: Workload, count: int) -> tuple[Speed, bool]:
    """Let Kafka Streams charge; return its speed, and whether its balances are right."""
    async with target(broker, streams.CHARGES):
        with (
            tempfile.TemporaryDirectory(prefix="rater-bench-") as folder,
            streams.Streams(broker.bootstrap, stage.SAMPLE_DECK, Path(folder), count) as program,
        ):
            counted = _counted(await charge(broker, [program], count, streams.APPLICATION))
        found = await streams.balances(broker.bootstrap)
        wrong = streams.differences(found, streams.predict(workload, stage.SAMPLE_DECK))
    say(f"   balances: {'as predicted' if not wrong else wrong[:10]}")
    return counted, not wrong


def _counted(samples: list[Sample]) -> Speed:
    counted = speed(steady(samples))
    say(
        f"   {counted.per_s:,.0f} CDRs/s, {counted.cpu_us:.1f} us of CPU each,"
        f" the broker {counted.broker_cpu_us:.1f} more"
    )
    return counted


def _named(who: str, counted: Speed) -> Results:
    return {
        f"{who}_cdrs_per_s": round(counted.per_s),
        f"{who}_cpu_us_per_cdr": round(counted.cpu_us, 2),
        f"{who}_broker_cpu_us_per_cdr": round(counted.broker_cpu_us, 2),
        f"{who}_counted_cdrs": counted.records,
        f"{who}_counted_s": round(counted.took_s, 2),
    }
