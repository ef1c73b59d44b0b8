"""Standard: the run that `make load` makes: one worker as fast as it goes, the money, then latency by a schedule."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, NamedTuple

from loadtest.bench.setting import charge, preload, workers
from loadtest.broker import RunningBroker, running_broker
from loadtest.latency import measure
from loadtest.loads.auditing import audit
from loadtest.loads.folder import knobs
from loadtest.monitor import Monitor
from loadtest.open_loop import Load
from loadtest.progress import say
from loadtest.rater_command import CommandError, now_ms, run
from loadtest.runs.circumstances import circumstances
from loadtest.runs.record import FORMAT, Charging, Latency, Money, Run
from loadtest.sampling import speed, steady
from loadtest.watch import watching

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtest.generate import Workload
    from loadtest.plan import Plan

_RECONCILE_TIMEOUT_S = 1_800.0
_TOLD_MAX = 20


class Standard(NamedTuple):
    """What is to be measured."""

    plan: Plan
    seconds: float
    """Of latency, behind a warm-up; 0: none is measured."""
    share: float
    """Of what the machine was found to charge beside the generator: so much is offered."""
    rate_per_s: float
    """Offered instead; 0: that share."""
    words: Sequence[str]
    """The command."""


async def perform(asked: Standard) -> Run:
    """Measure; the brokers are its own, and nothing is left running. CommandError or LateError where it cannot."""
    if os.environ.get("RATER_BROKER"):
        raise CommandError("RATER_BROKER: a run starts brokers of its own, unset it")
    about = circumstances(asked.words, asked.plan.seed)
    say("one worker, as fast as it goes")
    with running_broker("load") as broker:
        workload = await preload(broker, asked.plan)
        charging = await _charging(broker, asked.plan.cdrs)
        say("the money")
        money = await _money(broker, workload)
    return Run(
        FORMAT,
        about,
        knobs(asked.plan),
        charging,
        money,
        await _latency(asked) if asked.seconds else None,
    )


async def _charging(broker: RunningBroker, cdrs: int) -> Charging:
    with workers(broker, 1) as one:
        pids = {"worker": one[0].pid, "broker": broker.pid}
        async with watching(broker.bootstrap) as watch, Monitor(watch, pids) as monitor:
            found = speed(steady(await charge(broker, [*one], 1)))
    say(
        f"   {found.per_s:,.0f} CDRs/s, {found.cpu_us:.1f} us of CPU each, the broker {found.broker_cpu_us:.1f} more"
    )
    return Charging(
        cdrs,
        found.per_s,
        found.cpu_us,
        found.broker_cpu_us,
        found.records,
        found.took_s,
        broker.disk_bytes(),
        monitor.samples,
    )


async def _money(broker: RunningBroker, workload: Workload) -> Money:
    """Hold the topics against what the load must lead to, and let `rater reconcile` prove them by themselves."""
    done = await asyncio.to_thread(
        run,
        "reconcile",
        "--broker",
        broker.bootstrap,
        accepted=(0, 1),
        timeout_s=_RECONCILE_TIMEOUT_S,
    )
    is_reconciled = done.code == 0
    say(f"   reconciler: {'clean' if is_reconciled else done.text}")
    found = await audit(broker.bootstrap, workload.expected)
    for line in found.lines():
        say(f"   {line}")
    return Money(
        sum(found.money_error_micros.values()),
        found.tenants,
        len(found.money_error_micros),
        found.entries,
        dict(found.outcomes),
        list(found.problems[:_TOLD_MAX]),
        is_reconciled,
    )


async def _latency(asked: Standard) -> Latency:
    """Measure on a broker of its own: accounts of probes are opened beforehand."""
    say(f"latency, {asked.seconds:g} s by a schedule")
    load = Load(
        start_ms=now_ms(),
        rate_per_s=asked.rate_per_s,
        seconds=asked.seconds,
        tenants=asked.plan.tenants,
        seed=asked.plan.seed,
    )
    found = await measure(load, asked.share)
    return Latency(found.results, found.measured_from_s, found.timings, found.samples)
