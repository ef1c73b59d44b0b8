"""`loadtest plan`: what so many CDRs a day need, and ten and a hundred times as many."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from loadtest.capacity.costs import IDS_A_PARTITION, Costs, CostsError, costs_of
from loadtest.capacity.model import (
    FOLLOWER_SHARE,
    PARTITIONS_A_WORKER,
    Demand,
    Sizing,
    sizing,
)
from loadtest.replay.numbers import decimal, whole
from loadtest.runs.record import FILE, RecordError, read
from loadtest.runs.run_command import RESULTS

TIMES = (1, 10, 100)
_GIB, _MB, _TB = 1 << 30, 1e6, 1e12


class CannotPlanError(click.ClickException):
    """It could not be worked out; exit code 2."""

    exit_code = 2


@click.command()
@click.option("--cdrs-per-day", required=True, type=decimal(1, 1e13), metavar="N",
              help="As 5000000000 or 5e9.")  # fmt: skip
@click.option("--run", "path", type=click.Path(dir_okay=False, path_type=Path), default=RESULTS / FILE,
              show_default=True, metavar="JSON", help="What a CDR costs, from `loadtest run`.")  # fmt: skip
@click.option("--busy-hour", "busy_hour_pct", type=decimal(100 / 24, 100), default=8.5, show_default=True,
              metavar="PERCENT", help="Of a day's CDRs: those of its busiest hour.")  # fmt: skip
@click.option("--burst", type=decimal(1, 100), default=1.5, show_default=True, metavar="X",
              help="Its busiest seconds are so many times as busy as it is.")  # fmt: skip
@click.option("--tenants", type=whole(1, 10**9), default=1_000, show_default=True, metavar="N",
              help="Accounts.")  # fmt: skip
@click.option("--largest", "largest_pct", type=decimal(0, 100), default=1.0, show_default=True, metavar="PERCENT",
              help="Of all CDRs: those of the largest tenant.")  # fmt: skip
@click.option("--window-days", type=whole(3, 7), default=7, show_default=True, metavar="N",
              help="So long a CDR is remembered.")  # fmt: skip
@click.option("--replicas", type=whole(1, 9), default=3, show_default=True, metavar="N",
              help="Of each partition.")  # fmt: skip
@click.option("--cores-a-broker", type=whole(1, 1024), default=8, show_default=True, metavar="N",
              help="Of the machines of Kafka.")  # fmt: skip
@click.option("--use", "use_pct", type=decimal(1, 100), default=50.0, show_default=True, metavar="PERCENT",
              help="No more of a core is used in the busiest seconds.")  # fmt: skip
def plan(path: Path, **given: Any) -> None:
    """Say how many workers, partitions, brokers, disks and how much network so many CDRs a day need.

    From what one was measured to cost on your machine (`loadtest run`), by arithmetic that is told with its
    assumptions; beside it 10 and 100 times as many, and what gives way first. The last line is one JSON object.
    """
    try:
        costs = costs_of(read(path))
    except (RecordError, CostsError) as error:
        raise CannotPlanError(f"{error}; `loadtest run` (make load) writes one") from error
    demand = Demand(**given)
    found = [sizing(demand.times(factor), costs) for factor in TIMES]
    for line in _lines(found, demand, costs):
        click.echo(line)
    click.echo(json.dumps({"demand": asdict(demand), "sizing": asdict(found[0])}))


def _lines(found: list[Sizing], demand: Demand, costs: Costs) -> list[str]:
    rows = [
        ("CDRs a day", [f"{demand.cdrs_per_day * factor:,.0f}" for factor in TIMES]),
        ("a second, at the busiest", [f"{each.peak_per_s:,.0f}" for each in found]),
        ("workers", [f"{each.workers:,}" for each in found]),
        ("partitions", [f"{each.partitions:,}" for each in found]),
        ("memory of a worker, GiB", [f"{each.worker_memory_bytes / _GIB:,.1f}" for each in found]),
        ("until a worker is ready, s", [f"{each.recovery_s:,.0f}" for each in found]),
        ("brokers", [f"{each.brokers:,}" for each in found]),
        ("cores of all brokers", [f"{each.broker_cores:,.1f}" for each in found]),
        ("disks of all brokers, TB", [f"{each.disk_bytes / _TB:,.1f}" for each in found]),
        ("network, MB/s", [f"{each.network_bytes_per_s / _MB:,.0f}" for each in found]),
        ("largest tenant, % of a core", [f"{each.largest_use_pct:,.0f}" for each in found]),
    ]
    width = max(len(cell) for _, cells in rows for cell in cells)
    told = [f"{name:<28}" + "".join(f"  {cell:>{width}}" for cell in cells) for name, cells in rows]
    for factor, each in zip(TIMES, found, strict=True):
        told += [f"at {factor} times: {limit}" for limit in each.limits]
    return [*told, *_assumptions(demand, costs)]


def _assumptions(demand: Demand, costs: Costs) -> list[str]:
    return [
        "assumed:",
        (
            f"  a CDR costs {costs.worker_us:.1f} us of a worker, {costs.broker_us:.1f} us of a broker,"
            f" {costs.written_bytes:,.0f} bytes of a disk, as it was measured, on whatever machine"
        ),
        (
            f"  the busiest hour: {demand.busy_hour_pct:g} % of a day, its busiest seconds {demand.burst:g} times it,"
            f" then {demand.use_pct:g} % of each core is used"
        ),
        f"  a worker is one process and uses one core; {PARTITIONS_A_WORKER} partitions a worker, in powers of two,",
        f"  and one for each {IDS_A_PARTITION:,} CDRs that are remembered",
        f"  a broker that follows takes {FOLLOWER_SHARE:g} of the CPU of the one that leads",
        "  topics keep what the catalog says; those that keep the last value of a key are small",
        "  10 times as many CDRs are of 10 times as many tenants, and the largest keeps its share",
    ]
